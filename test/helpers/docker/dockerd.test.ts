/**
 * @module
 * The Docker daemon of the tests: it runs containers under limits, and leaves nothing.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../bundle.ts";
import { listProcesses } from "../leftovers.ts";
import { startDockerd, type DockerdUser } from "./dockerd.ts";
import { importForeignImage, importSmallImages, smallTags } from "./images.ts";
import { startRegistry } from "./registry.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "./shared.ts";
import { dockerSkipReason, runscSkipReason } from "./skip.ts";

const skipReason = dockerSkipReason();
const runscReason = runscSkipReason();

const hardened = [
  ...["--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--user=1000:1000"],
  ...["--security-opt=no-new-privileges", "--memory=64m", "--memory-swap=64m", "--pids-limit=128"],
];
const overMemory = `
block = bytearray(300 << 20)
block[::4096] = b"x" * len(block[::4096])
print("survived")`;
const overProcesses = `
import os, time
started = 0
try:
    for _ in range(300):
        if os.fork() == 0:
            time.sleep(60)
        started += 1
        print(started, flush=True)
except OSError:
    os._exit(7)
print("survived")`;

describe.skipIf(skipReason !== undefined)(`the shared daemon ${skipReason ?? ""}`, () => {
  let dockerd: DockerdUser;
  beforeAll(async () => {
    dockerd = await sharedDockerd();
  }, DOCKERD_TIMEOUT_MS);

  describe.each([
    ["runc", undefined],
    ["runsc", runscReason],
  ] as const)("with %s", (runtime, reason) => {
    const onRuntime = test.skipIf(reason !== undefined);
    const run = (options: readonly string[], ...argv: readonly string[]): Promise<string> =>
      dockerd.docker("run", `--runtime=${runtime}`, ...options, ...argv);

    onRuntime("runs a program with the least rights", async () => {
      const script = "import os, sys; print(os.getuid(), sys.version_info[0])";
      expect(await run(hardened, "python:3", "python3", "-c", script)).toBe("1000 3");
    });

    onRuntime("runs each language's program", async () => {
      const script = "node -p 1+1 && gcc --version >/dev/null && g++ --version | head -n 1";
      expect(await run(["--rm"], "node:22", "bash", "-c", script)).toMatch(/^2\ng\+\+/);
    });

    onRuntime("runs an image that has nothing but its program", async () => {
      expect(await run(["--rm"], smallTags.tiny, "/bin/sh", "-c", "id -u")).toBe("0");
      expect(await run(["--rm"], smallTags.bare)).toBe("");
      await expect(run(["--rm"], smallTags.bare, "/bin/sh")).rejects.toThrow(
        /no such file|not found/,
      );
    });

    onRuntime("holds a limit of memory", async () => {
      const ended = run(hardened, "python:3", "python3", "-c", overMemory);
      await expect(ended).rejects.toMatchObject({ code: 137, stdout: "" });
    });

    onRuntime("holds a limit of processes", async () => {
      const failure: unknown = await run(hardened, "python:3", "python3", "-c", overProcesses).then(
        (output) => output,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(Error);
      const { stdout } = failure as Error & { stdout: string };
      expect(stdout).not.toContain("survived");
      const started = Number(stdout.trimEnd().split("\n").at(-1));
      // gVisor's own threads count too.
      expect(started).toBeGreaterThan(3);
      expect(started).toBeLessThan(128);
    });

    onRuntime(
      "reaches the daemon's host over the bridge, and nothing without a network",
      async () => {
        const [program = "", ...args] = dockerd.inside("python3", "-uc", serveOnce);
        const server = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
        const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
        try {
          const [address = "", port = ""] = String((await lines.next()).value).split(" ");
          const script = `import socket; socket.create_connection(("${address}", ${port}), 5).send(b"hello")`;
          const client = ["python:3", "python3", "-c", script] as const;
          await expect(run(["--rm", "--network=none"], ...client)).rejects.toThrow(/OSError/);
          await run(["--rm"], ...client);
          expect((await lines.next()).value).toBe("hello");
        } finally {
          server.kill("SIGKILL");
        }
      },
    );
  });

  test("pulls from a registry", async () => {
    const registry = await startRegistry(dockerd);
    try {
      const name = `${registry.address}/tiny:1`;
      await dockerd.docker("pull", "--quiet", name);
      expect(await dockerd.docker("run", "--rm", name, "/bin/echo", "pulled")).toBe("pulled");
      await expect(dockerd.docker("pull", `${registry.address}/none:1`)).rejects.toThrow(
        /not found/,
      );
      await dockerd.docker("rmi", name);
    } finally {
      await registry.stop();
    }
  });

  test("has an image of another architecture", async () => {
    const tag = `foreign-${process.pid}:1`;
    await importForeignImage(dockerd, tag, "arm64");
    expect(await dockerd.docker("inspect", "--format={{.Architecture}}", tag)).toBe("arm64");
    await dockerd.docker("rmi", tag);
  });
});

describe.skipIf(skipReason !== undefined)(`a daemon of one's own ${skipReason ?? ""}`, () => {
  test("keeps its images over a kill -9, and leaves nothing when it is stopped", async () => {
    const before = hostThings();
    const dockerd = await startDockerd();
    const { name, docker } = dockerd;
    try {
      await importSmallImages(dockerd);
      // A new daemon stops what it finds running: without this, it waits for 10 s.
      const options = ["--detach", "--stop-signal=KILL"];
      await docker("run", ...options, smallTags.tiny, "/bin/sleep", "300");
      expect(cgroupsOf(name)).not.toEqual([]);
      await dockerd.kill9();
      await expect(docker("version")).rejects.toThrow(/Cannot connect/);
      await dockerd.restart();
      expect(await docker("run", "--rm", smallTags.tiny, "/bin/echo", "again")).toBe("again");
    } finally {
      await dockerd.stop();
    }
    expect(await traces(name)).toEqual([]);
    expect(hostThings()).toEqual(before);
  });

  test("ends with its owner's kill -9, frozen containers too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "glovebox-owner-test-"));
    const before = hostThings();
    const runtimes = runscReason === undefined ? ["runc", "runsc"] : ["runc"];
    const owner = spawn(process.execPath, [bundleOwner(folder), ...runtimes], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(owner, "exit");
    let name: string;
    try {
      name = String(await once(owner.stdout, "data")).trim();
      expect(cgroupsOf(name)).not.toEqual([]);
    } finally {
      owner.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true });
    }
    await expect.poll(() => traces(name), { timeout: 15_000 }).toEqual([]);
    expect(hostThings()).toEqual(before);
  });
});

const serveOnce = `
import socket
server = socket.create_server(("172.17.0.1", 0))
print(*server.getsockname())
print(server.accept()[0].recv(100).decode())`;

function bundleOwner(folder: string): string {
  // Looked for beside the program.
  copyFileSync(join(import.meta.dirname, "guard.sh"), join(folder, "guard.sh"));
  return bundle(join(import.meta.dirname, "owner.ts"), folder);
}

/** Processes, mounts, cgroups and folders that have the daemon's name. */
async function traces(name: string): Promise<readonly string[]> {
  const processes = (await listProcesses()).filter(({ commandLine }) => commandLine.includes(name));
  const folder = join(tmpdir(), name);
  return [
    ...processes.map(({ pid, commandLine }) => `process ${pid} ${commandLine}`),
    ...mountPoints().filter((path) => path.includes(name)),
    ...cgroupsOf(name),
    ...(existsSync(folder) ? [folder] : []),
  ];
}

function cgroupsOf(name: string): readonly string[] {
  const found = execFileSync("find", ["/sys/fs/cgroup", "-type", "d", "-name", name], {
    encoding: "utf8",
  });
  return found.split("\n").filter((line) => line !== "");
}

/** What a daemon makes where it is not held back: its key, sockets and network devices. */
function hostThings(): unknown {
  const paths = ["/etc/docker/key.json", "/run/docker", "/run/containerd", "/var/lib/docker"];
  return {
    paths: paths.filter((path) => existsSync(path)),
    devices: readFileSync("/proc/net/dev", "utf8").match(/^ *(docker|veth|br-)[^:]*/gm),
  };
}

/** proc_pid_mountinfo(5): the fifth field. */
function mountPoints(): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "");
}
