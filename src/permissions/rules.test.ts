import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Subject } from "../core/permission.ts";
import { normalizeHost } from "./host.ts";
import { isInRange, normalizeRange } from "./ip-range.ts";
import { deniesWithin, isAllowedBy, isDeniedBy } from "./match.ts";
import { decidingRule } from "./order.ts";
import { formatFlag, formatPattern, parsePattern } from "./parse-pattern.ts";
import type { Effect, Pattern, Rule } from "./rule.ts";
import { parseRuleFlag, ruleFlags } from "./rule-flags.ts";

const home = "/home/u";
const read = (kind: Subject["kind"], text: string, effect: Effect = "allow"): Pattern =>
  parsePattern({ kind, effect, text, origin: `--${effect}-${kind}` }, { home });

const net = (host: string, port = 443, protocol: "tcp" | "udp" = "tcp"): Subject => ({
  ...{ kind: "net", protocol, host, port },
});

describe("hosts are written in one way", () => {
  test.each([
    ["API.GitHub.com.", "api.github.com"],
    ["bücher.de", "xn--bcher-kva.de"],
    ["gіthub.com", "xn--gthub-n2e.com"],
    ["::FFFF:1.2.3.4", "1.2.3.4"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["localhost", "localhost"],
    ["_dmarc.a.b", "_dmarc.a.b"],
  ])("%s is %s", (text, host) => {
    expect(normalizeHost(text)).toBe(host);
  });

  test.each([
    "",
    ".",
    "a..b",
    "a b",
    "a%41.com",
    "127.1",
    "0x7f.1",
    "2130706433",
    "1.2.3.4.5",
    "010.0.0.1",
    "-a.com",
    "a-.com",
    "a/b",
    "user@host",
    "fe80::1%eth0",
    `${"x".repeat(64)}.com`,
    "a\u0000b",
    "a\nb.com",
    "*",
  ])("%j is none", (text) => {
    expect(normalizeHost(text)).toBeUndefined();
  });

  test("what comes out is ASCII, and comes out of itself again", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.domain(), fc.ipV6()), (text) => {
        const host = normalizeHost(text);
        if (host === undefined) return;
        expect(host).toMatch(/^[a-z0-9_.:-]+$/);
        expect(normalizeHost(host)).toBe(host);
      }),
    );
  });
});

describe("ranges", () => {
  test.each([
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["FD00:1::5/8", "fd00::/8"],
    ["::/0", "::/0"],
    ["1.2.3.4/32", "1.2.3.4/32"],
  ])("%s is %s", (text, range) => {
    expect(normalizeRange(text)).toBe(range);
  });

  test.each(["10.0.0.0/33", "10.0.0.0", "a/8", "::/129", "10.0.0.0/08", "::ffff:1.2.3.4/120"])(
    "%s is none",
    (text) => {
      expect(normalizeRange(text)).toBeUndefined();
    },
  );

  test("an address is in its own range of any length", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128), (text, length) => {
        const address = normalizeHost(text);
        const range = normalizeRange(`${address ?? ""}/${length}`);
        if (address === undefined || range === undefined) return;
        expect(isInRange(address, range)).toBe(true);
      }),
    );
  });
});

