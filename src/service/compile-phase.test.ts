/**
 * @module
 * What goes wrong between compiling and running, and the shortcut of a language that has one.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GloveboxError } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { defaultLimits } from "../core/limits.ts";
import type { ProviderSandbox } from "../core/provider.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { indexLanguages } from "../languages/index-languages.ts";
import { createProcessProvider } from "../providers/process/index.ts";
import { languageNamed } from "../../test/helpers/language.ts";
import { renamedProvider } from "../../test/helpers/renamed-provider.ts";
import { requestOf } from "../../test/helpers/request.ts";
import { collect } from "./collect.ts";
import { createDiskCache } from "./compile-cache/disk-cache.ts";
import { createPreparedStore } from "./prepared/prepared-store.ts";
import type { ExecutionRequest } from "./request.ts";
import { ExecutionService } from "./service.ts";

const never = new AbortController().signal;
const CACHE_BYTES = 1024 ** 2;

/** "Compiled" by running its source with sh, which has to write the program. */
const language: LoadedLanguage = languageNamed("compiled", {
  extensions: [".sh"],
  mainFile: "main.sh",
  compile: [["sh", "{entry}"]],
  run: ["sh", "program"],
  version: { argv: ["sh", "-c", "echo 1"], pattern: "(.*)" },
  prepare: {
    files: [],
    commands: [{ argv: ["sh", "-c", "echo {prepared}"], stdout: "where" }],
    limits: {},
    env: {},
    shortcut: { unless: "slow", compile: [["sh", "-c", 'SHORT=yes sh "$0"', "{entry}"]] },
  },
});

