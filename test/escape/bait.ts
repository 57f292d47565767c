/**
 * @module
 * What the attack programs are after on the host: files, sockets and a process that the test sets up,
 * and what about them would show that somebody got at them.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { linkSync, lstatSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { hostname, networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";

export interface Bait {
  /** In a file, an environment variable and a process title of the host; must not be read inside. */
  readonly secret: string;
  readonly folder: string;
  readonly secretFile: string;
  /** Readable and writable by everybody. */
  readonly openFile: string;
  /** A folder of the host to be mounted as workspace; holds links that lead out. */
  readonly workspace: string;
  readonly socketPath: string;
  /** Without the leading NUL. */
  readonly abstractSocket: string;
  readonly tcpPort: number;
  readonly udpPort: number;
  /** An address of this host that is not loopback; loopback where it has none. */
  readonly address: string;
  readonly victimPid: number;
  /** What happened to the bait and to the host since it was laid; empty if nothing. */
  damage(): readonly string[];
  /** Makes the workspace as it was. */
  resetWorkspace(): void;
  remove(): Promise<void>;
}

export interface FolderOwner {
  readonly uid: number;
  readonly gid: number;
}

/** @param owner Of the workspace. Default: this process's user. */
export async function layBait(owner: FolderOwner = ownIds()): Promise<Bait> {
  const secret = `secret-${randomUUID()}`;
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "escape-bait-")));
  // Only the sandbox shall stand between the program and the bait.
  chmodSync(folder, 0o755);
  const secretFile = join(folder, "secret.txt");
  const openFile = join(folder, "open.txt");
  writeFileSync(secretFile, secret, { mode: 0o644 });
  writeFileSync(openFile, secret);
  chmodSync(openFile, 0o666);
  const workspace = join(folder, "workspace");
  fillWorkspace(workspace, secretFile, owner);

  const visits: string[] = [];
  const socketPath = join(folder, "s");
  const abstractSocket = `escape-${randomUUID()}`;
  const servers = await Promise.all([
    listen("TCP listener", visits, { port: 0, host: "0.0.0.0" }),
    listen("Unix socket", visits, { path: socketPath }),
    listen("abstract socket", visits, { path: `\0${abstractSocket}` }),
  ]);
  chmodSync(socketPath, 0o777);
  const udp = createSocket("udp4", () => visits.push("UDP listener"));
  udp.bind(0, "0.0.0.0");
  await once(udp, "listening");
  const victim = spawn("sleep", ["600"], { env: { SECRET: secret }, stdio: "ignore" });
  await once(victim, "spawn");
  const victimPid = victim.pid ?? 0;
  const before = lookAt(folder, victimPid);

  return {
    secret,
    folder,
    secretFile,
    openFile,
    workspace,
    socketPath,
    abstractSocket,
    tcpPort: (servers[0].address() as AddressInfo).port,
    udpPort: udp.address().port,
    address: ownAddress(),
    victimPid,
    damage: () => {
      const now = lookAt(folder, victimPid);
      const changes = Object.keys({ ...before, ...now })
        .filter((key) => before[key] !== now[key])
        .map((key) => `${key}: ${before[key]} became ${now[key]}`);
      return [...changes, ...visits.splice(0)];
    },
    resetWorkspace: () => {
      removeTree(workspace);
      fillWorkspace(workspace, secretFile, owner);
    },
    remove: async () => {
      const exited = once(victim, "exit");
      victim.kill("SIGKILL");
      if (victim.exitCode === null && victim.signalCode === null) await exited;
      udp.close();
      for (const server of servers) server.close();
      removeTree(folder);
    },
  };
}

/** Also where the program closed its folders to their owner. */
function removeTree(folder: string): void {
  execFileSync("chmod", ["-R", "u+rwX", folder]);
  rmSync(folder, { recursive: true, force: true });
}

/** All that a program could have changed outside, as text. */
function lookAt(folder: string, victimPid: number): Record<string, string | undefined> {
  const seen: Record<string, string | undefined> = {
    victim: statusLines(victimPid, ["State", "Seccomp", "Uid"]),
    "victim's limits": quietly(() => readFileSync(`/proc/${victimPid}/limits`, "utf8")),
    "victim's priority": quietly(() => priorityOf(victimPid)),
    "own state": statusLines(process.pid, ["Uid", "Gid", "NoNewPrivs", "TracerPid"]),
    "host name": hostname(),
    "core pattern": quietly(() => readFileSync("/proc/sys/kernel/core_pattern", "utf8")),
    folder: readdirSync(folder).sort().join(" "),
  };
  for (const name of ["secret.txt", "open.txt", "s"]) {
    seen[name] = quietly(() => {
      const { mode, uid, gid, size, mtimeMs, ctimeMs, nlink } = statSync(join(folder, name));
      return [mode, uid, gid, size, mtimeMs, ctimeMs, nlink].join(" ");
    });
  }
  for (const path of ["/dev/null", "/dev/zero", "/usr/bin", "/etc/passwd"]) {
    const { mode, uid, gid, rdev, ino } = statSync(path);
    seen[path] = [mode, uid, gid, rdev, ino].join(" ");
  }
  return seen;
}

const quietly = (read: () => string): string => {
  try {
    return read();
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
};

/** Priority and nice value: fields 18 and 19 of proc_pid_stat(5). */
function priorityOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")")).split(" ").slice(16, 18).join(" ");
}

function statusLines(pid: number, names: readonly string[]): string {
  return quietly(() =>
    readFileSync(`/proc/${pid}/status`, "utf8")
      .split("\n")
      .filter((line) => names.some((name) => line.startsWith(`${name}:`)))
      .map((line) => line.replace(/^State:\s[RSD] .*/, "State: lives"))
      .join(", "),
  );
}

function ownIds(): FolderOwner {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function fillWorkspace(workspace: string, secretFile: string, owner: FolderOwner): void {
  mkdirSync(join(workspace, "inner/deep"), { recursive: true });
  writeFileSync(join(workspace, "given.txt"), "given\n");
  linkSync(join(workspace, "given.txt"), join(workspace, "inner/hard.txt"));
  symlinkSync(secretFile, join(workspace, "absolute"));
  symlinkSync("../secret.txt", join(workspace, "relative"));
  symlinkSync("../../../secret.txt", join(workspace, "inner/deep/relative"));
  symlinkSync("/etc/shadow", join(workspace, "shadow"));
  symlinkSync("/proc/1/root", join(workspace, "root"));
  symlinkSync("..", join(workspace, "up"));
  if (lstatSync(workspace).uid !== process.getuid?.()) throw new Error("bait: not our workspace");
  const { uid, gid } = ownIds();
  if (owner.uid === uid && owner.gid === gid) return;
  execFileSync("chown", ["-hR", `${owner.uid}:${owner.gid}`, workspace]);
}

async function listen(
  what: string,
  visits: string[],
  where: { readonly path: string } | { readonly port: number; readonly host: string },
): Promise<Server> {
  const server = createServer((socket) => {
    visits.push(`${what} was connected to`);
    socket.destroy();
  });
  server.listen(where);
  await once(server, "listening");
  return server;
}

function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((one) => one?.family === "IPv4" && !one.internal)?.address ?? "127.0.0.1";
}
