/**
 * @module
 * Who a program is: outside a container the same user as inside, unless the daemon maps users.
 */
import { randomInt } from "node:crypto";
import { stat } from "node:fs/promises";
import { GloveboxError, invalidRequest } from "../../core/errors.ts";
import type { ContainerSpec } from "./container-config.ts";
import type { DaemonInfo } from "./daemon.ts";

/** What most images give to their first user. */
const ORDINARY_ID = 1000;

/**
 * Above what distributions and container tools hand out (systemd's UIDS-GIDS.md), and below 2^31. Of
 * its own for each sandbox: it owns nothing on the host, and no quota that the kernel counts by user
 * is shared. The linux provider chooses likewise.
 */
const FIRST_HOST_ID = 1_900_000_000;
const HOST_IDS = 2 ** 22;

/**
 * In a folder of the user its owner, so that what the program writes is the owner's.
 *
 * @returns `UID:GID`
 * @throws {GloveboxError} `POLICY_UNENFORCEABLE` for a folder of root's that it shall write to,
 * `INVALID_REQUEST` for one that can't be looked at.
 */
export async function containerUser(
  { policy }: ContainerSpec,
  { security }: DaemonInfo,
): Promise<string> {
  const { workspace } = policy;
  // A daemon that maps users has a few thousand of them, which are nobody's already.
  const isMapped = security.includes("rootless") || security.includes("userns");
  const nobody = isMapped ? ORDINARY_ID : FIRST_HOST_ID + randomInt(HOST_IDS);
  if (workspace.kind === "scratch") return `${nobody}:${nobody}`;
  const { uid, gid } = await ownerOf(workspace.hostPath);
  if (uid !== 0) return `${uid}:${gid}`;
  if (workspace.access === "ro") return `${nobody}:${nobody}`;
  throw new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `docker: \`${workspace.hostPath}\` belongs to root, and a program that may write to it would have to be root. ` +
      "Give it to an ordinary user (`chown`), mount it read-only, or use the provider `linux`.",
    { provider: "docker", controls: ["privileges"] },
  );
}

async function ownerOf(folder: string): Promise<{ readonly uid: number; readonly gid: number }> {
  // Docker Desktop shows every folder as the container's own.
  if (process.platform !== "linux") return { uid: ORDINARY_ID, gid: ORDINARY_ID };
  try {
    return await stat(folder);
  } catch (error) {
    throw invalidRequest("workspace", `cannot be read: ${(error as Error).message}`);
  }
}
