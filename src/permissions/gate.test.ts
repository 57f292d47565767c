import { describe, expect, test } from "vitest";
import type { Decision, PermissionGate, Subject } from "../core/permission.ts";
import { neverAsker, type Answer, type Asker, type ShownQuestion } from "./asker.ts";
import { createDecisionLog, type DecisionLog } from "./decision-log.ts";
import { createGate, type GateOptions } from "./gate.ts";
import { parsePattern } from "./parse-pattern.ts";
import type { Effect, NewRule, Rule } from "./rule.ts";

const home = "/home/u";
const secret: Subject = { kind: "read", path: "/home/u/.aws/credentials" };
const net = (host: string, port = 443): Subject => ({ kind: "net", protocol: "tcp", host, port });
const never = new AbortController().signal;

interface Asked {
  readonly question: ShownQuestion;
  readonly signal: AbortSignal;
  readonly answer: (answer: Partial<Answer> & Pick<Answer, "isAllowed">) => void;
  readonly fail: (error: Error) => void;
}

/** Asks the test. */
function createDesk(): { readonly asker: Asker; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const asker: Asker = {
    name: "terminal",
    asksPeople: true,
    ask: (question, signal) =>
      new Promise((resolve, reject) => {
        const answer: Asked["answer"] = (given) => {
          resolve({ scope: "once", by: "terminal", ...given });
        };
        asked.push({ question, signal, answer, fail: reject });
      }),
  };
  return { asker, asked };
}

function rule(effect: Effect, kind: Subject["kind"], text: string): Rule {
  const pattern = parsePattern({ kind, effect, text, origin: "test" }, { home });
  return { id: "r1", effect, pattern, scope: "always", by: "cli", at: "" };
}

interface Set {
  readonly gate: PermissionGate;
  readonly log: DecisionLog;
  readonly asked: Asked[];
  readonly notes: string[];
  readonly stored: NewRule[];
  readonly clock: { ms: number };
}

function setUp(options: Partial<GateOptions> = {}): Set {
  const { asker, asked } = createDesk();
  const log = createDecisionLog();
  const notes: string[] = [];
  const stored: NewRule[] = [];
  const clock = { ms: 0 };
  const gate = createGate({
    ...{ rules: [], asker, log, home, env: {}, protectedPaths: ["/home/u/.local/state/glovebox"] },
    note: (line) => notes.push(line),
    remember: async (kept) => void stored.push(kept),
    now: () => clock.ms,
    ...options,
  });
  return { gate, log, asked, notes, stored, clock };
}

const settled = async (promise: Promise<Decision>): Promise<boolean> => {
  let isSettled = false;
  void promise.then(() => (isSettled = true));
  await new Promise(setImmediate);
  return isSettled;
};
const turn = (): Promise<void> => new Promise(setImmediate);

