import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import { greeting, type Listening } from "./greeting.ts";

const local: Listening = {
  url: "http://127.0.0.1:8000",
  host: "127.0.0.1",
  isLocal: true,
  needsKey: false,
  wireUrls: {},
};

const address = (family: "IPv4" | "IPv6", text: string, internal = false): NetworkInterfaceInfo =>
  ({ family, address: text, internal }) as NetworkInterfaceInfo;

const interfaces = {
  lo: [address("IPv4", "127.0.0.1", true), address("IPv6", "::1", true)],
  eth0: [address("IPv4", "192.0.2.7"), address("IPv6", "2001:db8::7"), address("IPv6", "fe80::7")],
};

test("a server for this machine alone has a request that works as it is", () => {
  const text = greeting(local, interfaces);
  expect(text).toMatch(
    /^Glovebox listens on http:\/\/127\.0\.0\.1:8000 \(Ctrl-C stops it\)\. Try:\n/,
  );
  expect(text).toContain("curl -s http://127.0.0.1:8000/v1/execute -H 'content-type");
  expect(text).not.toMatch(/KEY|plain text|192/);
});

test("where keys are needed the request has a place for one", () => {
  const text = greeting({ ...local, needsKey: true }, interfaces);
  expect(text).toContain("/v1/execute -H 'authorization: Bearer KEY' -H 'content-type");
  expect(text).not.toContain("plain text");
});

test("a server for others says on which addresses, and that keys travel in plain text", () => {
  const everywhere = { ...local, host: "0.0.0.0", isLocal: false, needsKey: true };
  const text = greeting(
    { ...everywhere, wireUrls: { judge0: "http://127.0.0.1:2358" } },
    interfaces,
  );
  expect(text).toContain("\n  also: http://192.0.2.7:8000\n  judge0: http://127.0.0.1:2358\nTry:");
  expect(text).toContain("plain text");
  expect(text).not.toContain("2001:db8");
  const both = greeting({ ...everywhere, host: "::", url: "http://[::]:8000" }, interfaces);
  expect(both).toContain("also: http://192.0.2.7:8000\n  also: http://[2001:db8::7]:8000\n");
  expect(both).not.toContain("fe80");
});
