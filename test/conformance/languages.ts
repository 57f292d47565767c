/**
 * @module
 * Every language's own tests and first program, run by the service on a provider.
 */
import { Readable } from "node:stream";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EnforcementMode } from "../../src/core/enforcement.ts";
import type { LanguageTest, LoadedLanguage } from "../../src/core/language.ts";
import { defaultLimits, raiseToNeeds } from "../../src/core/limits.ts";
import type { Provider } from "../../src/core/provider.ts";
import { mainFileOf } from "../../src/languages/from-code.ts";
import { indexLanguages } from "../../src/languages/index-languages.ts";
import { loadLanguages } from "../../src/languages/load.ts";
import { collect } from "../../src/service/collect.ts";
import type { CollectedExecution } from "../../src/service/collect.ts";
import { createDiskCache } from "../../src/service/compile-cache/disk-cache.ts";
import { createPreparedStore } from "../../src/service/prepared/prepared-store.ts";
import type { ServiceOptions } from "../../src/service/service-options.ts";
import { ExecutionService } from "../../src/service/service.ts";
import { createLeftoverCheck } from "../helpers/leftovers.ts";
import type { LeftoverCheck } from "../helpers/leftovers.ts";
import { isRequired } from "../helpers/require.ts";

const folder = fileURLToPath(new URL("../../languages", import.meta.url));
const allLanguages = await loadLanguages(folder);
const never = new AbortController().signal;
/** Preparing Scala's compiler takes a minute of two CPUs. */
const PREPARED_TIMEOUT_MS = 300_000;
const CACHE_BYTES = 256 * 1024 ** 2;
const compileLimits = { wallTimeMs: 30_000, cpuTimeMs: 30_000 };

export interface LanguageOptions {
  readonly name: string;
  /** Why this host can't run the provider at all; see `skipUnless`. */
  readonly skipReason?: string | undefined;
  /** Of all sandboxes that the tests create. Default `strict`. */
  readonly enforcement?: EnforcementMode;
  /** Further languages that must be there. */
  readonly required?: ReadonlySet<string>;
  /** Only these; default: all. */
  readonly only?: readonly string[];
}

