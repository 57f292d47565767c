/**
 * @module
 * What the machine does to a server: its database locked, its disk full, no file descriptors, a clock
 * that jumps. It answers with typed errors, recovers, and loses nothing that it accepted.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import Libsql from "libsql";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { findProgram } from "../helpers/find-program.ts";
import { createLeftoverCheck, type LeftoverCheck } from "../helpers/leftovers.ts";
import { temporaryFolder } from "./cli-fixture.ts";
import { rawConnection, request, startServer, type Answer } from "./http-fixture.ts";
import { startKillableServer, type KillableServer } from "./killable-server.ts";
import type { ExecutionJson } from "./kill-ledger.ts";
import { listenForPrograms, type Programs } from "./kill-receivers.ts";

const SLOW_MS = 90_000;
const DAY_MS = 86_400_000;
const MIB = 2 ** 20;

let programs: Programs;
const folder = temporaryFolder();
chmodSync(folder.path, 0o755);
beforeAll(async () => {
  programs = await listenForPrograms(() => undefined);
});
afterAll(() => {
  programs[Symbol.dispose]();
  folder.remove();
});

const bash = (code: string) => ({ language: "bash", code });
/** Calls, and goes on once it is answered. */
const waiting = (more: string) =>
  bash(`exec 3<>/dev/tcp/127.0.0.1/${programs.port}; read -r line <&3; ${more}`);

const post = (body: object): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

async function submit(at: string, body: object): Promise<string> {
  const answer = await request(`${at}/v1/executions`, post(body));
  expect([answer.status, answer.body]).toEqual([202, expect.anything()]);
  return (answer.body as ExecutionJson).id;
}

async function ended(at: string, id: string): Promise<ExecutionJson> {
  return (await request(`${at}/v1/executions/${id}?wait=60`)).body as ExecutionJson;
}

const codeOf = ({ body }: Answer): unknown => (body as { error?: { code: string } }).error?.code;

/** Begun, and let go on with the returned connection. */
async function submitWaiting(at: string, more: string): Promise<readonly [string, Socket]> {
  const called = programs.next();
  const id = await submit(at, waiting(more));
  return [id, await called];
}

describe("a database that another process holds", () => {
  const lock = (): Libsql.Database => {
    const other = new Libsql(join(folder.path, "locked/glovebox.db"), { timeout: 0 });
    other.exec("BEGIN IMMEDIATE");
    return other;
  };
  const start = () =>
    startServer({ concurrency: 1, storage: { folder: join(folder.path, "locked") } });

  test("for a moment is waited for, and nothing else waits", async () => {
    await using server = await start();
    const other = lock();
    const accepted = submit(server.url, bash("echo later"));
    expect(await server.post("/v1/execute", bash("echo now"))).toMatchObject({ status: 200 });
    expect(await request(`${server.url}/v1/executions`)).toMatchObject({
      body: { executions: [] },
    });
    other.exec("COMMIT");
    other.close();
    expect(await ended(server.url, await accepted)).toMatchObject({
      state: "finished",
      result: { run: { stdout: "later\n" } },
    });
    expect(server.faults).toEqual([]);
  });

  test(
    "for long is an error that says so, and what was accepted comes later",
    async () => {
      await using server = await start();
      const [running, program] = await submitWaiting(server.url, "echo ran");
      const queued = await submit(server.url, bash("echo waited"));
      const other = lock();
      program.write("go\n");
      const refused = await server.post("/v1/executions", bash("echo refused"));
      expect([refused.status, codeOf(refused)]).toEqual([503, "STORAGE_UNAVAILABLE"]);
      expect(JSON.stringify(refused.body)).toContain("another process holds the database");
      expect(await server.post("/v1/execute", bash("echo now"))).toMatchObject({ status: 200 });
      other.exec("COMMIT");
      other.close();
      expect(await ended(server.url, running)).toMatchObject({
        result: { run: { stdout: "ran\n" } },
      });
      expect(await ended(server.url, queued)).toMatchObject({
        attempts: 1,
        result: { run: { stdout: "waited\n" } },
      });
      const { body } = await request(`${server.url}/v1/executions`);
      expect(JSON.stringify(body)).not.toContain("refused");
    },
    SLOW_MS,
  );
});

const config = (more: string): string => `
provider: process
allowUnsafeProcess: true
logLevel: error
concurrency: 1
${more}`;

