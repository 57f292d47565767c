import { PassThrough } from "node:stream";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { openToolOutput, type ToolOutput, type ToolOutputOptions } from "./tool-output.ts";

afterEach(() => {
  vi.useRealTimers();
});

interface Said {
  readonly tool: ToolOutput;
  /** What the program says from now on. */
  readonly say: (...chunks: readonly (string | Buffer)[]) => Promise<void>;
  readonly shown: () => string;
}

function open(options: Partial<ToolOutputOptions>, isTTY = false): Said {
  let shown = "";
  const output = { isTTY, columns: 40, write: (text: string) => (shown += text) };
  const quietly = { title: "lua: apt", isQuiet: false, isVerbose: false };
  const tool = openToolOutput({ ...quietly, output, ...options });
  return {
    tool,
    say: async (...chunks) => {
      const stream = new PassThrough();
      tool.follow(stream);
      for (const chunk of chunks) stream.write(chunk);
      stream.end();
      await once(stream, "end");
    },
    shown: () => shown,
  };
}

test("elsewhere than on a terminal there is a line each ten seconds, also of a silent program", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  const { tool, say, shown } = open({});
  vi.advanceTimersByTime(9_999);
  await say("Get:1 one\nGet:2 two\n");
  expect(shown()).toBe("");
  vi.advanceTimersByTime(1);
  await say("Get:3\x1b[2J three\n");
  vi.advanceTimersByTime(10_000);
  tool[Symbol.dispose]();
  vi.advanceTimersByTime(60_000);
  expect(shown()).toBe(
    "glovebox: lua: apt, 10 s  Get:2 two\nglovebox: lua: apt, 20 s  Get:3\\x1b[2J three\n",
  );
});

test("on a terminal one line changes, no wider than it, and is gone at the end", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  const { tool, say, shown } = open({}, true);
  vi.advanceTimersByTime(250);
  await say("Unpacking something with a very long name\n");
  vi.advanceTimersByTime(1_750);
  tool[Symbol.dispose]();
  const lines = shown().split("\r\x1b[K");
  expect(lines.slice(0, 2)).toEqual(["", "lua: apt, 0 s"]);
  expect(lines.at(-2)).toBe("lua: apt, 2 s  Unpacking something with a ver".slice(0, 39));
  expect(lines.at(-1)).toBe("");
});

test("a failure shows the last twenty lines of both streams", async () => {
  const { tool, say, shown } = open({ isQuiet: true });
  await say(...Array.from({ length: 300 }, (_, index) => `line ${index}\n`));
  await say(Buffer.from("the r"), Buffer.from("eason\x1b[2J"));
  expect(shown()).toBe("");
  tool.showEnd();
  const lines = shown().split("\n");
  expect(lines).toHaveLength(21);
  expect(lines[0]).toBe("  line 281");
  expect(lines.at(-2)).toBe("  the reason\\x1b[2J");
});

test("with -v all of it is there as it was said, and nothing twice", async () => {
  const { tool, say, shown } = open({ isVerbose: true });
  await say("one\n", "two");
  tool.showEnd();
  tool[Symbol.dispose]();
  expect(shown()).toBe("one\ntwo");
});
