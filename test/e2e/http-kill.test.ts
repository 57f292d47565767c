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
const MAX_LATER_MS = 15;
/** Servers that are ready to go on. */
const STANDBYS = 2;
/** How many of the servers are killed while they start, and how long after their begin at most. */
const STARTING_SHARE = 0.25;
const MAX_STARTING_MS = 150;
const SENDERS = 3;
const PAUSE_MS = 40;
const SLOW_MS = 150_000;

const configOf = (folder: string, more = ""): string => `
provider: linux
logLevel: warn
prepare: "off"
network: { allowed: [none, all] }
callbacks: { allowPrivate: true }
storage: { folder: ${folder}/state }
concurrency: 2
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
  const serve = async (more?: string): Promise<KillableServer & { readonly at: string }> => {
    const server = startKillableServer(optionsOf(more));
    servers.push(server);
    const at = await server.url;
    if (at === undefined) throw new Error(`the server did not start: ${server.log()}`);
    return { ...server, at };
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
  test(`${KILLS} times at random moments loses and doubles nothing (seed ${seed})`, { timeout: SLOW_MS }, async () => {
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
      .poll(() => called.filter((id) => !callbacks.ids.has(id)), { timeout: 30_000, interval: 100 })
      .toEqual([]);
    expect(await next.stop()).toBe(0);
    expect(await leftovers.find()).toEqual([]);
    process.stdout.write(`kill -9: seed ${seed}, ${ledger.summary(executions)}\n`);
  });
});

const post = (body: object): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
