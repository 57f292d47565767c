import { describe, expect, test } from "vitest";
import type { Ask } from "../../../src/client/ask-types.ts";
import { askWords, decidedWords, formatLeft, leftMs, shownWords } from "./ask-words.ts";

const ask: Ask = {
  id: "1",
  execution_id: "2",
  subject: { kind: "net", protocol: "tcp", host: "api.example.com", port: 443 },
  process: { pid: 3, name: "curl", executable: "/usr/bin/curl" },
  meaning: null,
  because: null,
  pattern: "api.example.com:443",
  folder: null,
  asked_at: "2026-01-01T00:00:00.000Z",
  expires_at: "2026-01-01T00:02:00.000Z",
};

describe("words of a question", () => {
  test("tell who wants what", () => {
    expect(askWords(ask)).toEqual({
      who: "curl",
      verb: "wants to connect to",
      object: "api.example.com:443",
      notes: [],
    });
  });

  test("can't be turned round, hidden or taken for ours", () => {
    const process = { pid: 3, name: "you allowed \u202e", executable: "" };
    const subject = { kind: "read", path: "/home/me/\u200bkeys" } as const;
    const { who, object } = askWords({ ...ask, process, subject, meaning: "\u202eSSH keys" });
    expect(who).toBe(String.raw`"you allowed \u{202e}"`);
    expect(object).toBe(String.raw`"/home/me/\u{200b}keys"`);
    expect(askWords({ ...ask, meaning: "\u202eSSH keys" }).notes).toEqual([
      String.raw`\u{202e}SSH keys`,
    ]);
  });

  test("say that a name is not in plain letters", () => {
    const subject = { ...ask.subject, host: "xn--pple-43d.com" } as Ask["subject"];
    expect(askWords({ ...ask, subject }).notes[0]).toMatch(/letters beyond a to z/);
  });
});

test.each([
  [125_000, "2:05"],
  [60_000, "1:00"],
  [59_001, "1:00"],
  [9000, "9 s"],
  [-5, "0 s"],
])("%i ms are %s", (ms, text) => {
  expect(formatLeft(ms)).toBe(text);
});

test.each([
  ["just asked", 0, 0, 120_000],
  ["asked a while ago", 20_000, 30_000, 90_000],
  ["asked by a clock that is ahead", -3_600_000, -3_590_000, 110_000],
  ["asked by a clock that is far behind", 3_600_000, 3_610_000, 110_000],
])("%s: what is left counts from when it came", (_, arrived, now, expected) => {
  const base = Date.parse(ask.asked_at);
  expect(leftMs(ask, base + arrived, base + now)).toBe(expected);
});

test("a decision says by whom, and how often", () => {
  const decided = {
    subject: ask.subject,
    decision: "deny",
    decided_by: { kind: "timeout" },
    count: 3,
    first_at: "",
    last_at: "",
  } as const;
  expect(decidedWords(decided).end).toBe("denied since nobody answered in time, 3 times");
});

test("what a rule gave from the begin is told, and shown as safely", () => {
  expect(shownWords({ path: "/home/me/\u202ekeys", access: "ro" })).toMatchObject({
    isAllowed: true,
    verb: "may read",
    object: String.raw`"/home/me/\u{202e}keys"`,
    end: "allowed by a rule",
  });
});
