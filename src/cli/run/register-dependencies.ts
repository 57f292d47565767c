/**
 * @module
 * The step in which what a program needs is installed, where it declares any.
 */
import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { findDependencies, type Dependencies } from "../../dependencies/find-dependencies.ts";
import { keyOf, openDependencyCache } from "../../dependencies/cache.ts";
import type { Steps } from "../../lifecycle/registry.ts";
import { stages } from "../../lifecycle/step.ts";
import { systemPath } from "../../service/environment.ts";
import { cacheFolder } from "../../util/user-folders.ts";
import { printNote } from "../print.ts";
import type { Run } from "./run.ts";

type Named = Pick<Run, "form" | "options" | "resolved">;

/** @throws {GloveboxError} `INVALID_REQUEST` for a manifest that can't be read. */
export function registerDependencies(steps: Steps<Run>, run: Named): void {
  const found = dependenciesOf(run);
  if (found === undefined) return;
  steps.at(stages.deploy, {
    ...{ provider: "dependencies", resource: found.ecosystem.id, step: "deploy" },
    work: (running) => deploy(running, found),
  });
}

function dependenciesOf({ form, options, resolved }: Named): Dependencies | undefined {
  const { dependencies, provider, pluginProvider, image } = options;
  const isServed = provider === "auto" || provider === "linux" || provider === "lambda";
  if (dependencies === "off" || !isServed || pluginProvider !== undefined) return undefined;
  if (image !== undefined) return undefined;
  const found = findFor({ form, resolved });
  const isLacking = provider === "lambda" && found?.ecosystem.functionFolder === undefined;
  return isLacking ? undefined : found;
}

function findFor({ form, resolved }: Pick<Named, "form" | "resolved">): Dependencies | undefined {
  const { program, language } = resolved;
  if (program.kind === "command") {
    return findDependencies({
      ...{ language: undefined, command: wordsOf(program.argv), code: "" },
      folder: program.workspace?.hostPath,
    });
  }
  const code = program.files[0]?.content ?? [];
  return findDependencies({
    ...{ language: language?.id, command: undefined },
    code: Buffer.from(code).toString("utf8"),
    folder: form.kind === "file" && form.file !== "-" ? dirname(resolve(form.file)) : undefined,
  });
}

const wordsOf = ([first = "", ...rest]: readonly string[]): string =>
  [basename(first), ...rest].join(" ");

async function deploy(run: Run, found: Dependencies): Promise<void> {
  const place = await install(run, found);
  if (place === undefined) return;
  const { path, env, programs, takesManifest = false } = found.ecosystem;
  const words = programs === undefined ? {} : { PATH: `${systemPath}:${path}/${programs}` };
  if (run.options.provider === "lambda") {
    run.packaged = { folder: place, at: found.ecosystem.functionFolder ?? "" };
    return;
  }
  const { program } = run.request;
  const isBeside = takesManifest && program.kind === "code" && program.workspace === undefined;
  const manifest = isBeside
    ? { program: { ...program, files: [...program.files, ...found.files] } }
    : {};
  run.request = {
    ...run.request,
    ...manifest,
    lent: [...(run.request.lent ?? []), { hostPath: place, path }],
    env: { ...words, ...env, ...run.request.env },
  };
}

/** The folder that has it; undefined where there can be none, and after an abort. */
async function install(
  { options, interruption: { signal } }: Run,
  found: Dependencies,
): Promise<string | undefined> {
  const folder = cacheFolder(process.env);
  if (folder === undefined) return undefined;
  const { ecosystem, from } = found;
  const registry = options.registries[ecosystem.id] ?? ecosystem.registry;
  const cache = openDependencyCache(join(folder, "dependencies"));
  const key = keyOf(found, { registry, tool: toolOf(found) });
  const known = cache.find(key);
  if (known !== undefined) return known;
  if (options.verbosity !== "quiet") {
    printNote(`installing what ${from} declares, from ${registry}`);
  }
  const { installDependencies, keep } = await import("./install-dependencies.ts");
  try {
    const files = await installDependencies(found, registry, signal);
    return await keep(found, () => cache.put(key, files));
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** One version of an interpreter can't load what was built for another. */
function toolOf({ ecosystem }: Dependencies): string {
  const { interpreter } = ecosystem;
  for (const folder of systemPath.split(":")) {
    const status = statSync(join(folder, interpreter), { throwIfNoEntry: false });
    if (status !== undefined) return `${folder} ${status.size} ${status.mtimeMs}`;
  }
  return "";
}
