import { expect, test } from "vitest";
import type { Subject } from "../core/permission.ts";
import { createDecisionLog, type NewDecision } from "./decision-log.ts";
import { formatReport, reportOf } from "./report.ts";
import { summaryOfDenied } from "./summary.ts";

const place = { home: "/home/u", env: {} };
const github: Subject = { kind: "net", protocol: "tcp", host: "api.github.com", port: 443 };
const secret: Subject = { kind: "read", path: "/home/u/.aws/credentials" };
const of = (name: string) => ({ pid: 4, name, executable: "" });

function logOf(...decisions: readonly NewDecision[]) {
  const log = createDecisionLog(() => 0);
  for (const decision of decisions) log.record(decision);
  return log;
}

test("nothing denied, nothing said", () => {
  expect(summaryOfDenied(logOf(), place)).toEqual([]);
  const allowed = { subject: github, isAllowed: true, by: { kind: "nobody" } } as const;
  const denied = { ...allowed, isAllowed: false } as const;
  const withdrawn = { subject: secret, isAllowed: false, by: { kind: "withdrawn" } } as const;
  expect(summaryOfDenied(logOf(denied, allowed, withdrawn), place)).toEqual([]);
});

test("a line a subject, with what allows it", () => {
  const log = logOf(
    { subject: github, process: of("curl"), isAllowed: false, by: { kind: "nobody" } },
    { subject: github, process: of("curl"), isAllowed: false, by: { kind: "flood" } },
    { subject: secret, process: of("aws"), isAllowed: false, by: { kind: "timeout" } },
    {
      ...{ subject: { kind: "env", name: "X" }, isAllowed: false },
      by: { kind: "rule", id: "r1", source: "cli" },
    },
    {
      ...{ subject: { kind: "forward", port: 80 }, isAllowed: false },
      by: { kind: "rule", id: "--deny-forward='*'", source: "flag" },
    },
  );
  expect(summaryOfDenied(log, place)).toEqual([
    "glovebox: denied 4; what would allow it:",
    "  --allow-net=api.github.com:443      curl: connect to api.github.com:443",
    "  --allow-read='~/.aws/credentials'   aws: read ~/.aws/credentials (AWS access keys; nobody answered in time)",
    "  glovebox permissions revoke r1      know the variable X",
    "  without --deny-forward='*'          be reached on port 80",
  ]);
});

test("a hostile name stays on its line", () => {
  const name = "x\n\u001b[2J\u202e";
  const log = logOf({
    subject: github,
    process: of(name),
    isAllowed: false,
    by: { kind: "nobody" },
  });
  // eslint-disable-next-line no-control-regex -- those that must not be there
  expect(summaryOfDenied(log, place).join("")).not.toMatch(/[\u0000-\u001f\u202e]/);
});

test("many are counted, not shown", () => {
  const log = createDecisionLog();
  for (let index = 0; index < 1200; index += 1) {
    const subject = { ...github, host: `h${index}.a.b` };
    log.record({ subject, isAllowed: false, by: { kind: "nobody" } });
  }
  const lines = summaryOfDenied(log, place);
  expect([lines.length, lines.at(-1)]).toEqual([22, "  and 1180 more: `--report` shows them"]);
});

test("the report has all, with who decided", () => {
  const log = logOf(
    ...Array<NewDecision>(3).fill({
      ...{ subject: github, process: of("curl"), isAllowed: true },
      by: { kind: "answer", by: "terminal", scope: "run" },
    }),
    { subject: secret, isAllowed: false, by: { kind: "withdrawn" } },
  );
  expect(formatReport(log, place)).toEqual([
    "glovebox: the program asked for 2:",
    "  allowed  curl: connect to api.github.com:443, 3 times  [answer on the terminal, this run]",
    "  denied   read ~/.aws/credentials (AWS access keys)  [gone before the answer]",
  ]);
  const shown = [{ hostPath: "/home/me/.npmrc", access: "ro", insidePaths: [] }] as const;
  expect(formatReport(log, { ...place, shown }).at(-1)).toContain(": a rule allowed it");
  expect(reportOf(log, shown)).toMatchObject({
    shown: [{ path: "/home/me/.npmrc", access: "ro" }],
    omitted: 0,
    decisions: [
      {
        ...{ subject: github, decision: "allow", count: 3 },
        decided_by: { kind: "answer", by: "terminal", scope: "run" },
        first_at: "1970-01-01T00:00:00.000Z",
      },
      { decision: "deny", decided_by: { kind: "withdrawn" } },
    ],
  });
});
