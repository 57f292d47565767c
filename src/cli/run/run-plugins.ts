/**
 * @module
 * What the plugins of one run make of it, before its first step.
 */
import { realpathSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { Provider } from "../../core/provider.ts";
import { workspacePath } from "../../core/sandbox.ts";
import type { Registry } from "../../lifecycle/registry.ts";
import { namedProviders } from "../provider-flag.ts";
import type { RunForm } from "../run-form.ts";
import type { RunOptions } from "../run-options.ts";
import { isInside, parseWorkspace } from "../workspace-flag.ts";
import { findProvider, findResource, loadPlugins, type LoadedPlugin } from "./load-plugins.ts";
import { registerPlugin } from "./plugin.ts";
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
  if (found !== undefined) return found;
  const own = plugins.flatMap(({ providers = {} }) => Object.keys(providers));
  throw invalidRequest(
    "--provider",
    `\`${name}\` is unknown. Allowed: ${[...namedProviders, ...own].join(", ")}.`,
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
  const argv = [...resource.argv(inside), ...form.args];
  return { form: { kind: "command", argv }, options: { ...options, workspace } };
}

function existingFile(file: string): string {
  try {
    return realpathSync(resolve(file));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw invalidRequest("FILE", `\`${file}\` can't be read: ${code}.`);
  }
}
