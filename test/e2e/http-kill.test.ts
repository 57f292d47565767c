/**
 * @module
 * kill -9 and SIGTERM of a server, and kill -9 of a launcher: what was accepted ends exactly one way,
 * and nothing is left behind.
 */
import { randomInt } from "node:crypto";
import { chmodSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createLeftoverCheck, listProcesses, type LeftoverCheck } from "../helpers/leftovers.ts";
import { skipUnless } from "../helpers/require.ts";
import { linuxGap, temporaryFolder } from "./cli-fixture.ts";
import { request } from "./http-fixture.ts";
import { createRandom, Ledger, type ExecutionJson } from "./kill-ledger.ts";
import { listenForCallbacks, listenForPrograms, Moments, type Programs } from "./kill-receivers.ts";
import { loadServer, startKillableServer, type KillableServer } from "./killable-server.ts";

const gap = skipUnless("linux", linuxGap());

const KILLS = 50;
/** Of what happens in the life of a server: something is sent, accepted, runs, is told of. */
const MAX_MOMENTS = 12;
const MAX_MOMENTS_MS = 5_000;
/** How long after the last of them it is killed. */
const MAX_LATER_MS = 30;
/** Servers that are ready to go on. */
const STANDBYS = 2;
/** How many of the servers are killed while they start, and how long after their begin at most. */
const STARTING_SHARE = 0.25;
const MAX_STARTING_MS = 150;
const SENDERS = 3;
const PAUSE_MS = 40;
const SLOW_MS = 150_000;

const configOf = (folder: string, more = "concurrency: 2"): string => `
provider: linux
logLevel: warn
prepare: "off"
network: { allowed: [none, all] }
callbacks: { allowPrivate: true }
storage: { folder: ${folder}/state }
${more}`;

