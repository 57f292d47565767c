#!/usr/bin/env node
/**
 * @module
 * Types, lint, layout, layers, unused code, C warnings. `npm run check` runs nothing else.
 */
import { runChecks } from "./lib/checks.mjs";
import { Tally } from "./lib/tally.mjs";

const tally = new Tally();
await runChecks((result) => tally.add(result));
tally.finish();
