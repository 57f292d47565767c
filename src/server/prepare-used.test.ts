import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import { renamedProvider } from "../../test/helpers/renamed-provider.ts";
import { loadConfig } from "../config/load-config.ts";
import type { ServerConfig } from "../config/server-config.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { indexLanguages } from "../languages/index-languages.ts";
import { createPreparedStore } from "../service/prepared/prepared-store.ts";
import { createAskBoard } from "../service/permissions/ask-board.ts";
import { openKept } from "../service/kept.ts";
import { ExecutionService } from "../service/service.ts";
import { noAudit } from "../observe/audit.ts";
import { startHistory } from "../observe/history.ts";
import { createMetrics } from "../observe/metrics.ts";
import { noTracer } from "../observe/tracer.ts";
import { createLogger } from "./create-logger.ts";
import { createBudgets } from "./budgets.ts";
import { buildServer } from "./build-server.ts";

let folder: string;
let app: FastifyInstance | undefined;
let service: ExecutionService | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-prepare-test-"));
});
afterEach(async () => {
  await app?.close();
  await service?.close();
  rmSync(folder, { recursive: true });
});

/** Run by sh, and prepared by what a test says, in sh. */
function prepared(id: string, script: string): LoadedLanguage {
  const argv = ["sh", "-c", script];
  return languageNamed(id, {
    run: ["sh", "{entry}"],
    version: { argv: ["sh", "-c", "echo 1.0"], pattern: "(.*)" },
    prepare: { files: [], commands: [{ argv, stdout: "made" }], limits: {}, env: {} },
  });
}

interface Served {
  readonly run: (language: string) => Promise<number>;
  /** Resolves with the line of the log in which a text comes, for the nth time. */
  readonly logged: (text: string, nth?: number) => Promise<string>;
  readonly log: () => string;
  /** How often the service was asked to prepare. */
  readonly asked: () => number;
}

async function serve(
  languages: readonly LoadedLanguage[],
  prepare: ServerConfig["prepare"],
): Promise<Served> {
  const overrides = {
    ...{ provider: "process", allowUnsafeProcess: true, prepare },
    logLevel: "debug",
  };
  const config = loadConfig({ env: {}, cwd: "/nonexistent", overrides });
  let asked = 0;
  class CountingService extends ExecutionService {
    override async prepareLanguage(...args: Parameters<ExecutionService["prepareLanguage"]>) {
      asked++;
      return super.prepareLanguage(...args);
    }
  }
  const made = new CountingService({
    provider: renamedProvider(),
    languages: indexLanguages(languages),
    concurrency: 4,
    maxQueued: 4,
    compileLimits: config.compile,
    preparedStore: createPreparedStore(join(folder, "store")),
    ownNodePath: process.execPath,
  });
  service = made;
  const { executions, keys, shares } = await openKept({
    service: made,
    folder: undefined,
    maxPending: 1,
    maxPendingBytes: config.storage.maxBytes,
    queueTimeoutMs: 1000,
    retention: { ...config.storage, sharesMaxAgeMs: config.shares.maxAgeMs },
    callbacks: config.callbacks,
    onFault: () => undefined,
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const write = (line: string): void => {
    lines.push(line);
    for (const look of waiting) look();
  };
  const metrics = createMetrics({ languageIds: [] });
  const history = startHistory(metrics);
  const server = buildServer({
    budgets: createBudgets(config.server.bodyBudgetBytes),
    ...{ service: made, executions, keys, shares, config, version: "1.2.3" },
    ...{ asks: createAskBoard({ askTimeoutMs: 1000 }), home: "/home/nobody" },
    observers: { metrics, history, audit: noAudit, tracer: noTracer },
    logger: createLogger(config, { write }),
  });
  app = server;
  return {
    run: async (language) => {
      const payload = { language, code: "true" };
      const headers = { host: "localhost" };
      return (await server.inject({ method: "POST", url: "/v1/execute", headers, payload }))
        .statusCode;
    },
    logged: (text, nth = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          const line = lines.filter((each) => each.includes(text))[nth - 1];
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
      }),
    log: () => lines.join(""),
    asked: () => asked,
  };
}

const stored = (): readonly string[] =>
  existsSync(join(folder, "store")) ? readdirSync(join(folder, "store")) : [];

test("a language is prepared after its first run, and others are not", async () => {
  const { run, logged } = await serve(
    [prepared("used", "echo x"), prepared("idle", "echo y")],
    "used",
  );
  expect(await run("used")).toBe(200);
  expect(JSON.parse(await logged('"prepared"'))).toMatchObject({ level: 30, language: "used" });
  const [key = "", ...others] = stored();
  expect(others).toEqual([]);
  expect(readFileSync(join(folder, "store", key, "made"), "utf8")).toBe("x\n");
});

test("what is gone is made anew after the next run", async () => {
  const { run, logged } = await serve([prepared("used", `echo >>${folder}/count`)], "used");
  await run("used");
  await logged('"prepared"');
  const [key = ""] = stored();
  rmSync(join(folder, "store", key), { recursive: true });
  await run("used");
  // An operator is told once.
  expect(await logged('"prepared"', 2)).toContain('"level":20');
  expect(stored()).toEqual([key]);
  expect(readFileSync(join(folder, "count"), "utf8")).toBe("\n\n");
});

test("two are prepared one after the other, and runs don't wait for them", async () => {
  const script = `echo begin >>${folder}/order; sleep 0.2; echo end >>${folder}/order`;
  const { run, logged } = await serve([prepared("a", script), prepared("b", script)], "used");
  expect(await Promise.all([run("a"), run("b"), run("a")])).toEqual([200, 200, 200]);
  await Promise.all([logged('"language":"a"'), logged('"language":"b"')]);
  expect(readFileSync(join(folder, "order"), "utf8")).toBe("begin\nend\nbegin\nend\n");
});

test("what fails is told once, and not tried again", async () => {
  const script = `echo >>${folder}/count; echo no such header >&2; exit 1`;
  const { run, logged, log } = await serve(
    [prepared("broken", script), prepared("fine", ":")],
    "used",
  );
  await run("broken");
  expect(await logged("cannot prepare")).toContain('"level":40');
  expect(await run("broken")).toBe(200);
  await run("fine");
  await logged('"language":"fine"');
  expect(log().match(/cannot prepare/g)).toHaveLength(1);
  expect(readFileSync(join(folder, "count"), "utf8")).toBe("\n");
});

test("a server that closes ends it", async () => {
  const { run, log } = await serve([prepared("slow", `echo >${folder}/begun; sleep 60`)], "used");
  await run("slow");
  await expect.poll(() => existsSync(join(folder, "begun"))).toBe(true);
  const startedAt = performance.now();
  await app?.close();
  await service?.close();
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(stored()).toEqual([]);
  expect(log()).not.toContain("cannot prepare");
});

test.each<[ServerConfig["prepare"], number]>([
  ["used", 1],
  ["off", 0],
])("with `prepare: %s` a run has asked for it %i times", async (prepare, times) => {
  const { run, asked } = await serve([prepared("used", "echo x")], prepare);
  expect(await run("used")).toBe(200);
  // It waits for what comes after an answer.
  await service?.close();
  expect(asked()).toBe(times);
});

test("what can't be prepared is not looked at", async () => {
  const plain = languageNamed("plain", { run: ["sh", "{entry}"] });
  const { run, asked } = await serve([plain], "used");
  expect(await run("plain")).toBe(200);
  await service?.close();
  expect(asked()).toBe(0);
});
