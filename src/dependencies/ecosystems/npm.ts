/**
 * @module
 * JavaScript's: npm.
 */
import type { Ecosystem } from "../ecosystem.ts";

/** What is no JSON is left to npm, which has the message. */
function hasNpmDependencies(text: string): boolean {
  try {
    const { dependencies, optionalDependencies, workspaces } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    return [dependencies, optionalDependencies, workspaces].some(namesAny);
  } catch {
    return true;
  }
}

/** A text has a key for each of its letters. */
const namesAny = (each: unknown): boolean =>
  typeof each === "object" && each !== null && Object.keys(each).length > 0;

export const npm: Ecosystem = {
  id: "npm",
  languages: ["javascript", "typescript", "coffeescript"],
  extensions: [".js", ".mjs", ".cjs"],
  commands: /^node( |$)/,
  interpreter: "node",
  tool: { program: "npm", debian: "npm" },
  manifests: ["package.json"],
  declares: hasNpmDependencies,
  companions: /^(package-lock|npm-shrinkwrap)\.json$/,
  ownFolder: "node_modules",
  registry: "https://registry.npmjs.org/",
  fileHosts: [],
  install: (registry, files) => ({
    argv: [
      ...["npm", files.some(({ path }) => path !== "package.json") ? "ci" : "install"],
      ...["--no-audit", "--no-fund", "--no-update-notifier", "--omit=dev", "--loglevel=error"],
      ...["--registry", registry, "--replace-registry-host=always", "--no-bin-links"],
    ],
    env: {
      npm_config_userconfig: "/dev/null",
      npm_config_cache: "/tmp/npm",
      // A registry that does not answer must not hold a run up for minutes.
      npm_config_fetch_retries: "1",
      npm_config_fetch_retry_mintimeout: "1000",
      npm_config_fetch_retry_maxtimeout: "5000",
      npm_config_fetch_timeout: "30000",
    },
    result: "node_modules",
  }),
  // ESM knows no NODE_PATH; the root is above all folders.
  path: "/node_modules",
  env: {},
  functionFolder: "node_modules",
};
