import fc from "fast-check";
import { isIP } from "node:net";
import { expect, test } from "vitest";
import {
  addressClassOf,
  canonicalAddress,
  carriedAddress,
  holderOf,
  type AddressClass,
} from "./address-class.ts";

test.each<[string, AddressClass]>([
  ["1.1.1.1", "public"],
  ["93.184.216.34", "public"],
  ["2606:4700::1111", "public"],
  ["10.0.0.5", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "private"],
  ["198.18.0.7", "private"],
  ["240.0.0.1", "private"],
  ["fd12:3456::1", "private"],
  ["2001:db8::1", "private"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["::1", "loopback"],
  ["169.254.1.1", "link-local"],
  ["fe80::1", "link-local"],
  ["fe80::1%eth0", "link-local"],
  ["169.254.169.254", "metadata"],
  ["169.254.170.2", "metadata"],
  ["100.100.100.200", "metadata"],
  ["168.63.129.16", "metadata"],
  ["fd00:ec2::254", "metadata"],
  ["FD00:0EC2:0:0:0:0:0:254", "metadata"],
  ["0.0.0.0", "never"],
  ["0.1.2.3", "never"],
  ["::", "never"],
  ["224.0.0.251", "never"],
  ["255.255.255.255", "never"],
  ["ff02::fb", "never"],
  ["localhost", "never"],
  ["", "never"],
  ["0x7f000001", "never"],
  ["2130706433", "never"],
  // What carries an IPv4 address has its class.
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:7f00:1", "loopback"],
  ["::ffff:1.1.1.1", "public"],
  ["::ffff:169.254.169.254", "metadata"],
  ["::127.0.0.1", "loopback"],
  ["::ffff:0:10.0.0.1", "private"],
  ["64:ff9b::127.0.0.1", "loopback"],
  ["64:ff9b::a9fe:a9fe", "metadata"],
  ["64:ff9b::1.1.1.1", "public"],
  ["64:ff9b:1::10.0.0.1", "private"],
  ["2002:7f00:1::", "loopback"],
  ["2002:a00:1::1", "private"],
  ["2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"],
])("%s is %s", (address, expected) => {
  expect(addressClassOf(address)).toBe(expected);
});

test("an address has one way to be written", () => {
  expect(canonicalAddress("2001:DB8:0:0::1")).toBe("2001:db8::1");
  expect(canonicalAddress("::ffff:0a00:0001")).toBe("10.0.0.1");
  expect(canonicalAddress("fe80::1%lo")).toBe("fe80::1");
  expect(canonicalAddress("010.0.0.1")).toBeUndefined();
  expect(canonicalAddress("example.com")).toBeUndefined();
});

test.each(["::", "::1", "2606:4700::1", "127.0.0.1", "x"])("%s carries no address", (address) => {
  expect(carriedAddress(address)).toBeUndefined();
});

test("every way to carry an IPv4 address has that address's class", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const hex = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
      const groups = `${hex[0]!}${hex[1]!}:${hex[2]!}${hex[3]!}`;
      const expected = addressClassOf(address);
      expect(addressClassOf(`::ffff:${groups}`)).toBe(expected);
      expect(addressClassOf(`64:ff9b::${groups}`)).toBe(expected);
      expect(carriedAddress(`2002:${groups}::1`)).toBe(address);
      expect(addressClassOf(`2002:${groups}::1`)).toBe(expected);
    }),
  );
});

test("any text has a class, and what is written in one way stays so", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
      const canonical = canonicalAddress(text);
      expect(canonical === undefined).toBe(isIP(text.replace(/%.*$/s, "")) === 0);
      if (canonical === undefined) return;
      expect(canonicalAddress(canonical)).toBe(canonical);
      expect(addressClassOf(text)).toBe(addressClassOf(canonical));
    }),
  );
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:ffff::2", "20010db800010002::/64"],
  ["fe80::1%eth0", "fe80000000000000::/64"],
  ["unknown", "unknown"],
])("%s is one of %s", (address, holder) => {
  expect(holderOf(address)).toBe(holder);
});
