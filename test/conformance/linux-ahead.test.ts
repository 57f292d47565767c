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
import { mainFileOf } from "../../src/languages/from-code.ts";
import { indexLanguages } from "../../src/languages/index-languages.ts";
import { loadLanguages } from "../../src/languages/load.ts";
import { collect } from "../../src/service/collect.ts";
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

describe.skipIf(skipReason !== undefined)(`compilers started ahead as ${user}`, () => {
  test.each(aheadCompilers.map((language) => [language.id, language] as const))(
    "%s's waits for its program: the usual one is not there",
    async (id, language) => {
      const prepare = { ...language.prepare!, compile: [["false"]] };
      const altered = { ...language, prepare };
      const folder = mkdtempSync(join(tmpdir(), "glovebox-ahead-test-"));
      const service = createService({
        provider: createAheadProvider(),
        languages: indexLanguages([altered]),
        preparedStore: createPreparedStore(folder),
        concurrency: 1,
      });
      try {
        await service.prepareLanguage(altered, never);
        const content = Buffer.from(language.helloCode);
        const files = [{ path: mainFileOf(language, content), content }];
        const limits = raiseToNeeds(defaultLimits, language.limits, () => false);
        const request = requestOf({ kind: "code", language: id, files }, { limits });
        const { output } = await collect(service, request, never);
        expect(output).toMatchObject({
          compile: { output: Buffer.alloc(0) },
          run: { output: Buffer.from("Hello, world!\n") },
        });
      } finally {
        await service.close();
        rmSync(folder, { recursive: true });
      }
    },
    PREPARE_TIMEOUT_MS,
  );
});

describe.skipIf(skipReason !== undefined)(`what the data brings for trials, as ${user}`, () => {
  const usual = languages.filter(({ usualCode }) => usualCode !== undefined);
  test.each(usual.map((language) => [language.id, language] as const))(
    "%s's usual program does its work",
    async (id, language) => {
      const service = createService({ provider: createColdProvider() });
      const content = Buffer.from(language.usualCode ?? "");
      const files = [{ path: mainFileOf(language, content), content }];
      const request = requestOf({ kind: "code", language: id, files });
      const { report, output } = await collect(service, request, never);
      await service.close();
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
  test("Node has been: its warm-up leaves a file here, and no other trace", async () => {
    const language = languages.find(({ id }) => id === "javascript")!;
    const prepare = {
      ...language.prepare!,
      files: [{ path: "warm.cjs", content: `require("node:fs").writeFileSync("/tmp/mark", "x");` }],
    };
    const folder = mkdtempSync(join(tmpdir(), "glovebox-ahead-test-"));
    const altered = { ...language, prepare };
    const service = createService({
      provider: createAheadProvider(),
      languages: indexLanguages([altered]),
      preparedStore: createPreparedStore(folder),
      concurrency: 1,
    });
    try {
      await service.prepareLanguage(altered, never);
      const code = `console.log(require("fs").readdirSync("/tmp"), process.env.NODE_OPTIONS, process.execArgv)`;
      const files = [{ path: "main.js", content: Buffer.from(code) }];
      const request = requestOf({ kind: "code", language: "javascript", files });
      const { output } = await collect(service, request, never);
      expect(output.run.output.toString()).toBe("[ 'mark' ] undefined []\n");
    } finally {
      await service.close();
      rmSync(folder, { recursive: true });
    }
  });

  test.each(Object.entries(lookAround))("one of %s sees nothing of it", async (id, code) => {
    const language = languages.find((each) => each.id === id)!;
    const folder = mkdtempSync(join(tmpdir(), "glovebox-ahead-test-"));
    const preparedStore = createPreparedStore(folder);
    const languageIndex = indexLanguages([language]);
    const warm = createService({
      ...{ provider: createAheadProvider(), languages: languageIndex, preparedStore },
      concurrency: 1,
    });
    const cold = createService({ provider: createColdProvider(), languages: languageIndex });
    try {
      expect(await warm.prepareLanguage(language, never)).toBe(true);
      const files = [{ path: mainFileOf(language, Buffer.from(code)), content: Buffer.from(code) }];
      const request = requestOf({ kind: "code", language: id, files });
      const outputOf = async (service: typeof warm): Promise<string> =>
        (await collect(service, request, never)).output.run.output.toString();
      expect(await outputOf(warm)).toBe(await outputOf(cold));
    } finally {
      await warm.close();
      await cold.close();
      rmSync(folder, { recursive: true });
    }
  });
});
