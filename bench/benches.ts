/**
 * @module
 * All benches, in the order in which they run.
 */
import type { Bench } from "./bench.ts";
import { cliBench } from "./cli.ts";
import { coderunBench } from "./coderun.ts";
import { compileBench } from "./compile.ts";
import { dockerBench } from "./docker.ts";
import { growthBench } from "./growth.ts";
import { httpBench } from "./http.ts";
import { launcherBench } from "./launcher.ts";
import { pageBench } from "./page.ts";
import { permissionsBench } from "./permissions.ts";
import { serviceBench } from "./service.ts";
import { speedBench } from "./speed.ts";

export const benches: readonly Bench[] = [
  launcherBench,
  cliBench,
  coderunBench,
  httpBench,
  compileBench,
  dockerBench,
  growthBench,
  pageBench,
  permissionsBench,
  serviceBench,
  speedBench,
];
