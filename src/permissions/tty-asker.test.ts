import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Subject } from "../core/permission.ts";
import type { Answer, ShownQuestion } from "./asker.ts";
import type { Clock } from "./key-reader.ts";
import { answeredText, detailsText, questionText, type TextOptions } from "./question-text.ts";
import { showName, showUntrusted } from "./show-untrusted.ts";
import { showQuestion } from "./shown-question.ts";
import { TtyAsker } from "./tty-asker.ts";
import { columnsOf } from "./wrap-spans.ts";

const home = "/home/u";
const text: TextOptions = {
  ...{ command: "./test.sh", columns: 120, color: false, unicode: true, home },
};
const questionAbout = (subject: Subject, name = "curl"): ShownQuestion =>
  showQuestion({ subject, process: { pid: 7, name, executable: `/usr/bin/${name}` } }, home, {});
const github: Subject = { kind: "net", protocol: "tcp", host: "api.github.com", port: 443 };
const secret: Subject = { kind: "read", path: "/home/u/.aws/credentials" };

/** A clock that only goes when it is told to. */
function handClock(): Clock & { readonly pass: (ms: number) => void } {
  let now = 1000;
  const timers = new Map<object, { at: number; call: () => void }>();
  return {
    now: () => now,
    after: (ms, call) => {
      const id = {};
      timers.set(id, { at: now + ms, call });
      return () => void timers.delete(id);
    },
    pass: (ms) => {
      now += ms;
      for (const [id, { at, call }] of [...timers]) {
        if (at > now) continue;
        timers.delete(id);
        call();
      }
    },
  };
}

function setUp(options: Partial<TextOptions> = {}) {
  const [input, output, clock] = [new PassThrough(), new PassThrough(), handClock()];
  const events: string[] = [];
  const asker = new TtyAsker({
    ...{ input, output, clock },
    setRaw: (on) => events.push(`raw ${on}`),
    hold: () => {
      events.push("hold");
      return {
        showOutput: () => events.push("output"),
        returnKeys: () => events.push("keys"),
      };
    },
    onInterrupt: (times) => events.push(`interrupt ${times}`),
    text: () => ({ ...text, ...options }),
  });
  const type = async (keys: string): Promise<void> => {
    input.write(keys);
    await new Promise(setImmediate);
  };
  const screen = (): string => (output.read() as Buffer | null)?.toString() ?? "";
  const ask = (subject: Subject, signal = new AbortController().signal): Promise<Answer> =>
    asker.ask(questionAbout(subject), signal);
  return { asker, input, output, clock, events, type, screen, ask };
}

