/**
 * @module
 * What containers do otherwise than the escape suite says, by OCI runtime: each with its reason.
 */
import type { Differences } from "./attack.ts";

export const ofRunc: Differences = {};

export const ofGvisor: Differences = {};