describe("a server as a process of its own", () => {
  let leftovers: LeftoverCheck;
  let server: (KillableServer & { readonly at: string }) | undefined;
  beforeAll(async () => {
    leftovers = await createLeftoverCheck();
  });
  afterEach(async () => {
    await server?.kill();
    expect(await leftovers.find()).toEqual([]);
  });
  const start = async (more: string, wrapper: readonly string[] = []) => {
    const options = { folder: folder.path, config: config(more), env: leftovers.env, wrapper };
    server = await startKillableServer(options);
    return server;
  };

  const noMounts =
    process.geteuid?.() === 0 && findProgram("unshare") !== undefined
      ? ""
      : "(only root can mount)";
  test.skipIf(noMounts !== "")(
    `whose disk is full takes nothing, and goes on when there is room ${noMounts}`,
    { timeout: SLOW_MS },
    async () => {
      const disk = join(folder.path, "disk");
      mkdirSync(disk, { mode: 0o700 });
      const mount = `mount -t tmpfs -o size=4m,mode=700 none ${disk} && exec "$@"`;
      const started = await start(`storage: { folder: ${disk} }`, [
        ...["unshare", "--mount", "--propagation", "private", "--"],
        ...["sh", "-c", mount, "sh"],
      ]);
      const { at, child } = started;
      const output = "head -c 1000000 /dev/zero | tr '\\0' x";
      const [running, program] = await submitWaiting(at, output);
      const queued = await submit(at, bash("echo waited"));
      const filler = join(`/proc/${child.pid}/root`, disk, "filler");
      expect(() => {
        writeFileSync(filler, Buffer.alloc(8 * MIB));
      }).toThrow("ENOSPC");
      program.write("go\n");
      const large = bash(`echo refused #${"x".repeat(MIB)}`);
      const refused = await request(`${at}/v1/executions`, post(large));
      expect([refused.status, codeOf(refused)]).toEqual([503, "STORAGE_UNAVAILABLE"]);
      expect(JSON.stringify(refused.body)).toContain("full");
      expect(await request(`${at}/v1/execute`, post(bash("echo now")))).toMatchObject({
        status: 200,
      });
      expect(await request(`${at}/v1/executions/${running}`)).toMatchObject({
        body: { state: "running" },
      });
      rmSync(filler);
      const end = await ended(at, running);
      expect([end.state, end.result?.run.stdout.length]).toEqual(["finished", 1_000_000]);
      expect(await ended(at, queued)).toMatchObject({ result: { run: { stdout: "waited\n" } } });
      expect(await ended(at, await submit(at, bash("echo next")))).toMatchObject({ attempts: 1 });
      expect(await started.stop()).toBe(0);
    },
  );

  const noLimits = findProgram("prlimit") === undefined ? "(no prlimit)" : "";
  test.skipIf(noLimits !== "")(
    `that is out of file descriptors says so, and goes on when there are some ${noLimits}`,
    { timeout: SLOW_MS },
    async () => {
      const started = await start(`storage: { folder: ${folder.path}/fds }`);
      const { at, child } = started;
      const [accepted, program] = await submitWaiting(at, "echo accepted");
      const queued = await submit(at, bash("echo queued"));
      execFileSync("prlimit", ["--pid", String(child.pid), "--nofile=64:64"]);
      const port = Number(new URL(at).port);
      const many = Array.from({ length: 100 }, () => rawConnection(port));
      await Promise.race(many.map(({ closed }) => closed));
      program.write("go\n");
      // Over the connection of the requests before.
      const answer = await request(`${at}/v1/execute`, post(bash("echo now")));
      if (answer.status !== 200) {
        expect(["SANDBOX_FAILED", "PROVIDER_UNAVAILABLE"]).toContain(codeOf(answer));
      }
      for (const { socket } of many) socket.destroy();
      for (const id of [accepted, queued]) {
        const end = await ended(at, id);
        if (end.state === "finished") continue;
        expect(end).toMatchObject({ state: "failed", error: { code: "SANDBOX_FAILED" } });
      }
      expect(await ended(at, await submit(at, bash("echo next")))).toMatchObject({
        state: "finished",
        result: { run: { stdout: "next\n" } },
      });
      expect(await started.stop()).toBe(0);
    },
  );
});

describe("a clock that jumps", () => {
  beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterAll(() => void vi.useRealTimers());

  test.each([
    ["back", -DAY_MS],
    ["forward", DAY_MS / 2],
  ])("%s ends no execution and holds up no answer", { timeout: SLOW_MS }, async (_name, jumpMs) => {
    await using server = await startServer({ concurrency: 1 });
    const [id, program] = await submitWaiting(server.url, "echo ran");
    const queued = await submit(server.url, bash("echo waited"));
    const soon = request(`${server.url}/v1/executions/${id}?wait=1`);
    const atEnd = request(`${server.url}/v1/executions/${id}?wait=60`);
    await request(`${server.url}/health`);
    vi.setSystemTime(Date.now() + jumpMs);
    const startedAt = performance.now();
    expect(await soon).toMatchObject({ body: { state: "running" } });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    program.write("go\n");
    expect(await atEnd).toMatchObject({ body: { result: { run: { stdout: "ran\n" } } } });
    expect(await ended(server.url, queued)).toMatchObject({
      result: { run: { stdout: "waited\n" } },
    });
    expect(server.faults).toEqual([]);
  });
});