describe("a question", () => {
  test("is two lines: who, what, what it means, and the keys", () => {
    expect(questionText(questionAbout(github), text)).toEqual([
      "┌ glovebox: curl (from: ./test.sh) wants to connect to api.github.com:443",
      "└ [y] once  [s] this run  [a] always in this project  [n] no  [N] never  [?] more > ",
    ]);
    expect(
      questionText(questionAbout(secret, "aws"), { ...text, columns: 140, waiting: 3 }),
    ).toEqual([
      "┌ glovebox: aws (from: ./test.sh) wants to read ~/.aws/credentials (AWS access keys)",
      "└ [y] once  [s] this run  [a] always in this project  [n] no  [N] never  [d] all of ~/.aws  [?] more  and 3 more [v]iew > ",
    ]);
    expect(questionText(questionAbout({ kind: "forward", port: 8000 }, "python3"), text)).toEqual([
      "┌ glovebox: python3 listens on port 8000. Forward http://127.0.0.1:8000 to it?",
      "└ [y] this run  [a] always in this project  [n] no  [N] never  [?] more > ",
    ]);
  });

  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 120 }),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc
      .array(fc.constantFrom(...Array.from('\u001b[2J\r\n\u202e\u200b\u0301\ufe0f ⠀ㅤא"()')), {
        maxLength: 80,
      })
      .map((parts) => parts.join("")),
  );
  const subjects: fc.Arbitrary<Subject> = fc.oneof(
    fc.record({
      kind: fc.constantFrom("read", "write", "list", "socket"),
      path: hostile.map((name) => `/${name}`),
    }),
    fc.record({ kind: fc.constant("env"), name: hostile }),
    fc.record({
      kind: fc.constant("net"),
      protocol: fc.constantFrom("tcp", "udp"),
      host: fc.domain(),
      port: fc.nat(),
    }),
  );

  test("acts on no terminal, and fits it, whatever the program chose", () => {
    fc.assert(
      fc.property(
        subjects,
        fc.record({ name: hostile, executable: hostile, command: hostile, because: hostile }),
        fc.integer({ min: 1, max: 200 }),
        fc.boolean(),
        (subject, { name, executable, command, because }, columns, color) => {
          const asked = { subject, because, process: { pid: 1, name, executable } };
          const question = showQuestion(asked, home, {});
          const options = { ...text, command, columns, color, isAllowed: true };
          const lines = [
            ...questionText(question, options),
            ...detailsText(question, [question], options),
            ...answeredText(question, "allowed", options),
          ];
          for (const line of lines) {
            // eslint-disable-next-line no-control-regex -- our own colours
            const plain = color ? line.replace(/\u001b\[[012]m/g, "") : line;
            expect(plain).not.toMatch(
              /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u,
            );
            // Our own frame and marks are one column wide.
            expect(columnsOf(plain.replace(/^[┌│└✓✗]/u, "x"))).toBeLessThanOrEqual(
              Math.max(columns, 20),
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("shows all of what is asked about, however narrow the terminal is", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from("abc/. é字")), maxLength: 200 }),
        (name) => {
          const question = questionAbout({ kind: "read", path: `/x${name}` });
          const lines = questionText(question, { ...text, columns: 30 });
          const all = lines
            .map((line) => line.slice(2))
            .join("")
            .replaceAll(" ", "");
          expect(all).toContain(showName(`/x${name}`).replaceAll(" ", ""));
        },
      ),
    );
  });

  test.each([
    ["\u001b[2J", "\\u{1b}[2J"],
    ["a\u202eb", "a\\u{202e}b"],
    ["\\u{202e}", "\\u{5c}u{202e}"],
    ["a  b", "a \\u{20}b"],
    [" a ", "\\u{20}a\\u{20}"],
    ["e\u0301\u0301\u0301", "e\u0301\u0301\\u{301}"],
    ["\u0301a", "\\u{301}a"],
    ["אב", "\\u{5d0}\\u{5d1}"],
    ["ж字é", "ж字é"],
    ["\ud800", "\\u{d800}"],
  ])("%j is shown as %j", (name, shown) => {
    expect(showUntrusted(name)).toBe(shown);
  });

  test("two names are never shown alike", () => {
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        if (one !== other) expect(showName(one)).not.toBe(showName(other));
      }),
    );
  });
});

