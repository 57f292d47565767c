/**
 * @module
 * What one caller does to sandboxes that are kept ready takes nothing from the next.
 */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createService } from "../../src/app.ts";
import { defaultLimits, type Limits } from "../../src/core/limits.ts";
import type { SandboxFile } from "../../src/core/sandbox.ts";
import { aheadGap, createAheadProvider } from "../helpers/ahead-provider.ts";
import { collect, type CollectedExecution } from "../../src/service/collect.ts";
import type { ExecutionService } from "../../src/service/service.ts";
import { requestOf } from "../helpers/request.ts";

const never = new AbortController().signal;
/** Longer than a pool takes to make what was used again. */
const REFILL_MS = 500;

const createProvider = (keepsNone = false) => createAheadProvider({ size: 8, keepsNone });
const skipReason = await aheadGap();

/** Of this process, those that serve many sandboxes. */
async function countLaunchers(): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      const parent = stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0];
      return Number(parent) === process.pid && line.includes("\0serve\0");
    }),
  );
  return found.filter(Boolean).length;
}

interface Wanted {
  readonly limits?: Partial<Limits>;
  readonly more?: readonly SandboxFile[];
  readonly signal?: AbortSignal;
}

/** A fork has its template's user there, which the kernel wrote when that was started. */
const isForkCode = `import struct
words = dict(struct.iter_unpack("QQ", open("/proc/self/auxv", "rb").read()))
print(words[11] != 1000)`;

describe.skipIf(skipReason !== undefined)(`kept sandboxes ${skipReason ?? ""}`, () => {
  let service: ExecutionService;
  beforeEach(() => {
    service = createService({ provider: createProvider(), concurrency: 2, maxQueued: 500 });
  });
  afterEach(async () => {
    await service.close();
  });

  const run = async (
    code: string,
    { limits = {}, more = [], signal = never }: Wanted = {},
    where = service,
  ): Promise<CollectedExecution> => {
    const files = [{ path: "main.py", content: Buffer.from(code) }, ...more];
    const request = requestOf(
      { kind: "code", language: "python", files },
      { limits: { ...defaultLimits, ...limits } },
    );
    return collect(where, request, signal);
  };
  const stdoutOf = async (code: string, where = service): Promise<string> =>
    (await run(code, {}, where)).output.run.stdout.toString();

  test("runs that end at a limit take nothing from those that come after", async () => {
    await stdoutOf("print(1)");
    await sleep(REFILL_MS);
    for (let index = 0; index < 140; index++)
      await run("while True: pass", { limits: { wallTimeMs: 10 } });
    await sleep(REFILL_MS);
    for (let index = 0; index < 3; index++) {
      await stdoutOf("print(1)");
      await sleep(REFILL_MS);
    }
    // As an ordinary user the template is that user itself.
    if (process.getuid?.() === 0) expect(await stdoutOf(isForkCode)).toBe("True\n");
    expect(await countLaunchers()).toBe(1);
  }, 60_000);

  test("files that don't fit into the memory end the run by that limit, or not at all", async () => {
    const more = Array.from({ length: 9 }, (_, index) => ({
      path: `file-${index}`,
      content: Buffer.alloc(1_500_000, String(index)),
    }));
    for (const mebibytes of [6, 10, 14]) {
      const limits = { memoryBytes: mebibytes << 20, wallTimeMs: 4000 };
      for (let index = 0; index < 2; index++) {
        await run("print(1)", { limits });
        await sleep(REFILL_MS);
      }
      const { report } = await run("print(1)", { limits, more });
      const outcome = report.run?.outcome;
      expect(outcome?.kind === "limit" ? outcome.limit : outcome?.kind).toMatch(
        /^(memory|exited)$/,
      );
    }
  }, 60_000);

  test("who hangs up while a template is made takes it from nobody else", async () => {
    const own = createService({ provider: createProvider(true), concurrency: 2, maxQueued: 500 });
    for (let index = 0; index < 40; index++) {
      const hangUp = AbortSignal.timeout(2 + (index % 10));
      await run("print(1)", { signal: hangUp }, own).catch(() => undefined);
      await sleep(20);
    }
    if (process.getuid?.() === 0) expect(await stdoutOf(isForkCode, own)).toBe("True\n");
    expect(await stdoutOf("print(1)", own)).toBe("1\n");
    await own.close();
  }, 60_000);
});