describe.skipIf(gap !== undefined)(`a server that is killed ${gap ?? ""}`, () => {
  const folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  let leftovers: LeftoverCheck;
  let programs: Programs;
  const moments = new Moments();
  const servers: KillableServer[] = [];

  beforeAll(async () => {
    leftovers = await createLeftoverCheck();
    programs = await listenForPrograms(moments.add);
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.kill()));
  });
  afterAll(() => {
    programs[Symbol.dispose]();
    folder.remove();
  });

  const optionsOf = (more?: string) => ({
    folder: folder.path,
    config: configOf(folder.path, more),
    env: leftovers.env,
  });
  const load = (more?: string): KillableServer => {
    const server = loadServer(optionsOf(more));
    servers.push(server);
    return server;
  };
  const serve = async (more?: string): ReturnType<typeof startKillableServer> => {
    const server = await startKillableServer(optionsOf(more));
    servers.push(server);
    return server;
  };
  /** Calls home, and does `more`. */
  const program = (token: string, more = "") => ({
    language: "bash",
    network: "all",
    code: `exec 3<>/dev/tcp/127.0.0.1/${programs.port}; echo ${token} >&3; ${more} echo ${token}`,
  });
  const submit = async (at: string, body: object): Promise<string> => {
    const answer = await request(`${at}/v1/executions`, post(body));
    expect([answer.status, answer.body]).toEqual([202, expect.anything()]);
    return (answer.body as ExecutionJson).id;
  };
  const ended = async (at: string, id: string): Promise<ExecutionJson> =>
    (await request(`${at}/v1/executions/${id}?wait=60`)).body as ExecutionJson;

  const seed = Number(process.env["GLOVEBOX_KILL_SEED"] ?? randomInt(2 ** 31));
  test(
    `${KILLS} times at random moments loses and doubles nothing (seed ${seed})`,
    { timeout: SLOW_MS },
    async () => {
      const random = createRandom(seed);
      const body = (token: string): object => program(token, random() < 0.3 ? "sleep 0.1;" : "");
      const ledger = new Ledger(random, body, moments.add);
      using callbacks = await listenForCallbacks(moments.add);
      const senders = Array.from({ length: SENDERS }, async () =>
        ledger.send({ pauseMs: PAUSE_MS, callbackUrl: callbacks.url }),
      );
      const standbys = Array.from({ length: STANDBYS }, () => load());
      for (let kill = 0; kill < KILLS; kill++) {
        const server = standbys.shift()!;
        if (kill + STANDBYS <= KILLS) standbys.push(load());
        server.begin();
        if (random() < STARTING_SHARE) {
          await Promise.race([server.url, sleep(random() * MAX_STARTING_MS)]);
        } else {
          ledger.at = await server.url;
          await moments.next(1 + random() * MAX_MOMENTS, MAX_MOMENTS_MS);
          await sleep(random() * MAX_LATER_MS);
        }
        ledger.at = undefined;
        await server.kill();
      }
      const next = standbys.shift()!;
      next.begin();
      const at = await next.url;
      ledger.at = at;
      ledger.stop();
      await Promise.all(senders);
      if (at === undefined) throw new Error(`the last server did not start: ${next.log()}`);

      const executions = await ledger.settled(at);
      expect(ledger.faults(executions, programs.runs)).toEqual([]);
      const called = executions.filter(({ id }) => ledger.hasCallback(id)).map(({ id }) => id);
      await expect
        .poll(() => called.filter((id) => !callbacks.ids.has(id)), {
          timeout: 30_000,
          interval: 100,
        })
        .toEqual([]);
      expect(await next.stop()).toBe(0);
      expect(await leftovers.find()).toEqual([]);
      process.stdout.write(`kill -9: seed ${seed}, ${ledger.summary(executions)}\n`);
    },
  );

  test("kill -9 of its launcher ends an execution with an error that says so", async () => {
    const server = await serve();
    const called = programs.next();
    const id = await submit(server.at, program("async", "sleep 60;"));
    await called;
    await killLaunchers(server.child.pid ?? 0);
    expect(await ended(server.at, id)).toMatchObject({
      state: "failed",
      attempts: 1,
      error: { code: "SANDBOX_FAILED" },
    });
    const calledToo = programs.next();
    const answer = request(`${server.at}/v1/execute`, post(program("sync", "sleep 60;")));
    await calledToo;
    await killLaunchers(server.child.pid ?? 0);
    expect(await answer).toMatchObject({
      status: 500,
      body: { error: { code: "SANDBOX_FAILED" } },
    });
    const next = await submit(server.at, program("next"));
    expect(await ended(server.at, next)).toMatchObject({ result: { run: { stdout: "next\n" } } });
    expect(await server.stop()).toBe(0);
    expect(await leftovers.find()).toEqual([]);
  });

  test("SIGTERM lets what runs end, and the next start runs what waited", async () => {
    const one = "concurrency: 1";
    const first = await serve(`${one}\nserver: { shutdownGrace: 30s }`);
    const called = programs.next();
    const id = await submit(first.at, program("drained", "read -r line <&3; echo $line;"));
    const waiting = await submit(first.at, program("waited"));
    const call = await called;
    const stopped = first.stop();
    await refusesNew(first.at);
    call.write("in time\n");
    expect(await stopped).toBe(0);
    const second = await serve(one);
    expect(await ended(second.at, id)).toMatchObject({
      state: "finished",
      attempts: 1,
      result: { run: { stdout: "in time\ndrained\n" } },
    });
    expect(await ended(second.at, waiting)).toMatchObject({
      attempts: 1,
      result: { run: { stdout: "waited\n" } },
    });
    expect(await second.stop()).toBe(0);
    expect(await leftovers.find()).toEqual([]);
  });

  test("what runs longer than the grace is begun again by the next start", async () => {
    const first = await serve("server: { shutdownGrace: 50ms }");
    const called = programs.next();
    const id = await submit(first.at, program("again", "read -r line <&3; echo $line;"));
    await called;
    expect(await first.stop()).toBe(0);
    const calledAgain = programs.next();
    const second = await serve();
    (await calledAgain).write("second\n");
    expect(await ended(second.at, id)).toMatchObject({
      state: "finished",
      attempts: 2,
      result: { run: { stdout: "second\nagain\n" } },
    });
    expect(await second.stop()).toBe(0);
  });
});

const post = (body: object): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** Those that a server started: the supervisors, each with pid 1 of its sandbox below it. */
async function killLaunchers(server: number): Promise<void> {
  const all = await listProcesses();
  const launchers = all.filter(({ parent, state }) => parent === server && state !== "Z");
  for (const { pid } of launchers) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // One that had ended since it was listed.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Resolves as soon as a stopping server takes nothing any more. */
async function refusesNew(at: string): Promise<void> {
  const code = async (): Promise<unknown> =>
    request(`${at}/v1/executions`).then(
      ({ status }) => status,
      () => "closed",
    );
  await expect.poll(code, { interval: 20 }).not.toBe(200);
}
