/**
 * @module
 * What is measured: one server and one service in this process, for all parts of the bench.
 */
import { availableParallelism } from "node:os";
import type { BenchServer } from "../server.ts";
import { startAwakeServer } from "./awake.ts";
import { cacheEnvironment, startInProcess, type InProcess } from "./in-process.ts";

export interface Subjects extends AsyncDisposable {
  readonly server: BenchServer;
  /** Of `server`. */
  readonly port: number;
  readonly inProcess: InProcess;
  readonly cpus: number;
}

/** @param folder An empty one. */
export async function startSubjects(folder: string): Promise<Subjects> {
  const inProcess = await startInProcess(folder);
  let server: BenchServer;
  try {
    server = await startAwakeServer(folder, cacheEnvironment(folder));
  } catch (error) {
    await inProcess[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ...{ server, inProcess },
    port: Number(new URL(server.url).port),
    cpus: availableParallelism(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await inProcess[Symbol.asyncDispose]();
    },
  };
}
