#!/usr/bin/env node
/**
 * @module
 * Holds `src` to the table of layers. dependency-cruiser reads no module at all, and is content,
 * where it can't work with the installed TypeScript: so what it read is counted.
 */
import { cruise } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { join } from "node:path";
import { root } from "./lib/artifacts.mjs";
import { listTree } from "./lib/publish.mjs";
import { layerRules } from "./layers.mjs";

process.chdir(root);
const { output } = await cruise(
  ["src"],
  {
    ruleSet: { forbidden: layerRules() },
    validate: true,
    // Imports of types alone count: a layer must not know the words of another either.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types"] },
  },
  undefined,
  { tsConfig: extractTSConfig(join(root, "tsconfig.json")) },
);

const sources = listTree(join(root, "src")).filter((file) => file.endsWith(".ts"));
const read = output.modules.filter(({ source }) => source.startsWith("src/"));
const edges = read.reduce((sum, { dependencies }) => sum + dependencies.length, 0);
for (const { rule, from, to, cycle } of output.summary.violations) {
  const path = cycle ? cycle.map(({ name }) => name).join(" -> ") : to;
  process.stdout.write(`${rule.name}: ${from} -> ${path}\n`);
  process.exitCode = 1;
}
if (read.length < sources.length || edges < sources.length / 2) {
  process.stdout.write(
    `only ${read.length} modules with ${edges} imports were read of ${sources.length} files in src\n`,
  );
  process.exitCode = 1;
}
process.stdout.write(`${read.length} modules, ${edges} imports\n`);
