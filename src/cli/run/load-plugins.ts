/**
 * @module
 * Modules of others that take part in runs: `--plugin FILE`, and those that `run.yaml` of this user names.
 * They are trusted as Glovebox is, and run on the host. docs/extend.md tells how to write one.
 */
import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { invalidRequest } from "../../core/errors.ts";
import type { Provider } from "../../core/provider.ts";
import { showValue } from "../../util/show-value.ts";
import { runConfigFile } from "../../util/user-folders.ts";
import { messageOf, type Register } from "./plugin.ts";

/** What a plugin's module has as its exports; at least one of them. */
export interface Plugin {
  readonly register?: Register;
  /** Ways to isolate, by the names that `--provider` takes; each makes one for a run. */
  readonly providers?: Readonly<Record<string, () => Provider | Promise<Provider>>>;
  /** Kinds of files that Glovebox can't run by itself. */
  readonly resources?: readonly Resource[];
}

/** A kind of files, and the command that runs one: a step's second name. */
export interface Resource {
  readonly name: string;
  /** With their dot. */
  readonly extensions: readonly string[];
  /** The words of the command. @param file Its path inside. */
  readonly argv: (file: string) => readonly string[];
}

export interface LoadedPlugin extends Plugin {
  /** As it was named, for people. */
  readonly file: string;
}

const pluginName = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * @param files As `--plugin` has them; those of `run.yaml` come first.
 * @throws {GloveboxError} `INVALID_REQUEST` that names the file.
 */
export async function loadPlugins(
  files: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<readonly LoadedPlugin[]> {
  const all = [...(await configuredFiles(env)), ...files];
  const loaded: LoadedPlugin[] = [];
  for (const file of all) loaded.push(await loadPlugin(file));
  return loaded;
}

async function loadPlugin(file: string): Promise<LoadedPlugin> {
  let module: Plugin;
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as Plugin;
  } catch (error) {
    throw invalidRequest("--plugin", `\`${file}\` can't be loaded: ${messageOf(error)}.`);
  }
  const { register, providers, resources } = module;
  const fail = (what: string): never => {
    throw invalidRequest("--plugin", `\`${file}\`: ${what}`);
  };
  if (register === undefined && providers === undefined && resources === undefined) {
    fail(
      "exports none of `register`, `providers`, `resources`. Write `export function register(env) { … }`.",
    );
  }
  if (register !== undefined && typeof register !== "function") fail("`register` is no function.");
  if (!isRecord(providers ?? {})) fail("`providers` is no object.");
  if (!Array.isArray(resources ?? [])) fail("`resources` is no list.");
  for (const [name, create] of Object.entries(providers ?? {})) {
    if (!pluginName.test(name)) fail(`${showValue(name)} is no name of a provider.`);
    if (typeof create !== "function") fail(`the provider \`${name}\` is no function.`);
  }
  for (const each of (resources ?? []) as readonly (Partial<Resource> | null)[]) {
    const isWhole =
      typeof each?.name === "string" &&
      pluginName.test(each.name) &&
      Array.isArray(each.extensions) &&
      each.extensions.every((it) => typeof it === "string" && it.startsWith(".")) &&
      typeof each.argv === "function";
    if (!isWhole) fail('a resource is `{ name, extensions: [".x"], argv: (file) => […] }`.');
  }
  return {
    file,
    ...(register === undefined ? {} : { register }),
    providers: providers ?? {},
    resources: resources ?? [],
  };
}

const isRecord = (value: unknown): boolean => typeof value === "object" && !Array.isArray(value);

/** The plugin's own one for a name that Glovebox does not have. */
export function findProvider(
  plugins: readonly LoadedPlugin[],
  name: string,
): (() => Provider | Promise<Provider>) | undefined {
  for (const { providers = {} } of plugins) {
    if (Object.hasOwn(providers, name)) return providers[name];
  }
  return undefined;
}

export function findResource(plugins: readonly LoadedPlugin[], file: string): Resource | undefined {
  const extension = extname(file);
  return plugins
    .flatMap(({ resources = [] }) => resources)
    .find(({ extensions }) => extensions.includes(extension));
}

/** Of this user alone: what a project's folder says is not asked. */
async function configuredFiles(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const file = runConfigFile(env);
  if (!existsSync(file)) return [];
  const { readRunConfig } = await import("./run-config.ts");
  return readRunConfig(file).plugins;
}
