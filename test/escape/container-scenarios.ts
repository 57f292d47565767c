/**
 * @module
 * Attacks of containers on each other, on the engine's network and on their own launcher.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { attackLimits } from "./attack.ts";
import { createSandbox, escapesIn, execute, skipWhereNamed, type Field } from "./run-attack.ts";

const network = { mode: "all" } as const;

const listener = `
import socket, sys
server = socket.create_server(("0.0.0.0", 4711))
print("address", socket.gethostbyname(socket.gethostname()), flush=True)
sys.stdin.read()`;

/** argv: what to connect to, as host:port. Says which of them took the connection. */
const connector = `
import socket, sys
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 1).close()
        print("ESCAPED: reached", target)
    except OSError as error:
        print("held:", target, error)
print("done")`;

export function describeContainers(field: () => Field, daemon: () => DockerdUser): void {
  const scenario = (name: string, body: () => Promise<void>): void => {
    test(name, async (context) => {
      skipWhereNamed(context, field(), name);
      await body();
    });
  };

  scenario("with all of the network, a sandbox beside it can't be reached", async () => {
    const server = await createSandbox(field(), { network }, attackLimits, []);
    const stdin = new PassThrough();
    let looked: Promise<string> | undefined;
    try {
      await execute(field(), server, ["python3", "-c", listener], {
        limits: attackLimits,
        stdin,
        onText: (text) => {
          const address = /address (\S+)/.exec(text)?.[1];
          if (address === undefined) return;
          looked = connect(field(), [`${address}:4711`]).finally(() => stdin.end());
        },
      });
    } finally {
      await server.destroy();
    }
    expect(escapesIn((await looked)!)).toEqual([]);
  });

  scenario(
    "with all of the network, services on the host's loopback can't be reached",
    async () => {
      const service = await startService(daemon(), "127.0.0.1");
      try {
        const targets = ["127.0.0.1", "172.17.0.1", "localhost"];
        const text = await connect(
          field(),
          targets.map((target) => `${target}:${service.port}`),
        );
        expect(escapesIn(text)).toEqual([]);
      } finally {
        await service.stop();
      }
    },
  );

  scenario("a program that kills pid 1 ends its own sandbox at most", async () => {
    const script = `
import os
os.write(1, b"trying: to kill pid 1\\n")
for number in (9, 19, 15, 11):
    try: os.kill(1, number)
    except PermissionError: pass
print("done")
`;
    const beside = await createSandbox(field(), {}, attackLimits, []);
    const sandbox = await createSandbox(field(), {}, attackLimits, []);
    try {
      const argv = ["python3", "-c", script];
      const ended = execute(field(), sandbox, argv, { limits: attackLimits });
      await ended.then(
        ({ outcome }) => {
          expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
        },
        (error: unknown) => {
          expect(error).toMatchObject({ code: "SANDBOX_FAILED" });
        },
      );
      const after = await execute(field(), beside, ["echo", "alive"], { limits: attackLimits });
      expect(after.stdout).toBe("alive\n");
    } finally {
      await sandbox.destroy();
      await beside.destroy();
    }
  });

  scenario("what is written past the launcher is no more than the output limit", async () => {
    const script = `
import os
for fd in (1, 2):
    try:
        past = os.open(f"/proc/1/fd/{fd}", os.O_WRONLY)
        print("ESCAPED: opened fd", fd, "of pid 1", flush=True)
        for i in range(128): os.write(past, b"x" * 65536)
    except OSError as error:
        print("held:", error)`;
    const sandbox = await createSandbox(field(), {}, attackLimits, []);
    try {
      const argv = ["python3", "-c", script];
      const result = await execute(field(), sandbox, argv, { limits: attackLimits });
      expect(result.keptBytes).toBeLessThanOrEqual(2 * attackLimits.outputBytes);
      expect(escapesIn(result.stdout)).toEqual([]);
    } finally {
      await sandbox.destroy();
    }
  });

  scenario(
    "memory that belongs to no process ends the program, not only the launcher",
    async () => {
      const script =
        "for i in 1 2 3 4; do for f in /tmp /workspace /dev/shm; do " +
        "(while :; do head -c 24000000 /dev/zero > $f/$i 2>/dev/null; done) & done; done; wait";
      const limits = { ...attackLimits, diskBytes: 256 * 1024 * 1024 };
      const sandbox = await createSandbox(field(), {}, limits, []);
      try {
        const { outcome } = await execute(field(), sandbox, ["/bin/sh", "-c", script], { limits });
        expect(outcome).toMatchObject({ kind: "limit" });
        expect(["memory", "cpuTime", "wallTime"]).toContain((outcome as { limit: string }).limit);
      } finally {
        await sandbox.destroy();
      }
    },
  );
}

async function connect(field: Field, targets: readonly string[]): Promise<string> {
  const sandbox = await createSandbox(field, { network }, attackLimits, []);
  try {
    const argv = ["python3", "-u", "-c", connector, ...targets];
    const { stdout } = await execute(field, sandbox, argv, { limits: attackLimits });
    expect(stdout).toMatch(/^done$/m);
    return stdout;
  } finally {
    await sandbox.destroy();
  }
}

/** A service of the daemon's machine. */
async function startService(
  daemon: DockerdUser,
  address: string,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  // It ends with its stdin: what is killed is nsenter, which only waits for it.
  const script =
    `require("net").createServer((socket) => socket.end())` +
    `.listen(0, "${address}", function () { console.log(this.address().port); });` +
    `process.stdin.resume().on("end", () => process.exit());`;
  const [program = "", ...args] = daemon.inside(process.execPath, "-e", script);
  const service: ChildProcess = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(service.stdout!, "data")) as [Buffer];
  return {
    port: Number(line.toString("utf8")),
    stop: async () => {
      const exited = once(service, "exit");
      service.stdin!.end();
      await exited;
    },
  };
}
