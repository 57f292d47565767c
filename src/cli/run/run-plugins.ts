/**
 * @module
 * What the plugins of one run make of it, before its first step.
 */
import { realpathSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { invalidRequest, isGloveboxError } from "../../core/errors.ts";
import type { Provider } from "../../core/provider.ts";
import { workspacePath } from "../../core/sandbox.ts";
import type { Registry } from "../../lifecycle/registry.ts";
import { showValue } from "../../util/show-value.ts";
import { namedProviders } from "../provider-flag.ts";
import type { RunForm } from "../run-form.ts";
import type { RunOptions } from "../run-options.ts";
import { isInside, parseWorkspace } from "../workspace-flag.ts";
import {
  findProvider,
  findResource,
  loadPlugins,
  type LoadedPlugin,
  type Resource,
} from "./load-plugins.ts";
import { messageOf, registerPlugin } from "./plugin.ts";
import type { Run } from "./run.ts";

type Names = Pick<Run, "provider" | "resource">;

export interface RunPlugins {
  readonly provider: (() => Provider | Promise<Provider>) | undefined;
  /** A file that a resource is for is a command; undefined for all else. */
  readonly resolve: (
    form: RunForm,
    options: RunOptions,
  ) => { readonly form: RunForm; readonly options: RunOptions } | undefined;
  /** Those that are the plugins' own. */
  readonly names: (form: RunForm) => Partial<Names>;
  readonly register: (registry: Registry<Run>, names: Names) => Promise<void>;
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export async function openRunPlugins(
  options: RunOptions,
  env: NodeJS.ProcessEnv,
): Promise<RunPlugins> {
  const plugins = await loadPlugins(options.plugins, env);
  const { pluginProvider } = options;
  const provider =
    pluginProvider === undefined ? undefined : requireProvider(plugins, pluginProvider);
  return {
    provider,
    resolve: (form, given) => resolveResource(plugins, form, given),
    names: (form) => {
      const resource = form.kind === "file" ? findResource(plugins, form.file) : undefined;
      return {
        ...(pluginProvider === undefined ? {} : { provider: pluginProvider }),
        ...(resource === undefined ? {} : { resource: resource.name }),
      };
    },
    register: async (registry, names) => {
      for (const plugin of plugins) await registerPlugin(plugin, registry.for(plugin.file), names);
    },
  };
}

function requireProvider(
  plugins: readonly LoadedPlugin[],
  name: string,
): () => Provider | Promise<Provider> {
  const found = findProvider(plugins, name);
  if (found !== undefined) return () => makeProvider(name, found);
  const own = plugins.flatMap(({ providers = {} }) => Object.keys(providers));
  throw invalidRequest(
    "--provider",
    `\`${name}\` is unknown. Allowed: ${[...namedProviders, ...own].join(", ")}.`,
  );
}

/** @throws {GloveboxError} What the plugin throws, or `INVALID_REQUEST`. */
async function makeProvider(
  name: string,
  create: () => Provider | Promise<Provider>,
): Promise<Provider> {
  let made: unknown;
  try {
    made = await create();
  } catch (error) {
    if (isGloveboxError(error)) throw error;
    throw invalidRequest("--plugin", `the provider \`${name}\` failed: ${messageOf(error)}`);
  }
  const { create: makes, close } = (made ?? {}) as Partial<Provider>;
  const needed = [makes, close];
  if (needed.every((each) => typeof each === "function")) return made as Provider;
  throw invalidRequest(
    "--plugin",
    `the provider \`${name}\` gave ${showValue(made)}. See \`Provider\` in docs/extend.md.`,
  );
}

/** It runs where it lies: its folder is the workspace, where none was named. */
function resolveResource(
  plugins: readonly LoadedPlugin[],
  form: RunForm,
  options: RunOptions,
): { readonly form: RunForm; readonly options: RunOptions } | undefined {
  if (form.kind !== "file" || options.language !== undefined) return undefined;
  const resource = findResource(plugins, form.file);
  if (resource === undefined) return undefined;
  const file = existingFile(form.file);
  const workspace = options.workspace ?? dirname(file);
  const { hostPath } = parseWorkspace(workspace, process.cwd());
  if (!isInside(hostPath, file)) {
    throw invalidRequest("FILE", `\`${form.file}\` is not in the workspace \`${hostPath}\`.`);
  }
  const inside = join(workspacePath, relative(hostPath, file));
  const argv = [...wordsFor(resource, inside), ...form.args];
  return { form: { kind: "command", argv }, options: { ...options, workspace } };
}

/** Nobody else checks what a plugin gives. */
function wordsFor({ name, argv }: Resource, file: string): readonly string[] {
  let words: unknown;
  try {
    words = argv(file);
  } catch (error) {
    throw invalidRequest(
      "--plugin",
      `\`argv\` of the resource \`${name}\` failed: ${messageOf(error)}`,
    );
  }
  const isWords =
    Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string");
  if (isWords) return words as readonly string[];
  throw invalidRequest(
    "--plugin",
    `\`argv\` of the resource \`${name}\` gave ${showValue(words)}. It must be a list of texts, the program first.`,
  );
}

function existingFile(file: string): string {
  try {
    return realpathSync(resolve(file));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw invalidRequest("FILE", `\`${file}\` can't be read: ${code}.`);
  }
}
