/**
 * @module
 * All rows of the escape suite.
 */
import type { Attack } from "../attack.ts";
import { bombAttacks } from "./bombs.ts";
import { kernelAttacks } from "./kernel.ts";
import { resourceAttacks } from "./resources.ts";
import { surroundingAttacks } from "./surroundings.ts";

export const attackGroups: Readonly<Record<string, readonly Attack[]>> = {
  bombs: bombAttacks,
  kernel: kernelAttacks,
  resources: resourceAttacks,
  surroundings: surroundingAttacks,
};
