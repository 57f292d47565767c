/**
 * @module
 * Which runs a server makes for other processes of its user.
 */
import type { ExecutionRequest } from "../service/request.ts";
import { maxFileBytes, type RunRequest } from "./messages.ts";

/**
 * Code with files of its own, without a terminal and without the network: what has an effect outside of
 * its sandbox is left to who asked for it.
 */
export function canRun(
  request: Omit<ExecutionRequest, "stdin">,
): request is Omit<ExecutionRequest, "stdin"> & RunRequest {
  const { program, network, permissions, tty, image, provider, lent } = request;
  if (permissions !== undefined || lent !== undefined) return false;
  if (program.kind !== "code" || program.workspace !== undefined) return false;
  if (network.mode !== "none" || tty !== undefined) return false;
  if (image !== undefined || provider !== undefined) return false;
  return program.files.reduce((sum, { content }) => sum + content.byteLength, 0) <= maxFileBytes;
}
