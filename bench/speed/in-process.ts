/**
 * @module
 * The service as a server has it, in this process and without HTTP.
 */
import { join } from "node:path";
import { createProvider, createService, loadLanguages } from "../../src/app.ts";
import { defaultServerConfig } from "../../src/config/server-config.ts";
import { anonymousCaller } from "../../src/core/caller.ts";
import { admit } from "../../src/server/admission.ts";
import { executeBodySchema } from "../../src/server/schemas.ts";
import { collect } from "../../src/service/collect.ts";
import { createDiskCache } from "../../src/service/compile-cache/disk-cache.ts";
import { createPreparedStore } from "../../src/service/prepared/prepared-store.ts";

export interface InProcess extends AsyncDisposable {
  /** @returns How long each took, in ms. @throws {Error} For another output than `stdout`. */
  prepareRun(body: object, stdout: string): () => Promise<RunTimes>;
  /** Makes what the language's data says can be made beforehand. */
  prepareLanguage(id: string): Promise<void>;
}

interface RunTimes {
  /** From the request to the collected output. */
  readonly wholeMs: number;
  /** The phase `run` alone, as the result reports it. */
  readonly phaseMs: number;
}

/** With a cache of its own in `folder`, where a server with `cacheEnvironment` finds it too. */
export async function startInProcess(folder: string): Promise<InProcess> {
  const config = defaultServerConfig();
  const languages = loadLanguages();
  const cache = join(folder, "cache/glovebox");
  const service = createService({
    ...{
      provider: await createProvider("linux", { expects: "many", pool: config.pools }),
      languages,
    },
    concurrency: config.concurrency,
    memoryBytes: config.memoryBytes,
    maxQueued: config.maxQueued,
    compileLimits: config.compile,
    compileCache: createDiskCache({
      folder: join(cache, "in-process"),
      maxBytes: config.compileCache.maxBytes,
    }),
    preparedStore: createPreparedStore(join(cache, "prepared")),
  });
  const admission = { languages, config, defaultProvider: service.defaultProvider };
  const schema = executeBodySchema(config);
  const never = new AbortController().signal;
  return {
    prepareRun: (body, stdout) => {
      const { request } = admit(schema.parse(body), anonymousCaller, admission);
      return async () => {
        const started = performance.now();
        const { output, report } = await collect(service, request, never);
        const wholeMs = performance.now() - started;
        if (output.run.stdout.toString() !== stdout)
          throw new Error(`a run in the process failed: ${output.run.stderr.toString()}`);
        return { wholeMs, phaseMs: report.run?.usage.wallTimeMs ?? NaN };
      };
    },
    prepareLanguage: async (id) => {
      const language = languages.byName(id);
      if (language === undefined) throw new Error(`no language ${id}`);
      await service.prepareLanguage(language, never);
    },
    [Symbol.asyncDispose]: () => service.close(),
  };
}

/** For a server: nothing of this user's own cache, and what `startInProcess` has prepared. */
export function cacheEnvironment(folder: string): Readonly<Record<string, string>> {
  return { XDG_CACHE_HOME: join(folder, "cache"), GLOVEBOX_PROVIDER: "linux" };
}
