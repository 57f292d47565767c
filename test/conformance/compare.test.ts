/**
 * @module
 * The same requests through the same service, on linux and on docker: every test of five languages and
 * every outcome that there is. What differs is what a run used, and what keeps it in.
 */
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Limits } from "../../src/core/limits.ts";
import type { Provider } from "../../src/core/provider.ts";
import { indexLanguages } from "../../src/languages/index-languages.ts";
import { loadLanguages } from "../../src/languages/load.ts";
import { createDockerProvider } from "../../src/providers/docker/index.ts";
import { providerLoaders } from "../../src/providers/index.ts";
import { collect } from "../../src/service/collect.ts";
import type { ExecutionRequest, PhaseName, Program } from "../../src/service/request.ts";
import { ExecutionService } from "../../src/service/service.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { skipUnless } from "../helpers/require.ts";
import { testLimits } from "./harness.ts";

const folder = fileURLToPath(new URL("../../languages", import.meta.url));
const languages = indexLanguages(await loadLanguages(folder));
/** Those that the test daemon's images have. */
const compared = ["bash", "c", "cpp", "javascript", "python"];

interface Case {
  readonly program: Program;
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly limits?: Partial<Limits>;
  readonly onOutputLimit?: ExecutionRequest["onOutputLimit"];
  readonly network?: ExecutionRequest["network"];
  /** Output whose amount or place is chance is not compared. */
  readonly ignoresOutput?: boolean;
}

const command = (script: string): Program => ({ kind: "command", argv: ["/bin/sh", "-c", script] });
const python = (code: string): Program => ({
  kind: "code",
  language: "python",
  files: [{ path: "main.py", content: Buffer.from(code) }],
});
const MIB = 2 ** 20;

const outcomes: Readonly<Record<string, Case>> = {
  "exits with 0": { program: command("echo out; echo err >&2") },
  "exits with 7": { program: command("exit 7") },
  "ends by SIGTERM": { program: command("kill -TERM $$") },
  "ends by SIGSEGV": { program: command("kill -SEGV $$") },
  "ends by SIGKILL": { program: command("kill -KILL $$") },
  "is not found": { program: { kind: "command", argv: ["no-such-program"] } },
  "is not executable": { program: command("echo x > f; ./f") },
  "exceeds its wall time": { program: command("echo a; sleep 60"), limits: { wallTimeMs: 500 } },
  "exceeds its CPU time": {
    program: command("while :; do :; done"),
    limits: { cpuTimeMs: 500 },
  },
  "exceeds its memory": {
    program: python("held = bytearray(200 * 2**20)\nprint(len(held))"),
    limits: { memoryBytes: 64 * MIB },
  },
  "exceeds its output, and goes on": {
    program: command("yes | head -c 100000; exit 3"),
    limits: { outputBytes: 1000 },
  },
  "exceeds its output, and is ended": {
    program: command("yes"),
    limits: { outputBytes: 1000 },
    onOutputLimit: "kill",
    ignoresOutput: true,
  },
  "exceeds its processes": {
    program: python(
      "import os\ntry:\n  for _ in range(100):\n    if os.fork() == 0: os.pause() if hasattr(os, 'pause') else __import__('time').sleep(9)\nexcept OSError as e:\n  print(e.errno); raise SystemExit(4)",
    ),
    limits: { processes: 8 },
  },
  "exceeds its disk": {
    program: command("head -c 40000000 /dev/zero > big || exit 5"),
    limits: { diskBytes: 16 * MIB },
  },
  "exceeds its open files": {
    program: python(
      "n = []\ntry:\n  while True: n.append(open('/dev/null'))\nexcept OSError as e: print(e.errno, len(n))",
    ),
    limits: { openFiles: 32 },
  },
  "leaves a process behind": { program: command("sleep 60 & echo gone") },
  "reads its stdin": { program: command("wc -c; cat"), stdin: "x".repeat(100_000) },
  "sees no network": { program: command("cat /proc/net/route | tail -n +2; exit 0") },
  "sees its surroundings": {
    program: command("pwd; umask; env | sort | grep -v ^PATH=; ulimit -n; hostname"),
  },
  "can write to its folders and no others": {
    program: command(
      "for d in . /tmp /dev/shm ~ / /usr /etc /bin /opt; do (: > $d/x) 2>/dev/null && echo $d; done; true",
    ),
  },
};

/** The image's Node may be another one than this host's. */
const withoutVersions = (text: string): string =>
  text.replace(/(node:internal[^:]+):\d+:\d+/g, "$1").replace(/Node\.js v\S+/g, "Node.js");

const skipReason =
  dockerSkipReason() ?? skipUnless("linux", process.platform === "linux" ? undefined : "not Linux");
const title = "the same on linux and docker";

describe.skipIf(skipReason !== undefined)(
  skipReason === undefined ? title : `${title} (${skipReason})`,
  () => {
    const services: Record<string, ExecutionService> = {};
    beforeAll(async () => {
      const { host } = await sharedDockerd();
      const providers: Record<string, Provider> = {
        linux: await providerLoaders.linux(),
        docker: createDockerProvider({
          host,
          env: {},
          ociRuntime: "runc",
          image: "debian:stable-slim",
          pullPolicy: "never",
          poolSize: 2,
        }),
      };
      for (const [name, provider] of Object.entries(providers)) {
        services[name] = new ExecutionService({
          provider,
          languages,
          concurrency: 2,
          maxQueued: 8,
          compileLimits: { wallTimeMs: 30_000, cpuTimeMs: 30_000 },
          ownNodePath: process.execPath,
        });
      }
    }, DOCKERD_TIMEOUT_MS);
    afterAll(async () => {
      await Promise.all(Object.values(services).map((service) => service.close()));
    });

    const answerOf = async (name: string, wanted: Case): Promise<unknown> => {
      const request: ExecutionRequest = {
        program: wanted.program,
        args: wanted.args ?? [],
        env: {},
        stdin: wanted.stdin === undefined ? "empty" : Readable.from([wanted.stdin]),
        limits: { ...testLimits, ...wanted.limits },
        onOutputLimit: wanted.onOutputLimit ?? "truncate",
        network: wanted.network ?? { mode: "none" },
        enforcement: "strict",
      };
      const { report, output } = await collect(
        services[name]!,
        request,
        AbortSignal.timeout(40_000),
      );
      const phases = { compile: report.compile, run: report.run ?? undefined };
      return Object.entries(phases).map(([phase, execution]) => ({
        phase,
        outcome: execution?.outcome,
        ...(wanted.ignoresOutput === true
          ? {}
          : {
              droppedBytes: execution?.droppedBytes,
              stdout: output[phase as PhaseName].stdout.toString(),
              stderr: withoutVersions(output[phase as PhaseName].stderr.toString()),
            }),
      }));
    };
    const compare = async (wanted: Case): Promise<void> => {
      const [linux, docker] = await Promise.all([
        answerOf("linux", wanted),
        answerOf("docker", wanted),
      ]);
      expect(docker).toEqual(linux);
    };

    test.each(Object.entries(outcomes))("a program that %s", async (_name, wanted) => {
      await compare(wanted);
    });

    for (const language of languages.languages.filter(({ id }) => compared.includes(id))) {
      test.each(language.tests.map((each) => [each.name, each] as const))(
        `${language.id} %s`,
        async (_name, { files, args, stdin }) => {
          const contents = files.map(({ path, content }) => ({
            path,
            content: Buffer.from(content),
          }));
          const program: Program = { kind: "code", language: language.id, files: contents };
          await compare({ program, args, stdin });
        },
      );
    }
  },
);