describe("on a terminal", () => {
  test.each<[string, Partial<Answer>, string]>([
    ["y", { isAllowed: true, scope: "once" }, "✓ allowed once: curl to read ~/.aws/credentials"],
    ["s", { isAllowed: true, scope: "run" }, "✓ allowed in this run: "],
    ["w", { isAllowed: true, scope: "run" }, "✓ allowed in this run: "],
    ["a", { isAllowed: true, scope: "always" }, "✓ allowed always: "],
    ["n", { isAllowed: false, scope: "run" }, "✗ denied: "],
    ["b", { isAllowed: false, scope: "run" }, "✗ denied: "],
    ["N", { isAllowed: false, scope: "always" }, "✗ denied always: "],
    ["yes\r", { isAllowed: true, scope: "once" }, "✓ allowed once: "],
    ["no\n", { isAllowed: false, scope: "run" }, "✗ denied: "],
    ["w\r\n", { isAllowed: true, scope: "run" }, "✓ allowed in this run: "],
    [
      "d",
      { isAllowed: true, scope: "run", pattern: { kind: "read", path: "~/.aws/" } },
      "✓ allowed with its folder: ",
    ],
  ])("%j answers", async (keys, expected, shown) => {
    const { ask, type, clock, screen, events } = setUp();
    const answer = ask(secret);
    expect(events).toEqual(["hold", "raw true"]);
    clock.pass(500);
    await type(keys);
    expect(await answer).toEqual({ by: "terminal", ...expected });
    expect(screen()).toContain(shown);
    clock.pass(300);
    expect(events).toEqual(["hold", "raw true", "output", "raw false", "keys"]);
  });

  test.each([
    ["\r"],
    ["\n"],
    ["x"],
    [" "],
    ["\u0004"],
    ["\u001b[A"],
    ["\u001bOP"],
    ["é"],
    ["please\n"],
    ["v"],
    ["yy"],
    ["\u001b[200~y\u001b[201~"],
  ])("%j answers nothing", async (keys) => {
    const { ask, type, clock } = setUp();
    const answer = ask(secret);
    clock.pass(500);
    await type(keys);
    clock.pass(1000);
    await type("n");
    expect(await answer).toMatchObject({ isAllowed: false });
  });

  test("what is typed in the first half second is dropped, with the rest of its word", async () => {
    const { ask, type, clock } = setUp();
    const answer = ask(secret);
    clock.pass(490);
    await type("y");
    clock.pass(20);
    await type("e");
    await type("s");
    await type("a");
    clock.pass(299);
    await type("a");
    clock.pass(300);
    await type("n");
    expect(await answer).toMatchObject({ isAllowed: false, scope: "run" });
  });

  test("letters of a word that is typed are no answers", async () => {
    const { ask, type, clock } = setUp();
    const answer = ask(secret);
    clock.pass(500);
    for (const letter of "please") {
      await type(letter);
      clock.pass(150);
    }
    clock.pass(300);
    await type("n");
    expect(await answer).toMatchObject({ isAllowed: false });
  });

  test("Escape alone is no, and what begins with it is not", async () => {
    const { ask, type, clock } = setUp();
    const answer = ask(secret);
    clock.pass(500);
    await type("\u001b");
    clock.pass(49);
    await type("[");
    await type("A");
    clock.pass(300);
    await type("\u001b");
    clock.pass(50);
    expect(await answer).toMatchObject({ isAllowed: false, scope: "run" });
  });

  test("Ctrl-C is no, also in the first half second, and says how often", async () => {
    const { ask, type, events } = setUp();
    const answers = [ask(secret), ask(github)];
    await type("\u0003");
    await type("\u0003");
    expect(await Promise.all(answers)).toMatchObject([{ isAllowed: false }, { isAllowed: false }]);
    expect(events).toEqual(["hold", "raw true", "interrupt 1", "output", "interrupt 2"]);
  });

  test("the rest of a word reaches neither the next question nor the program", async () => {
    const { ask, type, clock, events, input } = setUp();
    const first = ask(secret);
    clock.pass(500);
    await type("y");
    expect(await first).toMatchObject({ isAllowed: true });
    await type("e");
    clock.pass(200);
    const second = ask(github);
    expect(events.slice(3)).toEqual(["raw false", "keys", "hold", "raw true"]);
    await type("s");
    clock.pass(500);
    await type("n");
    expect(await second).toMatchObject({ isAllowed: false });
    await type("o");
    await type("\n");
    expect(events.slice(-3)).toEqual(["output", "raw false", "keys"]);
    expect(input.isPaused()).toBe(true);
  });

  test("questions come one after the other, each with a guard of its own", async () => {
    const { ask, type, clock, screen } = setUp();
    const [first, second] = [ask(secret), ask(github)];
    clock.pass(500);
    await type("y");
    await first;
    await type("y");
    clock.pass(500);
    expect(screen()).toContain("api.github.com:443");
    await type("n");
    expect(await second).toMatchObject({ isAllowed: false });
  });

  test("`?` and `v` show more, and what waits", async () => {
    const { ask, type, clock, screen } = setUp();
    const answers = [ask(secret), ask(github)];
    clock.pass(500);
    screen();
    await type("?");
    const shown = screen();
    expect(shown).toContain("│ program: /usr/bin/curl, process 7");
    expect(shown).toContain("--allow-read='~/.aws/credentials'");
    expect(shown).toContain("also waiting: curl to connect to api.github.com:443");
    expect(shown).toContain("and 1 more");
    await type("v");
    expect(screen()).toContain("also waiting");
    await type("n");
    clock.pass(500);
    await type("n");
    expect(await Promise.all(answers)).toHaveLength(2);
  });

  test("a question whose program died goes away", async () => {
    const { ask, screen, events, clock } = setUp();
    const gone = new AbortController();
    const answer = ask(secret, gone.signal);
    gone.abort();
    await expect(answer).rejects.toThrow();
    expect(screen()).toContain("✗ no longer asked: curl to read ~/.aws/credentials");
    clock.pass(300);
    expect(events.at(-1)).toBe("keys");
  });

  test("nothing that the program left behind hides it", () => {
    const { ask, screen } = setUp();
    void ask(secret);
    expect(screen()).toMatch(
      // eslint-disable-next-line no-control-regex -- what undoes it
      /^\u0018\u001b\\\u001b\[\?2026l\u001b\[!p\u001b\[0m.*\u001b\]104\u0007\u001b\]110\u0007\u001b\]111\u0007\u001b\[\?25h\r\n┌ /,
    );
  });

  test("a terminal that goes away denies, now and later", async () => {
    const { ask, input, events } = setUp();
    const answer = ask(secret);
    input.destroy();
    await expect(answer).rejects.toThrow("the terminal is gone");
    await expect(ask(github)).rejects.toThrow("the terminal is gone");
    expect(events).toEqual(["hold", "raw true", "output", "raw false", "keys"]);
  });
});