describe("flags", () => {
  test.each<[Subject["kind"], Effect, string, string]>([
    ["net", "allow", "API.github.com:443", "--allow-net=api.github.com:443"],
    ["net", "allow", "github.com", "--allow-net=github.com"],
    ["net", "allow", "github.com:*", "--allow-net=github.com"],
    ["net", "allow", "*.github.com:443", "--allow-net='*.github.com:443'"],
    ["net", "allow", "udp:8.8.8.8:53", "--allow-net=udp:8.8.8.8:53"],
    ["net", "allow", "tcp:8.8.8.8:53", "--allow-net=8.8.8.8:53"],
    ["net", "allow", "[2001:db8::1]:443", "--allow-net='[2001:db8::1]:443'"],
    ["net", "allow", "2001:db8::1", "--allow-net='[2001:db8::1]'"],
    ["net", "deny", "tcp:a.b:1", "--deny-net=tcp:a.b:1"],
    ["net", "deny", "a.b:1", "--deny-net=a.b:1"],
    ["net", "allow", "10.1.0.0/8:5432", "--allow-net=10.0.0.0/8:5432"],
    ["net", "allow", "[fd00::/8]:5432", "--allow-net='[fd00::/8]:5432'"],
    ["read", "allow", "~/.aws/credentials", "--allow-read='~/.aws/credentials'"],
    ["read", "allow", "/home/u/.aws/", "--allow-read='~/.aws/'"],
    ["write", "allow", "/a//b/../c", "--allow-write=/a/c"],
    ["read", "deny", "/", "--deny-read=/"],
    ["read", "allow", "/a'b", "--allow-read='/a'\\''b'"],
    ["read", "allow", "/a\u202eb", "--allow-read=$'/a\\xe2\\x80\\xaeb'"],
    ["forward", "allow", "8000", "--allow-forward=8000"],
    ["forward", "deny", "*", "--deny-forward='*'"],
    ["env", "allow", "AWS_PROFILE", "--allow-env=AWS_PROFILE"],
  ])("%s %s %s is %s", (kind, effect, text, flag) => {
    const pattern = read(kind, text, effect);
    expect(formatFlag({ effect, pattern })).toBe(flag);
    expect(read(kind, formatPattern(pattern, effect), effect)).toEqual(pattern);
  });

  test.each<[Subject["kind"], string, RegExp]>([
    ["net", "", /^--allow-net: is empty/],
    ["net", "*", /`--network all`/],
    ["net", "https://a.b/", /"https:\/\/a.b\/" is a URL/],
    ["net", "a.b:0", /port must be from 1 to 65535/],
    ["net", "a.b:70000", /port must be/],
    ["net", "a b", /"a b" is not a host name, address or range/],
    ["net", "*.1.2.3.4", /is not a host name/],
    ["net", "a.*.b", /is not a host name/],
    ["net", "[a.b]:443", /is not a host/],
    ["read", "relative", /"relative" is not a path\. Write/],
    ["read", "~root/x", /is not a path/],
    ["read", "/a\0b", /is not a path/],
    ["forward", "http", /is not a port/],
    ["env", "A-B", /not the name of a variable/],
  ])("%s %j is refused", (kind, text, message) => {
    expect(() => read(kind, text)).toThrow(message);
  });

  test("there is one for each effect and kind, and it makes a rule of the run", () => {
    expect(ruleFlags).toHaveLength(14);
    const [flag] = ruleFlags;
    expect(parseRuleFlag(flag!, "a.b:1", { place: { home }, now: 0 })).toEqual({
      ...{ id: "--allow-net=a.b:1", effect: "allow", scope: "run", by: "flag" },
      pattern: { kind: "net", protocol: "tcp", host: "a.b", port: 1 },
      at: "1970-01-01T00:00:00.000Z",
    });
  });
});

