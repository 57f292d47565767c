/**
 * @module
 * The launcher on its own, built with AddressSanitizer and UBSan: whole runs, and plans that no owner
 * of ours would send.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Duplex, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultLimits } from "../../../src/core/limits.ts";
import { fileSystemRecords } from "../../../src/providers/linux/host-image.ts";
import { cutFrame } from "../../../src/launcher/frame.ts";
import { encodeMessage, type Records } from "../../../src/launcher/message.ts";
import { skipUnless } from "../../../test/helpers/require.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "glovebox-launcher-test-"));
const launcher = join(folder, "launcher");

const skipReason = skipUnless("sanitizers", whyNoSanitizer());

function whyNoSanitizer(): string | undefined {
  try {
    const script = join(root, "scripts/compile-launcher.mjs");
    execFileSync(process.execPath, [script, "--sanitize", launcher], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return `no sanitizer build: ${(error as Error).message.split("\n")[0] ?? ""}`;
  }
}

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly status: string;
  readonly stdout: string;
  /** Of the program. */
  readonly stderr: string;
  /** What the sanitizers say of the launcher itself. */
  readonly report: string;
}

/** See launcher.h. */
const EXIT_FAILED_LANE_FREE = 4;

const kinds = ["o", "e", "s"] as const;
type Streams = Record<(typeof kinds)[number], string>;

/**
 * Sends bytes on its lane, and `end` once the launcher has reported one.
 *
 * @param until `now`: closes the lane behind the bytes.
 */
async function launch(bytes: Buffer, until: "end" | "now" = "end"): Promise<Ended> {
  const child = spawn(launcher, [], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    // Leak detection traces the process, which a sandbox forbids.
    env: { ASAN_OPTIONS: "detect_leaks=0", UBSAN_OPTIONS: "print_stacktrace=1" },
    timeout: 20_000,
  });
  const [, , report, lane] = child.stdio as unknown as [null, null, Readable, Duplex];
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  lane.on("error", () => undefined);
  const streams: Streams = { o: "", e: "", s: "" };
  let rest = Buffer.alloc(0);
  lane.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let frame = cutFrame(rest, kinds); frame !== undefined; frame = cutFrame(rest, kinds)) {
      rest = frame.rest as typeof rest;
      streams[frame.kind] += frame.bytes.toString("latin1");
    }
    if (/^(exit|error) /m.test(streams.s)) lane.write(encodeMessage([["end", ""]]));
  });
  const closed = new Promise((resolve) => lane.once("close", resolve));
  const words = text(report);
  lane.write(bytes);
  if (until === "now") lane.destroy();
  const code = await ended;
  await closed;
  return { code, status: streams.s, stdout: streams.o, stderr: streams.e, report: await words };
}

const settings: Records = [
  ["create", ""],
  ["network", "none"],
  ["memory-bytes", 64 << 20],
  ["processes", 16],
  ["disk-bytes", 4 << 20],
  ["disk-inodes", 1024],
  ["open-files", 64],
];

const fileSystem = fileSystemRecords({
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: defaultLimits,
  files: [{ path: "folder/note.txt", content: Buffer.from("written by the plan\n") }],
  hostPrograms: [],
  enforcement: "strict",
});

const sameFileTwice: Records = [
  ["file", ["/x", "0644", ""]],
  ["file", ["/x", "0644", ""]],
];

const create = encodeMessage([...settings, ...fileSystem]);

const exec = (script: string, more: Records = []): Buffer =>
  encodeMessage([
    ["exec", ""],
    ["argv", "/bin/sh"],
    ["argv", "-c"],
    ["argv", script],
    ["env", "PATH=/usr/bin:/bin"],
    ["cwd", "/workspace"],
    ["stdin", "pipe"],
    ["wall-us", 10_000_000],
    ["cpu-us", 10_000_000],
    ["output-bytes", 100_000],
    ["at-output-limit", "truncate"],
    ...more,
  ]);

