/**
 * @module
 * How long one caller's single job waits behind another's thousands.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../src/storage/database.ts";
import { createKeysStore } from "../src/storage/keys-store.ts";
import type { BenchOptions, Row } from "./bench.ts";
import { createClient, type ExecutionJson, type ServiceClient } from "./service-client.ts";
import { startBenchServer } from "./server.ts";

/** "A few of its own": what a free slot could be given to before the other's turn comes. */
const MAX_BEFORE = 3;
const CONCURRENCY = 2;
const PAGE = 100;
const hello = { language: "bash", code: "sleep 0.01; echo hello" };

export async function measureFairness(options: BenchOptions): Promise<readonly Row[]> {
  const [jobs, rounds] = options.effort === "full" ? [10_000, 10] : [1_000, 3];
  const [many, single] = await createKeys(join(options.folder, "state"));
  await using server = await startBenchServer(options.folder, {
    GLOVEBOX_PROVIDER: "linux",
    GLOVEBOX_AUTH: "required",
    GLOVEBOX_CONCURRENCY: String(CONCURRENCY),
    GLOVEBOX_SHUTDOWN_GRACE: "0s",
  });
  using manyClient = createClient(server.url, { "x-api-key": many });
  using singleClient = createClient(server.url, { "x-api-key": single });
  options.progress(`${jobs} executions of one key, ${rounds} single ones of another`);
  await manyClient.submitMany(hello, jobs);
  const before: number[] = [];
  const waits: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const accepted = await singleClient.post<ExecutionJson>("/v1/executions", hello, 202);
    const end = await singleClient.get<ExecutionJson>(`/v1/executions/${accepted.id}?wait=60`);
    const [from, to] = [Date.parse(end.created_at), Date.parse(end.started_at ?? "")];
    waits.push(to - from);
    before.push(await countStarted(manyClient, from, to));
  }
  return [
    {
      name: `started of one key's ${jobs} before another's single job`,
      value: Math.max(...before),
      unit: "count",
      bound: { kind: "most", value: MAX_BEFORE },
      how: `most of ${rounds} single jobs (${before.join(", ")}), ${CONCURRENCY} slots; they waited ${Math.max(...waits)} ms at most`,
    },
  ];
}

/** With the server's own store: it is not there yet. */
async function createKeys(folder: string): Promise<readonly [string, string]> {
  mkdirSync(folder, { mode: 0o700 });
  const database = openDatabase({ folder });
  const keys = createKeysStore(database);
  const create = async (name: string): Promise<string> => {
    const { secret } = await keys.create({ name, scopes: ["run"], rules: {}, now: Date.now() });
    return secret;
  };
  const secrets = [await create("many"), await create("single")] as const;
  await database.close();
  return secrets;
}

/** Of those that have begun, newest begin last. */
async function countStarted(client: ServiceClient, from: number, to: number): Promise<number> {
  let count = 0;
  for (const state of ["running", "finished"]) {
    let cursor = "";
    for (;;) {
      const page = await client.get<{ executions: ExecutionJson[]; next_cursor: string | null }>(
        `/v1/executions?state=${state}&limit=${PAGE}${cursor}`,
      );
      const starts = page.executions.map(({ started_at: at }) => Date.parse(at ?? ""));
      // Both of the same millisecond may have been first.
      count += starts.filter((start) => start > from && start < to).length;
      if (page.next_cursor === null) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
  }
  return count;
}
