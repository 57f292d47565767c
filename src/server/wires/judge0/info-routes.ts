/**
 * @module
 * What Judge0 tells of itself and of the machine, and the two routes that only try a key.
 */
import { availableParallelism, cpus, endianness, machine, totalmem } from "node:os";
import type { FastifyInstance } from "fastify";
import { boundsFor } from "../../admission.ts";
import type { ServerContext } from "../../server-options.ts";
import { configInfo } from "./config-info.ts";
import { forAdmins, forAll } from "./route-access.ts";

/** The one that we speak: clients look it up in tables of theirs. */
const JUDGE0_VERSION = "1.13.1";
const TEXT = "text/plain; charset=utf-8";

export function addInfoRoutes(app: FastifyInstance, context: ServerContext): void {
  const { version, config } = context;
  const get = (url: string, handler: () => unknown): void => {
    app.route({ method: "GET", url, config: forAll, handler: async () => handler() });
  };
  const getText = (url: string, text: string): void => {
    const handler = async (_request: unknown, reply: { type(name: string): unknown }) => {
      reply.type(TEXT);
      return text;
    };
    app.route({ method: "GET", url, config: forAll, handler });
  };
  get("/about", () => about(version));
  get("/system_info", systemInfo);
  get("/workers", () => [workers(context)]);
  getText("/version", JUDGE0_VERSION);
  getText("/license", `Glovebox ${version} is free software under the MIT License.\n`);
  getText("/isolate", `Glovebox ${version}, in place of isolate\n`);
  app.route({
    method: "GET",
    url: "/config_info",
    config: forAll,
    handler: async ({ caller }) => configInfo(boundsFor(caller, config)),
  });
  for (const [url, access] of [
    ["/authenticate", forAll],
    ["/authorize", forAdmins],
  ] as const) {
    app.route({
      method: "POST",
      url,
      config: access,
      handler: async (_request, reply) => reply.code(200).send(),
    });
  }
}

function about(version: string): object {
  const name = `Glovebox ${version}`;
  return { version: JUDGE0_VERSION, homepage: "", source_code: "", maintainer: name };
}

/** Some of what lscpu(1) and free(1) say. */
function systemInfo(): object {
  return {
    Architecture: machine(),
    "Byte Order": endianness() === "LE" ? "Little Endian" : "Big Endian",
    "CPU(s)": String(availableParallelism()),
    "Model name": cpus()[0]?.model ?? "",
    Mem: `${(totalmem() / 2 ** 30).toFixed(1)}G`,
  };
}

function workers({ config, service }: ServerContext): object {
  const { running, waiting } = service.slotStats();
  const { concurrency } = config;
  return {
    queue: JUDGE0_VERSION,
    size: waiting,
    available: concurrency,
    idle: Math.max(0, concurrency - running),
    working: Math.min(running, concurrency),
    paused: 0,
    failed: 0,
  };
}