/** A language that is not installed is skipped, unless it is required, here or by `GLOVEBOX_REQUIRE`. */
export function describeLanguages(
  makeProvider: () => Provider | Promise<Provider>,
  { name, skipReason, enforcement = "strict", required = new Set(), only }: LanguageOptions,
): void {
  const languages =
    only === undefined ? allLanguages : allLanguages.filter(({ id }) => only.includes(id));
  describe.skipIf(skipReason !== undefined)(`languages on ${name}`, () => {
    let service: ExecutionService;
    let cached: ExecutionService;
    let quick: ExecutionService;
    let options: ServiceOptions;
    let canCache: boolean;
    let canPrepare: boolean;
    let leftovers: LeftoverCheck;
    let cacheFolder: string;
    const missing = new Set(languages.map(({ id }) => id));
    beforeAll(async () => {
      leftovers = await createLeftoverCheck();
      cacheFolder = mkdtempSync(join(tmpdir(), "glovebox-languages-test-"));
      const provider = await makeProvider();
      canCache = provider.name !== "process";
      canPrepare = provider.programs === "host" && provider.name !== "process";
      options = {
        provider,
        languages: indexLanguages(languages),
        concurrency: 2,
        maxQueued: 10,
        compileLimits,
        ownNodePath: realpathSync(process.execPath),
      };
      service = new ExecutionService(options);
      const compileCache = createDiskCache({ folder: cacheFolder, maxBytes: CACHE_BYTES });
      cached = new ExecutionService({ ...options, compileCache });
      const preparedStore = createPreparedStore(join(cacheFolder, "prepared"));
      const quickCache = createDiskCache({
        folder: join(cacheFolder, "quick"),
        maxBytes: CACHE_BYTES,
      });
      quick = new ExecutionService({ ...options, preparedStore, compileCache: quickCache });
      for (const { languageId } of await service.runtimes(never)) missing.delete(languageId);
    });
    afterAll(async () => {
      await service.close();
      await cached.close();
      await quick.close();
      rmSync(cacheFolder, { recursive: true });
      expect(await leftovers.find()).toEqual([]);
    });

    /** What the shortcut can't do, the usual way does: so that way must not be there to see it. */
    async function takesShortcut(language: LoadedLanguage): Promise<void> {
      const { compile = [], helloCode: content } = language;
      const unusable = compile.map(([program = ""]) => [program, "--no-such-option"]);
      const preparedStore = createPreparedStore(join(cacheFolder, "prepared"));
      const only = indexLanguages([{ ...language, compile: unusable }]);
      // Not closed: that would close the provider, and it does nothing by itself.
      const shortcut = new ExecutionService({ ...options, preparedStore, languages: only });
      const files = [{ path: mainFileOf(language, Buffer.from(content)), content }];
      const parts = { files, args: [], stdin: language.helloStdin };
      const { output } = await runIn(shortcut, language, parts, enforcement);
      expect(output.run.output.toString()).toBe("Hello, world!\n");
    }

    for (const language of languages) {
      const owes = (testName: string, body: () => Promise<void>, timeoutMs?: number): void => {
        test(
          `${language.id} ${testName}`,
          timeoutMs === undefined ? {} : { timeout: timeoutMs },
          async (context) => {
            const isWanted = required.has(language.id) || isRequired(language.id);
            const isMissing = missing.has(language.id) && !isWanted;
            // What this host lacks can't be run. `.ci/run` demands its 36, which then fail instead.
            context.skip(isMissing, `${language.title} is not installed`);
            await body();
          },
        );
      };
      owes("tells its version", async () => {
        const runtime = await service.runtime(language, never);
        const { argv, pattern } = language.version;
        if (runtime?.version === null) {
          expect.fail(
            `what \`${argv.join(" ")}\` says does not match \`${pattern}\`, its version.pattern`,
          );
        }
        expect(runtime?.version).toMatch(/^\d[\w.+~-]*$/);
      });
      owes("greets with its first program", async () => {
        const content = Buffer.from(language.helloCode);
        const hello = { path: mainFileOf(language, content), content: language.helloCode };
        const [args, name] =
          language.lacks.args === undefined ? [["tester"], "tester"] : [[], "world"];
        const parts = { files: [hello], args, stdin: language.helloStdin };
        const { output } = await runIn(service, language, parts, enforcement);
        expect(output.run.output.toString()).toBe(`Hello, ${name}!\n`);
      });
      owes("greets the world where it has no argument", async () => {
        const content = Buffer.from(language.helloCode);
        const files = [{ path: mainFileOf(language, content), content: language.helloCode }];
        const parts = { files, args: [], stdin: language.helloStdin };
        const { output } = await runIn(service, language, parts, enforcement);
        expect(output.run.output.toString()).toBe("Hello, world!\n");
      });
      if (language.compile !== undefined) {
        owes("greets the same when it is not compiled again", async () => {
          const content = language.helloCode;
          const path = mainFileOf(language, Buffer.from(content));
          const twice = { files: [{ path, content }], args: [], stdin: language.helloStdin };
          const first = await runIn(cached, language, twice, enforcement);
          const second = await runIn(cached, language, twice, enforcement);
          const uses = [first.report.compileCache, second.report.compileCache];
          expect(uses).toEqual(canCache ? ["miss", "hit"] : ["off", "off"]);
          expect(second.output).toEqual(first.output);
          expect(second.output.run.output.toString()).toBe("Hello, world!\n");
        });
      }
      for (const languageTest of language.tests) {
        owes(languageTest.name, async () => {
          check(languageTest, await runIn(service, language, languageTest, enforcement));
        });
      }
      if (language.prepare === undefined) continue;
      const withPrepared = async (): Promise<void> => {
        // Only this host's programs.
        expect(await quick.prepareLanguage(language, never)).toBe(canPrepare);
        if (!canPrepare) return;
        for (const languageTest of language.tests) {
          check(languageTest, await runIn(quick, language, languageTest, enforcement));
        }
        if (language.prepare?.shortcut !== undefined) await takesShortcut(language);
        const [again] = language.tests;
        if (language.compile === undefined || again === undefined) return;
        const { report } = await runIn(quick, language, again, enforcement);
        expect(report.compileCache).toBe(canCache ? "hit" : "off");
      };
      owes("does all of it with what was prepared", withPrepared, PREPARED_TIMEOUT_MS);
    }
  });
}

async function runIn(
  service: ExecutionService,
  { id, limits }: LoadedLanguage,
  { files, args, stdin }: Pick<LanguageTest, "files" | "args"> & { readonly stdin?: string },
  enforcement: EnforcementMode,
): Promise<CollectedExecution> {
  return collect(
    service,
    {
      program: {
        kind: "code",
        language: id,
        files: files.map(({ path, content }) => ({ path, content: Buffer.from(content) })),
      },
      args,
      env: {},
      stdin: stdin === undefined || stdin === "" ? "empty" : Readable.from([Buffer.from(stdin)]),
      limits: raiseToNeeds(defaultLimits, limits, () => false),
      onOutputLimit: "truncate",
      network: { mode: "none" },
      enforcement,
    },
    never,
  );
}

function check(
  { name, expect: expected }: LanguageTest,
  { report, output }: CollectedExecution,
): void {
  const { phase, stdout, stderrIncludes, outputIncludes, exitCode } = expected;
  const stderr = output[phase].stderr.toString();
  if (phase === "run" && report.run === null) {
    expect.fail(
      `${name}: did not compile: ${JSON.stringify(report.compile)} ${String(output.compile.output)}`,
    );
  }
  expect(stderr).toContain(stderrIncludes ?? "");
  expect(output[phase].output.toString()).toContain(outputIncludes ?? "");
  if (stdout !== undefined) expect(output[phase].stdout.toString()).toBe(stdout);
  expect({ outcome: report[phase]?.outcome, stderr }).toEqual({
    outcome: { kind: "exited", exitCode },
    stderr,
  });
  if (phase === "compile") expect(report.run).toBeNull();
}
