/**
 * @module
 * Prepares languages in the background once they are used: precompiled headers, archives of classes.
 * The first run of a language is as slow as its compiler, the later ones are not.
 */
import type { FastifyInstance } from "fastify";
import type { LoadedLanguage } from "../core/language.ts";
import type { ExecutionRequest } from "../service/request.ts";
import type { ServedService } from "./server-options.ts";

/**
 * One language at a time, after a run of it: nobody waits for it, and closing the server ends it. A
 * later run looks again, since an update of the compiler asks for another preparation: that costs a few
 * looks at files. What failed is not tried again by this server.
 */
export function prepareUsed(app: FastifyInstance, service: ServedService): void {
  const closing = new AbortController();
  app.addHook("preClose", async () => {
    closing.abort();
  });
  /** In the order of their runs; with the one that is being prepared. */
  const waiting = new Set<LoadedLanguage>();
  const prepared = new Set<LoadedLanguage>();
  const failed = new Set<LoadedLanguage>();

  const prepare = async (language: LoadedLanguage): Promise<void> => {
    const startedAt = performance.now();
    try {
      if (!(await service.prepareLanguage(language, closing.signal))) return;
      const took = { language: language.id, ms: Math.round(performance.now() - startedAt) };
      app.log[prepared.has(language) ? "debug" : "info"](took, "prepared");
      prepared.add(language);
    } catch (error) {
      if (closing.signal.aborted) return;
      failed.add(language);
      app.log.warn({ language: language.id, err: error }, "cannot prepare");
    }
  };
  const add = async (language: LoadedLanguage): Promise<void> => {
    const isBusy = waiting.size > 0;
    waiting.add(language);
    if (isBusy) return;
    // A set is gone through with all that is added meanwhile.
    for (const next of waiting) {
      if (!closing.signal.aborted) await prepare(next);
      waiting.delete(next);
    }
  };

  service.onRan((request) => {
    const language = service.languages.byName(usualLanguage(request));
    if (language?.prepare !== undefined && !failed.has(language)) void add(language);
  });
}

/** The name of the language that ran where every request without wishes runs; else empty. */
function usualLanguage({ program, provider, image }: ExecutionRequest): string {
  if (program.kind !== "code" || provider !== undefined || image !== undefined) return "";
  return (program.version ?? "*") === "*" ? program.language : "";
}
