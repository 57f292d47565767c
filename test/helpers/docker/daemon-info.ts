/**
 * @module
 * What a daemon says that lacks nothing, for tests of what is made of it.
 */
import type { DaemonInfo } from "../../../src/providers/docker/daemon.ts";

export const completeDaemon: DaemonInfo = {
  engine: "Docker",
  version: "27.1.0",
  operatingSystem: "Debian",
  architecture: "amd64",
  cgroup: "cgroup v2",
  limits: { memory: true, swap: true, processes: true },
  security: ["seccomp"],
  ociRuntimes: [{ name: "runc", isGvisor: false }],
  defaultOciRuntime: "runc",
};
