/**
 * @module
 * Programs that want into the network without being let, or while somebody is asked.
 */
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Decision, PermissionGate, Question } from "../../src/core/permission.ts";
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { createAskingProvider } from "../helpers/asking-provider.ts";
import { createLeftoverCheck } from "../helpers/leftovers.ts";
import { skipUnless } from "../helpers/require.ts";
import { attackLimits } from "./attack.ts";
import { compilePrograms, findCompiler, readyProgram } from "./programs.ts";
import { escapesIn } from "./run-attack.ts";

const linux = createLinuxProvider({ launcherPath: await locateLauncher() });
const { available, reason } = await linux.probe();
const compiler = findCompiler();
const skipReason =
  skipUnless("linux", available ? undefined : reason) ??
  skipUnless("c", compiler === undefined ? "no C compiler is installed" : undefined);

const yes: Decision = { isAllowed: true, scope: "run" };
const no: Decision = { isAllowed: false, scope: "run" };

/** A gate that tells what it was asked. */
function gateOf(decide: (question: Question, signal: AbortSignal) => Decision | Promise<Decision>) {
  const asked: Question[] = [];
  const gate: PermissionGate = {
    decide: async (question, signal) => {
      asked.push(question);
      return decide(question, signal);
    },
  };
  return { gate, asked };
}

describe.skipIf(skipReason !== undefined)("a network that is asked about", () => {
  const folder = mkdtempSync(join(tmpdir(), "ask-programs-"));
  let echo: Server;
  let port: number;

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    await compilePrograms(compiler ?? "cc", folder, /^ask-/);
    echo = createServer((socket) => {
      socket.on("error", () => undefined).pipe(socket);
    });
    echo.listen(0, "127.0.0.1");
    await once(echo, "listening");
    ({ port } = echo.address() as AddressInfo);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    echo.close();
    await linux.close();
  });

  /**
   * Runs a command, and looks whether something is left.
   *
   * @param program One of the programs; it lies in the workspace.
   */
  async function run(
    gate: PermissionGate,
    program: string,
    argv: readonly string[],
    changes: Partial<typeof attackLimits> = {},
  ) {
    const leftovers = await createLeftoverCheck();
    const limits = { ...attackLimits, wallTimeMs: 20_000, cpuTimeMs: 20_000, ...changes };
    const sandbox = await createAskingProvider(linux, gate).create(
      {
        policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
        limits,
        files: [readyProgram(program, folder).file],
        hostPrograms: [],
        enforcement: "strict",
      },
      new AbortController().signal,
    );
    const chunks: Buffer[] = [];
    try {
      const { outcome } = await sandbox.exec(
        {
          argv,
          env: { PATH: "/usr/bin:/bin", HOME: "/home/sandbox", ...leftovers.env },
          cwd: "/workspace",
          stdin: "empty",
          limits,
          onOutputLimit: "truncate",
          onOutput: (_stream, chunk) => void chunks.push(chunk),
        },
        new AbortController().signal,
      );
      return { outcome, text: Buffer.concat(chunks).toString() };
    } finally {
      await sandbox.destroy();
      expect(await leftovers.processes()).toEqual([]);
    }
  }

  const expectNoEscape = ({ outcome, text }: Awaited<ReturnType<typeof run>>): void => {
    expect(escapesIn(text), text).toEqual([]);
    expect(text.trimEnd().split("\n").at(-1), text).toBe("done");
    expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
  };

  /** This machine's own loopback has a name inside; the first name of a run has always one address. */
  const afterLookup = (program: string): readonly string[] => [
    "sh",
    "-c",
    `good=$(getent hosts host.internal | cut -d" " -f1) && exec ./${program} "$good" "$@"`,
    "sh",
  ];

  test("no way leads to an address that was denied", async () => {
    const { gate, asked } = gateOf(() => no);
    const argv = ["./ask-net-ways", "203.0.113.99", "18080"];
    expectNoEscape(await run(gate, "ask-net-ways.c", argv));
    expect(asked.length).toBeGreaterThan(5);
  });

  test("an address that changes while the call waits leads nowhere else", async () => {
    const { gate } = gateOf(({ subject }) =>
      subject.kind === "net" && subject.host === "203.0.113.66" ? no : yes,
    );
    const argv = [...afterLookup("ask-toctou"), "203.0.113.66", String(port), "3000"];
    expectNoEscape(await run(gate, "ask-toctou.c", argv));
  });

  test("32 threads that connect at once all have their connection", async () => {
    const { gate } = gateOf(() => yes);
    const argv = [...afterLookup("ask-threads"), String(port), "32"];
    expectNoEscape(await run(gate, "ask-threads.c", argv, { processes: 64 }));
  });

  test("who ends while somebody is asked ends at once, and its question is withdrawn", async () => {
    let withdrawn = 0;
    const { gate, asked } = gateOf(
      async (_question, signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            withdrawn += 1;
            resolve(no);
          });
        }),
    );
    expectNoEscape(await run(gate, "ask-children.c", ["./ask-children", "203.0.113.7", "80"]));
    expect(asked).toHaveLength(3);
    expect(withdrawn).toBe(3);
  });

  test("connections that linger hold up nobody who asks, nor the end of the sandbox", async () => {
    const { gate } = gateOf(() => no);
    const begun = performance.now();
    expectNoEscape(await run(gate, "ask-linger.c", ["./ask-linger", "203.0.113.7", "80"]));
    expect(performance.now() - begun).toBeLessThan(20_000);
  });

  test("a port that a program opens stays inside until it is forwarded", async () => {
    const { gate, asked } = gateOf(() => no);
    const script =
      'import socket; s = socket.socket(); s.bind(("0.0.0.0", 0)); s.listen(); print(s.getsockname()[1])';
    const { text } = await run(gate, "ask-children.c", ["python3", "-c", script]);
    const port = Number(text);
    expect(asked.map(({ subject }) => subject)).toEqual([{ kind: "forward", port }]);
  });
});
