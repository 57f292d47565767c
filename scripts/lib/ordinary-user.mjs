/**
 * @module
 * Runs a command as an ordinary user without an account, from root.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./artifacts.mjs";
import { hasProgram } from "./system-packages.mjs";

/** Belongs to nobody: above the ids of accounts, below those of user namespaces. */
const USER_ID = 64999;

const dropPrivileges = [
  "setpriv",
  `--reuid=${USER_ID}`,
  `--regid=${USER_ID}`,
  "--clear-groups",
  "--inh-caps=-all",
  "--bounding-set=-all",
];

/**
 * @param {string} folder An empty folder that everybody can reach.
 * @returns {{ reason: string } | { wrap: (argv: readonly string[]) => readonly string[],
 *   checkout: string, home: string, env: Record<string, string> }} `checkout` is where that user
 *   finds this checkout; `reason` says why there can be no such user.
 */
export function prepareOrdinaryUser(folder) {
  for (const program of ["setpriv", "unshare", "mount"]) {
    if (!hasProgram(program)) return { reason: `${program} is not installed` };
  }
  chmodSync(folder, 0o755);
  const home = join(folder, "home");
  for (const path of [home, join(home, "tmp")]) {
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, USER_ID, USER_ID);
  }
  const env = { HOME: home, TMPDIR: join(home, "tmp"), XDG_CACHE_HOME: join(home, ".cache") };
  const node = reachableNode(folder);
  const path = node === process.execPath ? process.env.PATH : `${folder}:${process.env.PATH}`;
  const common = { home, env: { ...env, PATH: path } };
  const withNode = (argv) => argv.map((word) => (word === process.execPath ? node : word));
  if (canReach(join(root, "package.json"))) {
    return { ...common, checkout: root, wrap: (argv) => [...dropPrivileges, ...withNode(argv)] };
  }
  // A checkout below /root: shown to that user, and to nobody else, at a place that it can reach.
  const checkout = join(folder, "checkout");
  mkdirSync(checkout, { mode: 0o755 });
  const script = 'mount --bind "$0" "$1" && cd "$1" && shift && exec "$@"';
  const wrap = (argv) => [
    ...["unshare", "--mount", "--propagation", "private", "sh", "-c", script, root, checkout],
    ...dropPrivileges,
    ...withNode(argv),
  ];
  return { ...common, checkout, wrap };
}

/** Node itself may lie where only root can go. */
function reachableNode(folder) {
  if (canReach(process.execPath)) return process.execPath;
  const copy = join(folder, "node");
  copyFileSync(process.execPath, copy);
  chmodSync(copy, 0o755);
  return copy;
}

function canReach(path) {
  const [program, ...args] = [...dropPrivileges, "test", "-r", path];
  return spawnSync(program, args, { stdio: "ignore", cwd: "/" }).status === 0;
}
