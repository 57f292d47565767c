import { expect, test } from "vitest";
import type { PermissionNote, Subject } from "../core/permission.ts";
import { createDecisionLog } from "./decision-log.ts";
import { summaryOfLookups, urgentNote } from "./notes.ts";
import { formatReport, reportOf } from "./report.ts";
import { summaryOfDenied } from "./summary.ts";

const place = { home: "/home/u", env: {} };
const data = "ifkusqkbnfleuzlbovwgcy3xnb3gk4tqorzq2.t.example.net";

function logOf(names: readonly string[], ...notes: readonly PermissionNote[]) {
  const log = createDecisionLog(() => 0);
  for (const name of names) log.note({ kind: "looked-up", name });
  for (const note of notes) log.note(note);
  return log;
}
const denied = (host: string) => {
  const subject: Subject = { kind: "net", protocol: "tcp", host, port: 443 };
  return { subject, isAllowed: false, by: { kind: "nobody" } } as const;
};

test("a name that is only looked up is in the report, and nothing is said of it at once", () => {
  const log = logOf(["a.example.com", "b.example.com"]);
  log.record(denied("b.example.com"));
  expect(formatReport(log, place).slice(2)).toEqual([
    "  noted    looked up a.example.com and did not connect to it",
  ]);
  expect(reportOf(log).notes).toEqual([{ kind: "looked-up", name: "a.example.com" }]);
  expect(urgentNote({ kind: "looked-up", name: "a.example.com" })).toBeUndefined();
});

test("a name that carries data is told of where nothing was denied, too", () => {
  const log = logOf(["www.example.com", data]);
  expect(summaryOfDenied(log, place)).toEqual([
    `glovebox: looked up a name that may carry data, like ${data}, and did not connect: no server was told`,
  ]);
});

test("many names below one domain carry data, however short they are", () => {
  const names = Array.from({ length: 21 }, (_, index) => `n${index}.example.net`);
  expect(summaryOfLookups(logOf(names))).toContain("21 names");
  expect(summaryOfLookups(logOf(names.slice(1)))).toBeUndefined();
});

test("records that are never answered carry data as well", () => {
  const note = { kind: "dns-type", name: data, type: "TXT" } as const;
  expect(summaryOfLookups(logOf([], note))).toContain(data);
});

test.each([
  "a-very-long-name-of-a-service-with-words.example.com",
  "xn--80ak6aa92e80ak6aa92e80ak6aa92e80ak6aa92e.example.com",
  "ec2-198-51-100-1-us-west-2-internal.example.com",
])("%s is a name like others", (name) => {
  expect(summaryOfLookups(logOf([name]))).toBeUndefined();
});

test("who connects to what it looked up is asked about it, and that is enough", () => {
  const log = logOf([data]);
  log.record(denied(data));
  expect(summaryOfLookups(log)).toBeUndefined();
});

test.each<[PermissionNote, string | undefined]>([
  [
    { kind: "forwarded", port: 80, hostPort: 8080 },
    "http://127.0.0.1:8080 leads to port 80 inside",
  ],
  [
    { kind: "not-forwarded", port: 80, reason: "\u001b[2J" },
    'port 80 inside can\'t be reached from here: "\\u{1b}[2J"',
  ],
  [
    { kind: "other-server-name", host: "a.b", port: 443, serverName: "c.d" },
    "the program told a.b:443 in TLS that it means c.d: not stopped, but not what was allowed",
  ],
  [{ kind: "too-many-names", name: "a.b" }, undefined],
])("%j is told at once as %j", (note, line) => {
  expect(urgentNote(note)?.line).toBe(line);
});
