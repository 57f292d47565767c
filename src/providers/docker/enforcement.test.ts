import { expect, test } from "vitest";
import type { Control, EnforcementLevel } from "../../core/enforcement.ts";
import { controls } from "../../core/enforcement.ts";
import { defaultLimits } from "../../core/limits.ts";
import type { ContainerSpec } from "./container-config.ts";
import { completeDaemon } from "../../../test/helpers/docker/daemon-info.ts";
import type { DaemonInfo } from "./daemon.ts";
import { enforcementOf, refuseMissing, type Counting } from "./enforcement.ts";

const spec: ContainerSpec = {
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: defaultLimits,
};

const without = (limit: keyof DaemonInfo["limits"]): DaemonInfo => ({
  ...completeDaemon,
  limits: { ...completeDaemon.limits, [limit]: false },
});

/** Those that hold by something with a gap in every container. */
const always: Partial<Record<Control, EnforcementLevel>> = { disk: "weaker" };

test.each<[string, DaemonInfo, Counting, Partial<Record<Control, EnforcementLevel>>]>([
  ["that lacks nothing", completeDaemon, "cgroup", {}],
  ["without a memory limit", without("memory"), "cgroup", { memory: "missing" }],
  ["without a swap limit", without("swap"), "cgroup", { memory: "weaker" }],
  ["without a pids limit", without("processes"), "cgroup", { processes: "missing" }],
  [
    "whose container shows no cgroup",
    completeDaemon,
    "sampled",
    { cpuTime: "weaker", processes: "weaker" },
  ],
  [
    "without a pids limit, whose container shows no cgroup",
    without("processes"),
    "sampled",
    { cpuTime: "weaker", processes: "missing" },
  ],
])("a daemon %s", (_name, info, counting, differences) => {
  const enforcement = enforcementOf(spec, info, "runc", counting);
  const levels = Object.fromEntries(controls.map((each) => [each, enforcement[each].level]));
  const sound = Object.fromEntries(controls.map((each) => [each, "enforced"]));
  expect(levels).toEqual({ ...sound, ...always, ...differences });
  for (const control of controls) {
    expect(enforcement[control].note === "").toBe(levels[control] === "enforced");
  }
});

test("what is missing is refused by name; what is weaker is not", () => {
  const refuse = (info: DaemonInfo, counting: Counting) => (): void => {
    refuseMissing(enforcementOf(spec, info, "runc", counting));
  };
  expect(refuse(without("swap"), "sampled")).not.toThrow();
  const neither = { ...completeDaemon, limits: { memory: false, swap: false, processes: false } };
  expect(refuse(neither, "cgroup")).toThrow(
    expect.objectContaining({
      code: "POLICY_UNENFORCEABLE",
      details: { provider: "docker", controls: ["memory", "processes"] },
    }),
  );
});
