/**
 * @module
 * The one table of layers: a folder or file of `src` -> what it may import besides itself.
 * ARCHITECTURE.md tells the reasons; `npm run check` holds the code to it.
 */
export const layers = {
  core: [],
  util: [],
  languages: ["core", "util"],
  // What is done in a run, in which order: steps and hooks.
  lifecycle: ["core", "util"],
  // Who may what: rules, what is remembered, who is asked.
  permissions: ["core", "util"],
  // What a program needs of package registries: found, installed, kept.
  dependencies: ["core", "util"],
  // Executable files that say what a program is and what it may do.
  packages: ["core", "util", "permissions"],
  // What a program changed in its copy of a folder: shown, kept, applied.
  changes: ["core", "util", "permissions"],
  // Lines of commands: their grammar, their words, who runs what of them.
  shell: ["core", "util", "changes"],
  // Connections of sandboxes to the outside, each of them allowed: names, dials, relays.
  egress: ["core", "util"],
  // The file system of what is asked about.
  "ask-fs": ["core", "util"],
  launcher: ["core", "util"],
  config: ["core", "util", "languages"],
  "providers/linux": ["core", "util", "launcher", "egress", "ask-fs"],
  "providers/docker": ["core", "util", "launcher"],
  "providers/process": ["core", "util"],
  // Names the providers and loads the one that is asked for.
  "providers/index.ts": [
    "core",
    "util",
    "launcher",
    "providers/linux",
    "providers/docker",
    "providers/process",
    "providers/remote",
    "providers/lambda",
  ],
  // What outlives the server: SQLite.
  storage: ["core", "util"],
  // For other programs, in Node and in browsers.
  client: ["core"],
  // Metrics, traces, the audit log.
  observe: ["core", "util"],
  // Messages of GET /v1/sandbox, for both of its sides.
  "sandbox-protocol": ["core", "util"],
  "providers/remote": ["core", "util", "sandbox-protocol"],
  // From a line of shell to a state machine.
  plan: ["core", "util"],
  // Functions of AWS Lambda.
  "providers/lambda": ["core", "util"],
  service: ["core", "util", "permissions", "languages", "storage", "observe"],
  server: [
    "core",
    "util",
    "permissions",
    "languages",
    "config",
    "service",
    "observe",
    "sandbox-protocol",
  ],
  // Runs of this user, by a server of this user: both sides.
  "local-server": ["core", "util", "service"],
  // A door of its own, and the starter of the others: it hands the command to the composition root.
  cli: [
    "core",
    "util",
    "changes",
    "shell",
    "permissions",
    "languages",
    "lifecycle",
    "packages",
    "dependencies",
    "plan",
    "config",
    "service",
    "storage",
    "local-server",
    "app.ts",
    "app-server.ts",
  ],
  "index.ts": ["core", "util", "languages", "config", "service", "app.ts"],
  "app-server.ts": [
    "core",
    "util",
    "config",
    "service",
    "observe",
    "server",
    "app.ts",
    "app-asking.ts",
    "app-local-door.ts",
  ],
  "app-asking.ts": ["core", "util", "permissions", "config", "service", "observe", "server"],
  "app-local-door.ts": ["core", "languages", "config", "service", "local-server", "app.ts"],
  "app.ts": [
    "core",
    "util",
    "permissions",
    "languages",
    "config",
    "service",
    "server",
    "launcher",
    "providers/index.ts",
    "providers/linux",
    "providers/docker",
    "providers/process",
    "providers/lambda",
  ],
};

/** A path pattern for a layer: a folder with all that is in it, or one file. */
function pattern(layer) {
  const escaped = layer.replaceAll(".", "\\.");
  return layer.endsWith(".ts") ? `^src/${escaped}$` : `^src/${escaped}/`;
}

/** Rules for dependency-cruiser: one for each layer, one for what no layer covers, one for cycles. */
export function layerRules() {
  const known = Object.keys(layers).map(pattern).join("|");
  const forbidden = Object.entries(layers).map(([layer, allowed]) => ({
    name: `layer-${layer}`,
    severity: "error",
    comment: `${layer} may import ${allowed.join(", ") || "no other layer"} (scripts/layers.mjs)`,
    // Tests of a layer may use whatever makes them real.
    from: { path: pattern(layer), pathNot: "\\.test\\.ts$" },
    to: { path: "^src/", pathNot: [layer, ...allowed].map(pattern) },
  }));
  return [
    ...forbidden,
    {
      name: "no-unknown-layer",
      severity: "error",
      comment: "every file of src belongs to a layer of scripts/layers.mjs",
      from: {},
      to: { path: "^src/", pathNot: known },
    },
    {
      name: "no-orphan-layer",
      severity: "error",
      from: { path: "^src/", pathNot: known },
      to: {},
    },
    {
      name: "no-cycle",
      severity: "error",
      comment: "two files that need each other are one file, or share a third",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-tests-in-program",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "^test/|\\.test\\.ts$" },
    },
    {
      name: "no-undeclared-package",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "not-resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ];
}
