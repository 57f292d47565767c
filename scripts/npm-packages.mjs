#!/usr/bin/env node
/**
 * @module
 * Installs the npm packages of this checkout, and nothing else.
 */
import { dependenciesAreStale, installDependencies } from "./lib/dependencies.mjs";
import { withLock } from "./lib/lock.mjs";
import { root } from "./lib/artifacts.mjs";
import { runMain } from "./lib/say.mjs";

await runMain(() =>
  withLock(root, async (lockFd) => {
    if (dependenciesAreStale()) await installDependencies(lockFd);
  }),
);
