/**
 * @module
 * A program in an address, behind `#`, where no server sees it: `#program=…`.
 */
import { toBase64, toBytes } from "../../../src/client/bytes.ts";
import type { SubmitRequest } from "../../../src/client/types.ts";
import { isProject } from "../state/project-shape.ts";
import { emptyProject, type Project } from "../state/project-values.ts";

const NAME = "program=";
/** Longer addresses are cut by some browsers and chats. */
const MAX_CHARS = 64 * 1024;

export function toFragment({ language, version, code = "", stdin, args }: SubmitRequest): string {
  const json = JSON.stringify({ language, version, code, stdin, args });
  const base64 = toBase64(new TextEncoder().encode(json));
  return NAME + base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Whether it is meant to be one. @param fragment With its `#`. */
export const hasProgram = (fragment: string): boolean => fragment.startsWith(`#${NAME}`);

/** @param fragment With its `#`. Undefined where it has no program that can be read. */
export function fromFragment(
  fragment: string,
  mainFile: (language: string) => string,
): Project | undefined {
  if (!hasProgram(fragment) || fragment.length > MAX_CHARS) return undefined;
  const base64 = fragment
    .slice(1 + NAME.length)
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  try {
    const text = new TextDecoder().decode(toBytes(base64, "base64"));
    const { language, version, code, stdin, args } = JSON.parse(text) as Record<string, unknown>;
    const project = {
      ...emptyProject,
      ...{ language, version: version ?? "", stdin: stdin ?? "", args: args ?? [] },
      files: [{ path: mainFile(String(language)), content: code, encoding: "utf8" }],
    };
    return isProject(project) ? project : undefined;
  } catch {
    return undefined;
  }
}