/** What is asked of a collection, in the place of a program. */
const collecting: Records = [
  ["collect", ["10", "100000"]],
  ["path", "."],
];

const setting: Records = [
  ["cwd", "/workspace"],
  ["stdin", "empty"],
  ["wall-us", 10_000_000],
  ["cpu-us", 10_000_000],
  ["output-bytes", 1_000_000],
  ["at-output-limit", "kill"],
];

const collect = (records = collecting): Buffer =>
  encodeMessage([["exec", ""], ...records, ...setting]);

const noSanitizerReport = /runtime error|AddressSanitizer|Sanitizer:/;

describe.skipIf(skipReason !== undefined)(`the launcher (${skipReason ?? "sanitized"})`, () => {
  let whole: Ended;
  beforeAll(async () => {
    const script = "cat folder/note.txt -; echo err >&2; exit 7";
    const input = [encodeMessage([["input", "given\n"]]), encodeMessage([["input-end", ""]])];
    whole = await launch(Buffer.concat([create, exec(script), ...input]));
  });

  test("runs a command and reports its end and the bytes of its output", () => {
    expect(whole.stdout).toBe("written by the plan\ngiven\n");
    expect(whole.stderr).toBe("err\n");
    expect(whole.status).toMatch(
      /^ready\ninput-taken\nexit code=7 signal=0 limit=none wall-us=\d+ /,
    );
    expect(whole.status).toContain(" stdout=26 stderr=4 dropped-stdout=0 dropped-stderr=0 ");
    expect(whole.code).toBe(0);
  });

  test("collects files in frames", async () => {
    const { code, status, stdout, stderr } = await launch(Buffer.concat([create, collect()]));
    expect(stdout).toBe(
      "f\u0010\0\0\0-folder/note.txt" +
        "c\u0014\0\0\0written by the plan\n" +
        "e\u0001\0\0\0-.\u0001\0\0\0-",
    );
    expect(status).toMatch(/^ready\nexit code=0 signal=0 limit=none /);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("collects from trees that are too deep, and names that are too long together", async () => {
    const paths = ["d/".repeat(60), `${"n".repeat(255)}/`.repeat(6)];
    const files = paths.map((path) => ["file", [`/workspace/${path}x`, "0644", "x"]] as const);
    const deep = encodeMessage([...settings, ...fileSystem, ...files]);
    const { code, stdout, stderr } = await launch(Buffer.concat([deep, collect()]));
    const skipped = [...stdout.matchAll(/s..\0\0n([dn/]+)/gs)].map(([, path]) => path?.length);
    expect(skipped.sort()).toEqual([4 * 256 + 255, 33 * 2 - 1]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("ends at once when its owner is gone before the plan is whole", async () => {
    const { code, status } = await launch(create.subarray(0, 100), "now");
    expect({ code, status }).toEqual({ code: 3, status: "" });
  });

  test.each<[string, Buffer, string]>([
    ["an empty message", Buffer.alloc(4), "a length of 0 bytes is out of range"],
    ["a length of 4 GiB", Buffer.alloc(4, 0xff), "a length of 4294967295 bytes is out of range"],
    ["another first record", encodeMessage([["exec", ""]]), "the first record is not `create`"],
    ["an unknown key", encodeMessage([...settings, ["magic", "1"]]), "unknown key `magic`"],
    ["no limits", encodeMessage([["create", ""]]), "a limit is missing"],
    ["a limit of 0", encodeMessage([...settings, ["processes", 0]]), "a limit is missing"],
    [
      "a negative limit",
      encodeMessage([...settings, ["processes", -1]]),
      "processes is not a number",
    ],
    [
      "a limit with a tail",
      encodeMessage([...settings, ["processes", "5x"]]),
      "is not a number: 5x",
    ],
    [
      "a huge limit",
      encodeMessage([...settings, ["processes", "9".repeat(30)]]),
      "is not a number",
    ],
    [
      "another network",
      encodeMessage([...settings, ["network", "lan"]]),
      "neither none, ask nor host",
    ],
    [
      "a relative path",
      encodeMessage([...settings, ["dir", ["etc", "0755"]]]),
      "not a plain absolute",
    ],
    ["a path that climbs", encodeMessage([...settings, ["dir", ["/a/..", "0755"]]]), "not a plain"],
    ["a missing field", encodeMessage([...settings, ["dir", ["/etc"]]]), "`dir` lacks a field"],
    ["a strange mode", encodeMessage([...settings, ["dir", ["/etc", "7777"]]]), "not a mode: 7777"],
    [
      "a host path that is not there",
      encodeMessage([...settings, ["bind", ["/x", "/no/x"]]]),
      "/no/x",
    ],
    ["one file twice", encodeMessage([...settings, ...sameFileTwice]), "/x"],
  ])("refuses a plan with %s", async (_name, plan, message) => {
    const { code, status, report } = await launch(plan);
    expect(status).toMatch(/^error /);
    expect(status).toContain(message);
    expect(code).toBe(EXIT_FAILED_LANE_FREE);
    expect(report).not.toMatch(noSanitizerReport);
  });

  test.each<[string, Buffer, string]>([
    ["an unknown message", encodeMessage([["dance", ""]]), "unknown message `dance`"],
    ["no such signal", encodeMessage([["signal", 99]]), "no such signal: 99"],
    [
      "a command without limits",
      encodeMessage([
        ["exec", ""],
        ["argv", "x"],
      ]),
      "a limit is missing",
    ],
    ["an unknown key in a command", exec("true", [["uid", 0]]), "unknown key `uid`"],
    ["a collection besides a program", exec("true", collecting), "no program, or one besides"],
    ["a collection without bounds", collect([["collect", "10"]]), "`collect` lacks a field"],
    ["a collection with odd bounds", collect([["collect", ["10", "all"]]]), "is not a number"],
    ["a second command at once", Buffer.concat([exec("sleep 9"), exec("true")]), "running already"],
    ["a message that is too long", Buffer.from([0, 0, 0, 16]), "268435456 bytes is too long"],
  ])("refuses %s, and the sandbox is gone", async (name, message, words) => {
    const { code, status, report } = await launch(Buffer.concat([create, message]));
    expect(status).toContain(words);
    // Behind one that is too long nobody knows what comes next.
    expect(code).toBe(name === "a message that is too long" ? 1 : EXIT_FAILED_LANE_FREE);
    expect(report).not.toMatch(noSanitizerReport);
  });

  test("survives plans with random damage: no memory error, no hang, an end of its own", async () => {
    const random = randomNumbers(20261121);
    for (let round = 0; round < 150; round++) {
      const damaged = Buffer.from(create);
      for (let hit = 0; hit < 1 + (round % 4); hit++) {
        damaged[4 + (random() % (damaged.length - 4))] = random() % 256;
      }
      const { code, report } = await launch(Buffer.concat([damaged, exec("true")]));
      expect(report).not.toMatch(noSanitizerReport);
      expect([0, 1, EXIT_FAILED_LANE_FREE]).toContain(code);
    }
  }, 120_000);

  test("survives odd paths and random damage in what is to be collected", async () => {
    const names = ["", ".", "..", "../..", "/", "/etc", "folder/../..", "x".repeat(5000), "a//b"];
    const odd = collect([...collecting, ...names.map((path) => ["path", path] as const)]);
    const messages = [odd];
    const random = randomNumbers(20261122);
    for (let round = 0; round < 40; round++) {
      const damaged = Buffer.from(collect());
      damaged[4 + (random() % (damaged.length - 4))] = random() % 256;
      messages.push(damaged);
    }
    for (const message of messages) {
      const { code, report } = await launch(Buffer.concat([create, message]));
      expect(report).not.toMatch(noSanitizerReport);
      expect([0, 1, EXIT_FAILED_LANE_FREE]).toContain(code);
    }
  }, 120_000);
});

/** A linear congruential generator (Numerical Recipes), so that a failure can be repeated. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}
