/**
 * @module
 * Ranges of addresses: `10.0.0.0/8`, `fd00::/8`.
 */
import { BlockList, isIP, isIPv4 } from "node:net";
import { normalizeAddress } from "./host.ts";

/** The range in its canonical form; undefined for what is none, and where bits behind the prefix are set. */
export function normalizeRange(text: string): string | undefined {
  const [, written = "", length = ""] = /^([^/]{1,45})\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const address = normalizeAddress(written);
  // The lengths of ranges of mapped addresses are those of IPv6: nobody would guess them right.
  if (address === undefined || isIPv4(address) !== isIPv4(written)) return undefined;
  const prefix = Number(length);
  if (prefix > (isIPv4(address) ? 32 : 128)) return undefined;
  return `${networkOf(address, prefix)}/${prefix}`;
}

/** @param range As `normalizeRange` writes it. */
export function isInRange(address: string, range: string): boolean {
  if (isIP(address) === 0) return false;
  const [network = "", prefix = ""] = range.split("/");
  if (isIPv4(network) !== isIPv4(address)) return false;
  const family = isIPv4(network) ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(address, family);
}

/** 10.1.2.3/8 means 10.0.0.0/8; written as that, a person sees how much it is. */
function networkOf(address: string, prefix: number): string {
  const isV4 = isIPv4(address);
  const bits = isV4 ? 32n : 128n;
  const value = isV4 ? v4Value(address) : v6Value(address);
  const network = prefix === 0 ? 0n : (value >> (bits - BigInt(prefix))) << (bits - BigInt(prefix));
  if (isV4) return [24n, 16n, 8n, 0n].map((shift) => (network >> shift) & 255n).join(".");
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) =>
    ((network >> shift) & 0xffffn).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}

function v4Value(address: string): bigint {
  return address.split(".").reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
}

/** @param address In its shortest form, without a part in dots. */
function v6Value(address: string): bigint {
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  return groups.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}