let folder: string;
let service: ExecutionService;
let sandboxes: ProviderSandbox[];
/** What is done to each new sandbox. */
let change: (sandbox: ProviderSandbox) => void | Promise<void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "compile-phase-test-"));
  sandboxes = [];
  change = () => undefined;
  const real = createProcessProvider();
  const provider = renamedProvider({
    create: async (...args) => {
      const sandbox = await real.create(...args);
      await change(sandbox);
      sandboxes.push(sandbox);
      return sandbox;
    },
  });
  service = new ExecutionService({
    provider,
    languages: indexLanguages([language]),
    concurrency: 1,
    maxQueued: 1,
    compileLimits: { wallTimeMs: 5_000, cpuTimeMs: 5_000 },
    ownNodePath: realpathSync(process.execPath),
    compileCache: createDiskCache({ folder: join(folder, "compiled"), maxBytes: CACHE_BYTES }),
    preparedStore: createPreparedStore(join(folder, "prepared")),
  });
});
afterEach(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

const program = (...files: readonly SandboxFile[]) =>
  ({ kind: "code", language: language.id, files }) as const;
const main = (source: string): SandboxFile => ({ path: "main.sh", content: Buffer.from(source) });

const run = (source: string, parts: Partial<ExecutionRequest> = {}, signal = never) =>
  collect(service, requestOf(program(main(source)), parts), signal);

const hello = "echo 'echo hello' > program; echo compiling";

test("a program runs all the same where what was compiled can't be read", async () => {
  change = (sandbox) => {
    if (sandboxes.length > 0) return;
    const failed = new GloveboxError("SANDBOX_FAILED", "can't be read", {
      provider: "linux",
      step: "collect",
    });
    sandbox.collect = () => Promise.reject(failed);
  };
  const { report, output } = await run(hello);
  expect(report.compileCache).toBe("off");
  expect(report.run?.outcome).toEqual({ kind: "exited", exitCode: 0 });
  expect([output.compile.stdout, output.run.stdout].map(String)).toEqual([
    "compiling\n",
    "hello\n",
  ]);
  expect(sandboxes).toHaveLength(2);
  expect((await run(hello)).report.compileCache).toBe("miss");
  expect((await run(hello)).report.compileCache).toBe("hit");
});

test("a caller who goes away then has canceled it", async () => {
  const controller = new AbortController();
  change = (sandbox) => {
    sandbox.collect = () => {
      controller.abort();
      return Promise.reject(controller.signal.reason as Error);
    };
  };
  const { report } = await run(hello, {}, controller.signal);
  expect(report.compile?.outcome).toEqual({ kind: "canceled" });
  expect(report.run).toBeNull();
});

test("files that can't be brought back are missing with the reason", async () => {
  change = (sandbox) => {
    const failed = new GloveboxError("SANDBOX_FAILED", "they are too many", {
      provider: "linux",
      step: "collect",
    });
    const read = sandbox.collect.bind(sandbox);
    sandbox.collect = (request, signal) =>
      request.paths[0] === "made" ? Promise.reject(failed) : read(request, signal);
  };
  const artifacts = { paths: ["made"], maxFiles: 9, maxBytes: 999 };
  const { report } = await run(hello, { artifacts });
  expect(report.run?.outcome).toEqual({ kind: "exited", exitCode: 0 });
  expect(report.artifacts).toMatchObject({ isComplete: false, problem: "they are too many" });
});

const chatty = `echo 'echo hello' > program; printf %0100d 0`;

test("what was cut off is not kept for those who have room", async () => {
  const limits = { ...defaultLimits, outputBytes: 20 };
  const { report } = await run(chatty, { limits });
  expect(report.compile?.droppedBytes.stdout).toBe(80);
  const { report: whole, output } = await run(chatty);
  expect(whole.compileCache).toBe("miss");
  expect(output.compile.stdout).toHaveLength(100);
});

test("who allows little output does not get more from the cache", async () => {
  await run(chatty);
  const limits = { ...defaultLimits, outputBytes: 20 };
  const cut = await run(chatty, { limits });
  expect(cut.output.compile.stdout).toHaveLength(20);
  expect(cut.report.compile?.droppedBytes.stdout).toBe(80);
  const { report } = await run(chatty, { limits, onOutputLimit: "kill" });
  expect(report.compile?.outcome).toMatchObject({ kind: "limit", limit: "output" });
  expect((await run(chatty)).report.compileCache).toBe("hit");
});

test("a hit that has no room is compiled under the caller's own limits", async () => {
  await run(hello);
  change = async (sandbox) => {
    change = () => undefined;
    await sandbox.destroy();
    throw new GloveboxError("SANDBOX_FAILED", "No space left on device", {
      provider: "linux",
      step: "create",
    });
  };
  const { report, output } = await run(hello);
  expect(report.compileCache).toBe("off");
  expect([output.compile.stdout, output.run.stdout].map(String)).toEqual([
    "compiling\n",
    "hello\n",
  ]);
});

test("a compiler that puts a folder in the place of its source does so each time", async () => {
  const source =
    "rm main.sh; mkdir main.sh; echo 'cat main.sh/made' > program; echo yes > main.sh/made";
  for (const use of ["miss", "hit", "hit"]) {
    const { report, output } = await run(source);
    expect([report.compileCache, output.run.stdout.toString()]).toEqual([use, "yes\n"]);
  }
});

/** Says which way it was compiled. */
const source = (rest: string): string => `echo "echo \${SHORT:-no}" > program; ${rest}`;

test.each([
  ["true", "yes\n", ""],
  ["true # slow", "no\n", ""],
  ["test -z $SHORT", "no\n", ""],
  ["echo says something", "no\n", "says something\n"],
])("a shortcut is taken where it works: %s", async (rest, stdout, compiler) => {
  expect((await run(source(rest))).output.run.stdout.toString()).toBe("no\n");
  expect(await service.prepareLanguage(language, never)).toBe(true);
  const { output, report } = await run(source(rest));
  expect(report.compileCache).toBe("miss");
  expect([output.run.stdout, output.compile.output].map(String)).toEqual([stdout, compiler]);
});

test("a shortcut that a limit ends is the end, with what it said", async () => {
  await service.prepareLanguage(language, never);
  const limits = { ...defaultLimits, outputBytes: 20 };
  const { report, output } = await run(`test -z $SHORT || printf %0100d 7`, {
    limits,
    onOutputLimit: "kill",
  });
  expect(report.compile?.outcome).toMatchObject({ kind: "limit", limit: "output" });
  expect(output.compile.stdout.toString()).toBe("0".repeat(20));
});

test("a shortcut is for one file", async () => {
  await service.prepareLanguage(language, never);
  const files = [main(source("true")), { path: "other.sh", content: Buffer.from("") }];
  const { output } = await run("", { program: program(...files) });
  expect(output.run.stdout.toString()).toBe("no\n");
});
