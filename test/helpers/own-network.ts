/**
 * @module
 * A network of a test's own: with addresses that look like the Internet's, and names for them. Nothing
 * that runs in it reaches anything outside.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface OwnNetwork {
  /** Words in front of a command that is to run in it. */
  readonly enter: readonly string[];
  close(): Promise<void>;
}

/** @param names Of hosts: address of each, IPv4 or IPv6. */
export async function openOwnNetwork(
  names: Readonly<Record<string, readonly string[]>>,
): Promise<OwnNetwork> {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-network-test-"));
  const hosts = join(folder, "hosts");
  const rows = Object.entries(names).flatMap(([name, addresses]) =>
    addresses.map((address) => `${address} ${name}\n`),
  );
  writeFileSync(hosts, `127.0.0.1 localhost\n::1 localhost\n${rows.join("")}`, { mode: 0o644 });
  const all = [...new Set(Object.values(names).flat())].filter((it) => !/^(127\.|::1$)/.test(it));
  const script = [
    "set -e; ip link set lo up",
    ...all.map((it) => `ip addr add ${it}/${it.includes(":") ? "128 nodad" : "32"} dev lo`),
    `mount --make-rprivate / ; mount --bind ${hosts} /etc/hosts`,
    "echo up; exec sleep 3600",
  ].join("\n");
  const isRoot = process.getuid?.() === 0;
  const own = isRoot ? [] : ["--user", "--map-root-user"];
  const holder = spawn("unshare", [...own, "--net", "--mount", "sh", "-c", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await untilUp(holder);
  const target = ["nsenter", "--target", String(holder.pid), "--net", "--mount"];
  return {
    // In a user namespace whoever enters is its root, as in a rootless container.
    enter: isRoot ? target : [...target, "--user", "--preserve-credentials"],
    close: async () => {
      const ended = once(holder, "exit");
      holder.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilUp(holder: ChildProcess): Promise<void> {
  const { stdout } = holder;
  if (stdout === null) throw new Error("a piped stdout");
  const [first] = (await Promise.race([once(stdout, "data"), once(holder, "exit")])) as [unknown];
  if (!String(first).startsWith("up")) throw new Error("a network of its own can't be had here");
}

/** Why there is none on this host; undefined where there is. */
export function ownNetworkGap(): string | undefined {
  try {
    execFileSync("sh", ["-c", "command -v unshare nsenter ip"], { stdio: "ignore" });
  } catch {
    return "unshare, nsenter or ip is missing";
  }
  const own = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  try {
    execFileSync("unshare", [...own, "--net", "--mount", "true"], { stdio: "ignore" });
    return undefined;
  } catch {
    const setting = "/proc/sys/kernel/unprivileged_userns_clone";
    return `namespaces can't be had here (${readOr(setting, "no such setting")})`;
  }
}

function readOr(path: string, instead: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return instead;
  }
}
