/**
 * @module
 * Whether a value from elsewhere (this browser's memory, a share) is a program as this page has it.
 */
import { nameProblem } from "./file-names.ts";
import type { Project, ProjectFile } from "./project-values.ts";

const MAX_FILES = 256;

export function isProject(value: unknown): value is Project {
  if (!isObject(value)) return false;
  const { language, version, files, stdin, args, limits, network, hostFiles, isTerminal } = value;
  return (
    typeof language === "string" &&
    typeof version === "string" &&
    typeof stdin === "string" &&
    Array.isArray(args) &&
    args.every((word) => typeof word === "string") &&
    isObject(limits) &&
    Object.values(limits).every((limit) => limit === undefined || typeof limit === "number") &&
    ["none", "ask", "all"].includes(String(network)) &&
    ["none", "ask"].includes(String(hostFiles)) &&
    typeof isTerminal === "boolean" &&
    Array.isArray(files) &&
    areFiles(files)
  );
}

function areFiles(files: readonly unknown[]): files is readonly ProjectFile[] {
  if (files.length < 1 || files.length > MAX_FILES) return false;
  const paths: string[] = [];
  return files.every((file) => {
    if (!isObject(file)) return false;
    const { path, content, encoding } = file;
    if (typeof path !== "string" || typeof content !== "string") return false;
    if (nameProblem(path, paths) !== undefined) return false;
    paths.push(path);
    return encoding === "utf8" || encoding === "base64";
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
