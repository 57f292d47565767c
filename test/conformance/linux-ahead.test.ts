/**
 * @module
 * The same with sandboxes that a server has made ahead: by one launcher for all of them, with programs
 * that were started before their files came, by themselves or as forks.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { createService } from "../../src/app.ts";
import { defaultLimits, raiseToNeeds } from "../../src/core/limits.ts";
import type { LoadedLanguage } from "../../src/core/language.ts";
import { mainFileOf } from "../../src/languages/from-code.ts";
import { indexLanguages } from "../../src/languages/index-languages.ts";
import { loadLanguages } from "../../src/languages/load.ts";
import { collect, type CollectedExecution } from "../../src/service/collect.ts";
import type { ExecutionRequest } from "../../src/service/request.ts";
import { createPreparedStore } from "../../src/service/prepared/prepared-store.ts";
import { aheadGap, createAheadProvider, createColdProvider } from "../helpers/ahead-provider.ts";
import { skipWithoutMountedFolders } from "../helpers/mounted-folders.ts";
import { requestOf } from "../helpers/request.ts";
import { requiredLanguages } from "../helpers/required-languages.ts";
import { describeLanguages } from "./languages.ts";
import { mountTests } from "./mount-tests.ts";
import { describeProvider } from "./suite.ts";

const user = process.getuid?.() === 0 ? "root" : "an ordinary user";
/** Those whose data says that they may be started ahead. */
const languages = await loadLanguages(fileURLToPath(new URL("../../languages", import.meta.url)));
const warmLanguages = languages.filter(({ warm }) => warm !== undefined).map(({ id }) => id);
/** Those whose compilers may. */
const aheadCompilers = languages.filter(({ prepare }) => prepare?.ahead !== undefined);

const PREPARE_TIMEOUT_MS = 60_000;
const never = new AbortController().signal;
const mountGap = skipWithoutMountedFolders();
const exceptions =
  mountGap === undefined ? {} : Object.fromEntries(mountTests.map((test) => [test, mountGap]));

const skipReason = await aheadGap();
for (const fork of ["off", "on"] as const) {
  const provider = createAheadProvider({ fork });
  // Its launcher is there before the suite looks for what was left.
  await provider.probe();
  const name = `linux as ${user}, started ahead, ${fork === "on" ? "forks" : "no forks"}`;
  afterAll(() => provider.close());
  // What a program is a fork of is of no matter to commands.
  if (fork === "off") describeProvider(() => provider, { name, exceptions, skipReason });
  describeLanguages(() => provider, {
    ...{ name, skipReason, required: requiredLanguages() },
    only: [...warmLanguages, ...(fork === "off" ? aheadCompilers.map(({ id }) => id) : [])],
  });
}

/** Where the language is prepared, and its compiler or interpreter has waited for the program. */
async function runAhead(language: LoadedLanguage, code: string): Promise<CollectedExecution> {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-ahead-test-"));
  const service = createService({
    provider: createAheadProvider(),
    languages: indexLanguages([language]),
    preparedStore: createPreparedStore(folder),
    concurrency: 1,
  });
  try {
    expect(await service.prepareLanguage(language, never)).toBe(true);
    return await collect(service, requestFor(language, code), never);
  } finally {
    await service.close();
    rmSync(folder, { recursive: true });
  }
}

async function runCold(language: LoadedLanguage, code: string): Promise<CollectedExecution> {
  const service = createService({ provider: createColdProvider() });
  try {
    return await collect(service, requestFor(language, code), never);
  } finally {
    await service.close();
  }
}

function requestFor(language: LoadedLanguage, code: string): ExecutionRequest {
  const content = Buffer.from(code);
  const files = [{ path: mainFileOf(language, content), content }];
  const limits = raiseToNeeds(defaultLimits, language.limits, () => false);
  return requestOf({ kind: "code", language: language.id, files }, { limits });
}

describe.skipIf(skipReason !== undefined)(`compilers started ahead as ${user}`, () => {
  test.each(aheadCompilers.map((language) => [language.id, language] as const))(
    "%s's waits for its program: the usual one is not there",
    async (_id, language) => {
      const prepare = { ...language.prepare!, compile: [["false"]] };
      const { output } = await runAhead({ ...language, prepare }, language.helloCode);
      expect(output).toMatchObject({
        compile: { output: Buffer.alloc(0) },
        run: { output: Buffer.from("Hello, world!\n") },
      });
    },
    PREPARE_TIMEOUT_MS,
  );
});

describe.skipIf(skipReason !== undefined)(`what the data brings for trials, as ${user}`, () => {
  const usual = languages.filter(({ usualCode }) => usualCode !== undefined);
  test.each(usual.map((language) => [language.id, language] as const))(
    "%s's usual program does its work",
    async (_id, language) => {
      const { report, output } = await runCold(language, language.usualCode ?? "");
      expect(report.run?.outcome).toEqual({ kind: "exited", exitCode: 0 });
      expect(output.run.stdout.toString()).toContain("Hello, [0, 1, 4");
    },
  );
});

/** What a program can see of how it was started. */
const lookAround = {
  javascript: `
const fs = require("node:fs");
const { execFileSync } = require("node:child_process");
const flags = (fd) => /flags:\\s+(\\d+)/.exec(fs.readFileSync("/proc/self/fdinfo/" + fd, "utf8"))[1];
const { argv, argv0, execArgv, env, title } = process;
const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
console.log(JSON.stringify({ argv, argv0, execArgv, env, title, listeners }));
console.log(JSON.stringify([flags(0), flags(1), fs.readdirSync("/proc/self/fd").length, fs.readdirSync("/tmp")]));
console.log(fs.readFileSync("/proc/self/cmdline", "utf8") + fs.readFileSync("/proc/self/environ", "utf8"));
console.log(Object.keys(require.cache), Object.keys(require("node:module")._pathCache), module.children.length, module.parent);
console.log(Object.getOwnPropertyNames(globalThis).length, process.memoryUsage().external < 2 ** 22);
console.log(execFileSync("env").toString(), new Error("here").stack);
`,
};

describe.skipIf(skipReason !== undefined)(`programs that were warmed up as ${user}`, () => {
  const find = (id: string): LoadedLanguage => languages.find((each) => each.id === id)!;
  const textOf = ({ output }: CollectedExecution): string => output.run.output.toString();

  test("Node has been: its warm-up leaves a file here, and no other trace", async () => {
    const language = find("javascript");
    const content = `require("node:fs").writeFileSync("/tmp/mark", "x");`;
    const prepare = { ...language.prepare!, files: [{ path: "warm.cjs", content }] };
    const code = `console.log(require("fs").readdirSync("/tmp"), process.env.NODE_OPTIONS, process.execArgv)`;
    const ran = await runAhead({ ...language, prepare }, code);
    expect(textOf(ran)).toBe("[ 'mark' ] undefined []\n");
  });

  test.each(Object.entries(lookAround))("one of %s sees nothing of it", async (id, code) => {
    const language = find(id);
    expect(textOf(await runAhead(language, code))).toBe(textOf(await runCold(language, code)));
  });
});
