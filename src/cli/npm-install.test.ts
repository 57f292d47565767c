/**
 * @module
 * Real npm, without a registry: the packages are files.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { defaultLimits } from "../core/limits.ts";
import { indexLanguages } from "../languages/index-languages.ts";
import { createProcessProvider } from "../providers/process/index.ts";
import { collect } from "../service/collect.ts";
import { readNpmDescription } from "../service/npm-folder.ts";
import { ExecutionService } from "../service/service.ts";
import { installNpmLanguage, publish } from "./npm-install.ts";
import { npmSizeBytes, removeNpmLanguage } from "./npm-remove.ts";

const folder = mkdtempSync(join(tmpdir(), "glovebox-npm-test-"));
const never = new AbortController().signal;
const wasRun = join(folder, "script-was-run");
let data: string;
let said: string[];

beforeEach(() => {
  said = [];
  data = mkdtempSync(join(folder, "data-"));
  // What looks for it in the service reads this process's own.
  vi.stubEnv("XDG_DATA_HOME", data);
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A package as a registry would have it. @returns Its file. */
function pack(manifest: object, files: Readonly<Record<string, string>>): string {
  const source = mkdtempSync(join(folder, "source-"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(source, path)), { recursive: true });
    writeFileSync(join(source, path), content, { mode: 0o755 });
  }
  writeFileSync(join(source, "package.json"), JSON.stringify(manifest));
  const words = ["pack", source, `--pack-destination=${source}`, "--silent"];
  const name = execFileSync("npm", words, { encoding: "utf8", timeout: 60_000, env: npmEnv() });
  return join(source, name.trim());
}

function npmEnv(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    npm_config_offline: "true",
    npm_config_cache: join(folder, "cache"),
    npm_config_ignore_scripts: "false",
  };
}

/** Prints who runs, its arguments and its file. */
const script = (who: string): string =>
  `#!/bin/sh\n[ "$1" = --version ] && echo "demo 1.2.3" && exit\necho "${who} $2 $(cat "$1")"\n`;

function demoOf(file: string, parts: Partial<LoadedLanguage> = {}): LoadedLanguage {
  return languageNamed("demo", {
    run: ["demo-lang", "{entry}"],
    version: { argv: ["demo-lang", "--version"], pattern: "demo (.*)" },
    install: { debian: [], npm: [`demo@file:${file}`] },
    ...parts,
  });
}

const plain = (): string =>
  pack(
    {
      name: "demo",
      version: "1.2.3",
      bin: { "demo-lang": "run.sh", "../escape": "run.sh" },
      scripts: { install: `touch '${wasRun}'` },
    },
    { "run.sh": script("script") },
  );

const install = (language: LoadedLanguage, signal = never): Promise<void> => {
  const env = { ...npmEnv(), XDG_DATA_HOME: data };
  const talk = { isQuiet: true, isVerbose: false, onProgress: (text: string) => said.push(text) };
  return installNpmLanguage(language, { env, ...talk }, signal);
};

async function run(language: LoadedLanguage): Promise<string> {
  const service = new ExecutionService({
    provider: createProcessProvider(),
    languages: indexLanguages([language]),
    concurrency: 1,
    maxQueued: 1,
    compileLimits: { wallTimeMs: 5_000, cpuTimeMs: 5_000 },
    ownNodePath: process.execPath,
  });
  try {
    const [runtime] = await service.runtimes(never);
    expect(runtime).toEqual({ languageId: "demo", version: "1.2.3" });
    const files = [{ path: "main.demo", content: Buffer.from("its code") }];
    const { output } = await collect(
      service,
      {
        program: { kind: "code", language: "demo", files },
        args: ["argument"],
        env: {},
        stdin: "empty",
        limits: defaultLimits,
        onOutputLimit: "truncate",
        network: { mode: "all" },
        enforcement: "best-effort",
      },
      never,
    );
    return output.run.output.toString();
  } finally {
    await service.close();
  }
}

