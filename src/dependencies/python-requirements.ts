/**
 * @module
 * What a Python project, or a script by itself, needs, as TOML says it. To be loaded by those who need it.
 */
import { parse } from "smol-toml";
import { invalidRequest } from "../core/errors.ts";
import { showValue } from "../util/show-value.ts";
import type { ManifestFile } from "./ecosystem.ts";

/** What is to be installed, where it is not in `requirements.txt`; undefined where it is. */
export function dependenciesOf(files: readonly ManifestFile[]): readonly string[] | undefined {
  const [first] = files;
  if (first === undefined || !first.path.endsWith(".toml")) return undefined;
  const { project, ...script } = parseToml(first);
  const list = (project as { readonly dependencies?: unknown } | undefined)?.dependencies;
  return checkList(first.path, list ?? script["dependencies"] ?? []);
}

function parseToml({ path, content }: ManifestFile): Record<string, unknown> {
  try {
    return parse(content.toString("utf8"));
  } catch (error) {
    const [line = ""] = (error as Error).message.split("\n");
    throw invalidRequest(path, `is not TOML: ${line}.`);
  }
}

/** A line each, and none that is an option of pip. */
function checkList(path: string, list: unknown): readonly string[] {
  if (!Array.isArray(list)) {
    throw invalidRequest(`${path}: dependencies`, `must be a list, not ${showValue(list)}.`);
  }
  for (const each of list as readonly unknown[]) {
    if (typeof each === "string" && /^[A-Za-z0-9][^\n\r\\]*$/.test(each)) continue;
    throw invalidRequest(
      `${path}: dependencies`,
      `${showValue(each)} is no requirement of a package.`,
    );
  }
  return list as readonly string[];
}
