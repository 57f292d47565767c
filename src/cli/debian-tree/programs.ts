/**
 * @module
 * What making a tree needs of the host, and the way without root that works here.
 */
import { execFile } from "node:child_process";
import { delimiter } from "node:path";
import { promisify } from "node:util";
import { GloveboxError } from "../../core/errors.ts";
import { missingPrograms } from "../../util/missing-programs.ts";

/** mmdebstrap(1), `--mode`. */
export type TreeMode = "root" | "unshare" | "fakechroot";

const PROBE_TIMEOUT_MS = 20_000;

/** Program and its Debian package. */
const needed = [
  ["mmdebstrap", "mmdebstrap"],
  ["apt-get", "apt"],
  ["flock", "util-linux"],
  ["unshare", "util-linux"],
  ["skopeo", "skopeo"],
] as const;

const faked = [
  ["fakechroot", "fakechroot"],
  ["fakeroot", "fakeroot"],
] as const;

/** An ordinary user's PATH often lacks the folders of chroot(8) and ldconfig(8). */
export function toolEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const all = new Set([...folders, "/usr/sbin", "/usr/bin", "/sbin", "/bin"]);
  return { ...env, APT_CONFIG: undefined, PATH: [...all].join(delimiter) };
}

/**
 * @param env See `toolEnvironment`.
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE` with what to install.
 */
export async function chooseMode(env: NodeJS.ProcessEnv): Promise<TreeMode> {
  const missing = missingOf(needed, env);
  const isRoot = process.geteuid?.() === 0;
  const noFake = missingOf(faked, env);
  if (missing.length > 0) {
    // Said at once: nobody wants to be told twice.
    throw unavailable([...missing, ...(isRoot || hasIds(env) ? [] : noFake)]);
  }
  if (isRoot) return "root";
  if (hasIds(env) && (await canUnshare(env))) return "unshare";
  if (noFake.length > 0) throw unavailable(noFake);
  return "fakechroot";
}

/** newuidmap(1) gives a user a range of ids, where /etc/subuid has one for it. */
function hasIds(env: NodeJS.ProcessEnv): boolean {
  return missingOf([["newuidmap", "uidmap"]], env).length === 0;
}

async function canUnshare(env: NodeJS.ProcessEnv): Promise<boolean> {
  const options = { env, timeout: PROBE_TIMEOUT_MS };
  return promisify(execFile)("mmdebstrap", ["--unshare-helper", "true"], options).then(
    () => true,
    () => false,
  );
}

function missingOf(
  programs: readonly (readonly [program: string, name: string])[],
  env: NodeJS.ProcessEnv,
): readonly string[] {
  const missing = missingPrograms(
    programs.map(([program]) => program),
    env,
  );
  const names = programs.filter(([program]) => missing.includes(program)).map(([, name]) => name);
  return [...new Set(names)];
}

function unavailable(packages: readonly string[]): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  const hint = `apt-get install --no-install-recommends ${packages.join(" ")}`;
  const names = packages.join(", ");
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `a Debian tree can't be made here: ${names} is missing. Install it as root (Debian, Ubuntu): ${hint}`,
    { provider: "linux", hint },
  );
}