test("a language comes by npm, is found by a service, and goes again", async () => {
  const language = demoOf(plain());
  const all = join(data, "glovebox/npm");
  // What is no whole one makes room.
  mkdirSync(join(all, "demo/half"), { recursive: true });
  await install(language);
  expect(said.at(-1)).toMatch(/^demo: demo 1\.2\.3; [\d.]+ kB, in [\d.]+ s$/);
  expect(existsSync(wasRun)).toBe(false);
  expect(await run(language)).toBe("script argument its code\n");

  expect(readdirSync(all)).toEqual(["demo"]);
  expect(readdirSync(join(all, "demo"))).not.toContain("half");
  expect(readdirSync(join(all, "demo/bin"))).toEqual(["demo-lang"]);
  const { sizeBytes } = readNpmDescription(join(all, "demo"));
  expect(npmSizeBytes(language)).toBe(sizeBytes);

  await install(language);
  expect(said.at(-1)).toBe("demo: it is there; to make it anew: glovebox languages remove demo");

  expect(await removeNpmLanguage(language, { XDG_DATA_HOME: data })).toBe(sizeBytes);
  expect(readdirSync(all)).toEqual([]);
  expect(await removeNpmLanguage(language, { XDG_DATA_HOME: data })).toBeUndefined();
}, 60_000);

test("of a program for this machine alone, npm's wrapper is left out", async () => {
  const native = (name: string, cpu: string): string =>
    pack(
      { name, version: "1.2.3", os: [process.platform], cpu: [cpu] },
      { "bin/demo-lang": script(name) },
    );
  const file = pack(
    {
      name: "demo",
      version: "1.2.3",
      bin: { "demo-lang": "run.sh" },
      optionalDependencies: {
        "demo-here": `file:${native("demo-here", process.arch)}`,
        "demo-elsewhere": `file:${native("demo-elsewhere", "s390")}`,
      },
    },
    { "run.sh": script("wrapper") },
  );
  const language = demoOf(file);
  await install(language);
  const link = readlinkSync(join(data, "glovebox/npm/demo/bin/demo-lang"));
  expect(link).toBe("../node_modules/demo-here/bin/demo-lang");
  expect(said.at(-1)).toMatch(/^demo: demo 1\.2\.3, demo-here 1\.2\.3; /);
  expect(await run(language)).toBe("demo-here argument its code\n");
}, 60_000);

test("of two that bring it at the same time one may find the other's, and that stays", async () => {
  const target = join(data, "target");
  let met = 0;
  for (let round = 0; round < 100; round++) {
    const bring = async (who: string): Promise<boolean> => {
      const work = mkdtempSync(join(data, "work-"));
      mkdirSync(join(work, "tree"));
      writeFileSync(join(work, "tree/glovebox.json"), who);
      return publish(join(work, "tree"), target, join(work, "old"));
    };
    const published = await Promise.all([bring("a"), bring("b")]);
    expect(published).toContain(true);
    expect(readdirSync(target)).toEqual(["glovebox.json"]);
    if (published.includes(false)) met++;
    rmSync(target, { recursive: true });
  }
  expect(met).toBeGreaterThan(0);
});

test("packages without the language's program are a failure that leaves nothing", async () => {
  const file = pack({ name: "demo", version: "1.0.0", bin: { other: "run.sh" } }, { "run.sh": "" });
  await expect(install(demoOf(file))).rejects.toMatchObject({
    code: "SANDBOX_FAILED",
    message: `npm has no \`demo-lang\` for this machine, ${process.platform} ${process.arch}, in what it brought.`,
  });
  expect(readdirSync(join(data, "glovebox/npm"))).toEqual([]);
}, 60_000);

test("a failure of npm says so and leaves nothing", async () => {
  const missing = demoOf(join(folder, "no-such-file.tgz"));
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await expect(install(missing)).rejects.toThrow(/`npm install demo@file:.*` failed with code \d+/);
  const shown = write.mock.calls.map(([text]) => String(text)).join("");
  write.mockRestore();
  // Also where nothing else is said.
  expect(shown).toMatch(/^ {2}npm .*no-such-file/m);
  expect(readdirSync(join(data, "glovebox/npm"))).toEqual([]);
}, 60_000);

test("an abort ends npm and leaves nothing", async () => {
  const fifo = join(folder, "endless.tgz");
  execFileSync("mkfifo", [fifo]);
  const controller = new AbortController();
  const reason = new Error("enough");
  const failure = expect(install(demoOf(fifo), controller.signal)).rejects.toBe(reason);
  // Opens when npm reads it, which then waits for more.
  const writer = await open(fifo, "w");
  controller.abort(reason);
  await failure;
  await writer.close();
  expect(readdirSync(join(data, "glovebox/npm"))).toEqual([]);
}, 60_000);
