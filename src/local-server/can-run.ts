/**
 * @module
 * Which runs a server makes for other processes of its user.
 */
import type { ExecutionRequest } from "../service/request.ts";
import { maxFileBytes, type RunRequest } from "./messages.ts";

/**
 * A program with files of its own, without a terminal and without the network: what has an effect outside
 * of its sandbox is left to who asked for it. So is all that is named by a path: a server can't tell
 * whether who asks may read what lies there.
 */
export function canRun(
  request: Omit<ExecutionRequest, "stdin">,
): request is Omit<ExecutionRequest, "stdin"> & RunRequest {
  const { program, network, permissions, tty, image, provider, lent, hostPipes } = request;
  if (permissions !== undefined || lent !== undefined || hostPipes !== undefined) return false;
  if (program.workspace !== undefined) return false;
  if (network.mode !== "none" || tty !== undefined) return false;
  if (image !== undefined || provider !== undefined) return false;
  if (program.kind === "command") return true;
  return program.files.reduce((sum, { content }) => sum + content.byteLength, 0) <= maxFileBytes;
}