describe("a gate", () => {
  test("says what a rule says, without asking, and who decided", async () => {
    const { gate, log, asked } = setUp({ rules: [rule("allow", "net", "a.b:443")] });
    expect(await gate.decide({ subject: net("a.b") }, never)).toEqual({
      isAllowed: true,
      scope: "always",
    });
    await gate.decide({ subject: net("A.b.") }, never);
    expect(asked).toEqual([]);
    const by = { kind: "rule", id: "r1", source: "cli" };
    expect(log.entries().map(({ by, count, isAllowed }) => ({ by, count, isAllowed }))).toEqual([
      { by, count: 2, isAllowed: true },
    ]);
  });

  test("asks once for equal questions, and all have the answer", async () => {
    const { gate, asked } = setUp();
    const all = Array.from({ length: 32 }, () =>
      gate.decide({ subject: secret }, new AbortController().signal),
    );
    await turn();
    expect(asked).toHaveLength(1);
    asked[0]!.answer({ isAllowed: true });
    expect(await Promise.all(all)).toEqual(all.map(() => ({ isAllowed: true, scope: "once" })));
  });

  test("asks again after `once`, and never after `run` or a no", async () => {
    const { gate, asked } = setUp();
    const ask = async (host: string, answer?: Partial<Answer> & { isAllowed: boolean }) => {
      const decision = gate.decide({ subject: net(host) }, never);
      await turn();
      if (answer !== undefined) asked.at(-1)!.answer(answer);
      return (await decision).isAllowed;
    };
    expect(await ask("a.b", { isAllowed: true })).toBe(true);
    expect(await ask("a.b", { isAllowed: false })).toBe(false);
    expect(await ask("a.b")).toBe(false);
    expect(await ask("c.d", { isAllowed: true, scope: "run" })).toBe(true);
    expect(await ask("c.d")).toBe(true);
    expect(asked).toHaveLength(3);
  });

  test("withdraws a question when the last one who waits is gone", async () => {
    const { gate, asked, log } = setUp();
    const [first, second] = [new AbortController(), new AbortController()];
    const decisions = [first, second].map(({ signal }) => gate.decide({ subject: secret }, signal));
    await turn();
    first.abort();
    expect(await decisions[0]).toMatchObject({ isAllowed: false });
    expect(asked[0]!.signal.aborted).toBe(false);
    second.abort();
    expect(await decisions[1]).toMatchObject({ isAllowed: false });
    expect(asked[0]!.signal.aborted).toBe(true);
    asked[0]!.answer({ isAllowed: true, scope: "run" });
    await turn();
    expect(await settled(gate.decide({ subject: secret }, never))).toBe(false);
    expect(asked).toHaveLength(2);
    expect(log.entries()).toMatchObject([{ by: { kind: "withdrawn" }, count: 2 }]);
  });

  test("has nobody asked for who is gone already", async () => {
    const { gate, asked } = setUp();
    const decision = await gate.decide({ subject: secret }, AbortSignal.abort());
    expect([decision.isAllowed, asked.length]).toEqual([false, 0]);
  });

  test("an answer for a folder covers it, and settles what else waits", async () => {
    const { gate, asked } = setUp();
    const first = gate.decide({ subject: secret }, never);
    const second = gate.decide({ subject: { kind: "read", path: "/home/u/.aws/config" } }, never);
    await turn();
    const { folder } = asked[0]!.question;
    expect(folder).toEqual({ kind: "read", path: "~/.aws/" });
    asked[0]!.answer({ isAllowed: true, scope: "run", pattern: folder! });
    const expected = { isAllowed: true, scope: "run", folder: "/home/u/.aws" };
    expect(await first).toEqual(expected);
    expect(await second).toEqual(expected);
    expect(asked[1]!.signal.aborted).toBe(true);
  });

  test.each([
    ["/home/u/notes.txt", undefined],
    ["/home/u/.config/x.conf", undefined],
    ["/home/u/.netrc", undefined],
    ["/home/u/work/x.txt", "~/work/"],
    ["/home/u/.aws/sso/cache/x", "~/.aws/"],
    ["/etc/passwd", undefined],
  ])("with %s it offers the folder %s", async (path, folder) => {
    const { gate, asked } = setUp();
    void gate.decide({ subject: { kind: "read", path } }, never);
    await turn();
    expect(asked[0]!.question.folder).toEqual(folder && { kind: "read", path: folder });
  });

  test("gives no folder whole in which something is denied or protected", async () => {
    const rules = [rule("allow", "read", "~/"), rule("deny", "read", "~/.aws/credentials")];
    const { gate } = setUp({ rules });
    expect(await gate.decide({ subject: secret }, never)).toMatchObject({ isAllowed: false });
    const config: Subject = { kind: "read", path: "/home/u/.aws/config" };
    expect(await gate.decide({ subject: config }, never)).toEqual({
      ...{ isAllowed: true, scope: "always" },
    });
    const all = setUp({ rules: [rule("allow", "read", "~/")] }).gate;
    expect(await all.decide({ subject: config }, never)).not.toHaveProperty("folder");
  });

  test("an answer may be wider than its question, if it covers it", async () => {
    const { gate, asked } = setUp();
    const wide = { kind: "net", protocol: "tcp", host: "*.github.com", port: 443 } as const;
    const first = gate.decide({ subject: net("api.github.com") }, never);
    await turn();
    asked[0]!.answer({ isAllowed: true, scope: "run", pattern: wide });
    expect((await first).isAllowed).toBe(true);
    expect((await gate.decide({ subject: net("x.github.com") }, never)).isAllowed).toBe(true);
    const other = gate.decide({ subject: net("a.b") }, never);
    await turn();
    asked[1]!.answer({ isAllowed: true, scope: "run", pattern: { ...wide, host: "*.c.d" } });
    expect((await other).isAllowed).toBe(true);
    expect(await settled(gate.decide({ subject: net("x.c.d") }, never))).toBe(false);
  });

  test("keeps `always`, and says so where it can't", async () => {
    const { gate, asked, stored } = setUp({ command: "./test.sh" });
    const decision = gate.decide({ subject: secret }, never);
    await turn();
    asked[0]!.answer({ isAllowed: true, scope: "always" });
    expect(await decision).toEqual({ isAllowed: true, scope: "always" });
    expect(stored).toMatchObject([
      { effect: "allow", scope: "always", by: "prompt", command: "./test.sh" },
    ]);
    const broken = setUp({ remember: () => Promise.reject(new Error("disk full")) });
    const second = broken.gate.decide({ subject: secret }, never);
    await turn();
    broken.asked[0]!.answer({ isAllowed: true, scope: "always" });
    expect((await second).isAllowed).toBe(true);
    expect((await broken.gate.decide({ subject: secret }, never)).isAllowed).toBe(true);
    expect(broken.notes).toEqual([expect.stringContaining("for this run only: disk full")]);
  });

  test("denies what comes too fast, says so once, and asks again later", async () => {
    const { gate, asked, notes, clock, log } = setUp();
    const decisions = Array.from({ length: 15 }, (_, index) =>
      gate.decide({ subject: net(`h${index}.a.b`) }, new AbortController().signal),
    );
    await turn();
    expect(asked).toHaveLength(10);
    expect(await decisions[14]).toMatchObject({ isAllowed: false });
    expect(notes).toHaveLength(1);
    clock.ms = 1000;
    for (let index = 20; index < 40; index += 1) {
      void gate.decide({ subject: net(`h${index}.a.b`) }, new AbortController().signal);
    }
    clock.ms = 2000;
    void gate.decide({ subject: net("z.a.b") }, never);
    await turn();
    expect(asked).toHaveLength(20);
    expect(notes).toHaveLength(1);
    expect(log.entries().every(({ by }) => by.kind === "flood")).toBe(true);
  });

  test("denies its own files whatever the rules say", async () => {
    const { gate, log } = setUp({ rules: [rule("allow", "write", "/")] });
    const path = "/home/u/.local/state/glovebox/projects/x/permissions.json";
    for (const kind of ["read", "write", "list", "socket"] as const) {
      expect((await gate.decide({ subject: { kind, path } }, never)).isAllowed).toBe(false);
    }
    expect(log.entries().every(({ by }) => by.kind === "protected")).toBe(true);
  });

  test.each<Subject>([
    { kind: "read", path: "relative" },
    { kind: "list", path: "/" },
    { kind: "read", path: "/a/../b" },
    { kind: "read", path: "/a\0b" },
    net("a b"),
    net("a.b", 0),
    { kind: "env", name: "A=B" },
    { kind: "read", path: `/${"x".repeat(400)}` },
    { kind: "read", path: `/${"\u202e".repeat(60)}` },
  ])("denies %j without asking", async (subject) => {
    const { gate, asked } = setUp();
    expect((await gate.decide({ subject }, never)).isAllowed).toBe(false);
    expect(asked).toEqual([]);
  });

  test("takes time that is over for a no, which holds", async () => {
    const { gate, asked, log } = setUp({ askTimeoutMs: 5 });
    expect((await gate.decide({ subject: secret }, never)).isAllowed).toBe(false);
    expect(asked[0]!.signal.aborted).toBe(true);
    expect((await gate.decide({ subject: secret }, never)).isAllowed).toBe(false);
    expect(asked).toHaveLength(1);
    expect(log.entries()).toMatchObject([{ by: { kind: "timeout" }, count: 2 }]);
  });

  test("denies where the asker fails or throws", async () => {
    const { gate, asked } = setUp();
    const decision = gate.decide({ subject: secret }, never);
    await turn();
    asked[0]!.fail(new Error("gone"));
    expect((await decision).isAllowed).toBe(false);
    const throwing: Asker = {
      ...{ name: "api", asksPeople: true },
      ask: () => {
        throw new Error("broken");
      },
    };
    const other = setUp({ asker: throwing });
    expect((await other.gate.decide({ subject: secret }, never)).isAllowed).toBe(false);
    expect(other.notes).toEqual(["nobody could be asked: broken"]);
  });

  test("without anybody denies all that no rule allows", async () => {
    const { gate, log } = setUp({ asker: neverAsker });
    for (let index = 0; index < 100; index += 1) {
      await gate.decide({ subject: net(`h${index}.a.b`) }, new AbortController().signal);
    }
    expect(log.entries()).toHaveLength(100);
    expect(log.entries().every(({ by, isAllowed }) => by.kind === "nobody" && !isAllowed)).toBe(
      true,
    );
  });
});