describe("what a rule is about", () => {
  test.each<[Pattern, Subject, boolean]>([
    [read("net", "a.b:443"), net("a.b"), true],
    [read("net", "a.b:443"), net("a.b", 80), false],
    [read("net", "a.b"), net("a.b", 443, "udp"), false],
    [read("net", "any:a.b"), net("a.b", 443, "udp"), true],
    [read("net", "*.a.b"), net("c.a.b"), true],
    [read("net", "*.a.b"), net("d.c.a.b"), true],
    [read("net", "*.a.b"), net("a.b"), false],
    [read("net", "*.a.b"), net("xa.b"), false],
    [read("net", "10.0.0.0/8"), net("10.5.0.1"), true],
    [read("net", "10.0.0.0/8"), net("11.5.0.1"), false],
    [read("net", "10.0.0.0/8"), net("a.b"), false],
    [read("write", "~/x"), { kind: "read", path: "/home/u/x" }, true],
    [read("write", "~/x"), { kind: "list", path: "/home/u/x" }, true],
    [read("read", "~/x"), { kind: "write", path: "/home/u/x" }, false],
    [read("read", "~/x/"), { kind: "list", path: "/home/u/x/y" }, true],
    [read("read", "~/x/"), { kind: "read", path: "/home/u/x" }, true],
    [read("read", "~/x/"), { kind: "read", path: "/home/u/xy" }, false],
    [read("read", "~/x"), { kind: "read", path: "/home/u/x/y" }, false],
    [read("read", "/"), { kind: "read", path: "/etc/x" }, true],
    [read("write", "/run/"), { kind: "socket", path: "/run/d.sock" }, false],
    [read("socket", "/run/"), { kind: "socket", path: "/run/d.sock" }, true],
    [read("socket", "/run/"), { kind: "read", path: "/run/d.sock" }, false],
    [read("forward", "*"), { kind: "forward", port: 5 }, true],
    [read("forward", "6"), { kind: "forward", port: 5 }, false],
    [read("env", "A"), { kind: "env", name: "A" }, true],
    [read("env", "A"), { kind: "env", name: "B" }, false],
  ])("allowing %j allows %j: %s", (pattern, subject, expected) => {
    expect(isAllowedBy(pattern, subject, home)).toBe(expected);
  });

  test.each<[Pattern, Subject, boolean]>([
    [read("read", "~/x"), { kind: "write", path: "/home/u/x" }, true],
    [read("read", "~/x"), { kind: "read", path: "/home/u/x/y" }, true],
    [read("read", "~/x"), { kind: "list", path: "/home/u/x/y" }, true],
    [read("write", "~/x"), { kind: "read", path: "/home/u/x" }, false],
    [read("list", "~/x"), { kind: "read", path: "/home/u/x" }, false],
    [read("read", "/"), { kind: "socket", path: "/home/u/x" }, false],
    [read("net", "a.b", "deny"), net("a.b", 1, "udp"), true],
  ])("denying %j denies %j: %s", (pattern, subject, expected) => {
    expect(isDeniedBy(pattern, subject, home)).toBe(expected);
  });

  test("a folder in which something is denied can't be given whole", () => {
    const place = { kind: "read", folder: "/home/u/.aws" } as const;
    expect(deniesWithin(read("read", "~/.aws/credentials"), place, home)).toBe(true);
    expect(deniesWithin(read("list", "~/.aws/sso"), place, home)).toBe(true);
    expect(deniesWithin(read("write", "~/.aws/sso"), place, home)).toBe(false);
    expect(deniesWithin(read("read", "~/.ssh"), place, home)).toBe(false);
  });
});

describe("order", () => {
  const rule = (effect: Effect, kind: Subject["kind"], text: string): Rule => ({
    ...{ id: `${effect} ${text}`, effect, pattern: read(kind, text, effect) },
    ...{ scope: "always", by: "cli", at: "" },
  });
  const wide = rule("deny", "read", "~/");
  const narrow = rule("allow", "read", "~/x");
  const subject: Subject = { kind: "read", path: "/home/u/x" };

  test("a denial tells before a permission that is more specific", () => {
    expect(decidingRule({ rules: [narrow, wide] }, subject, home)).toBe(wide);
  });

  test("a permission of a rule tells before a denial of this run", () => {
    expect(decidingRule({ rules: [narrow], answers: [wide] }, subject, home)).toBe(narrow);
    expect(decidingRule({ rules: [], answers: [narrow, wide] }, subject, home)).toBe(wide);
  });

  test("nothing tells of what no rule is about", () => {
    expect(decidingRule({ rules: [narrow] }, { kind: "env", name: "X" }, home)).toBeUndefined();
  });
});
