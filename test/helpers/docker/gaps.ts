/**
 * @module
 * What this host lacks for a Docker daemon of the tests.
 */
import { findProgram } from "../find-program.ts";

const neededPrograms = [
  "dockerd",
  "docker",
  "containerd",
  "iptables",
  "docker-registry",
  "mmdebstrap",
];
const neededTools = ["bash", "unshare", "nsenter", "setpriv", "mount", "ip", "find", "tar"];

/** Why no Docker daemon can be started here; undefined where one can. */
export function dockerGap(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can start a Docker daemon";
  const missing = [...neededPrograms, ...neededTools].find(
    (name) => findProgram(name) === undefined,
  );
  return missing === undefined ? undefined : `${missing} is not installed`;
}

/** Why there is no gVisor for the daemon to use; undefined where there is. */
export function runscGap(): string | undefined {
  return dockerGap() ?? (findProgram("runsc") === undefined ? "runsc is not installed" : undefined);
}
