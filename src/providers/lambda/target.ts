/**
 * @module
 * What a command is in a function: a handler that AWS's runtime calls, a runtime of its own, or any
 * program, which our bootstrap starts.
 */
import { posix } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { Command } from "../../core/command.ts";
import { workspacePath } from "../../core/sandbox.ts";
import { bootstrapFolder, runtimes, type FunctionRuntime } from "./bounds.ts";
import type { PackagedFile } from "./folder-files.ts";

export interface FunctionTarget {
  /** `event`: it gets stdin as its event. `command`: our bootstrap gets the command. */
  readonly kind: "event" | "command";
  readonly runtime: FunctionRuntime;
  readonly handler: string;
}

type Files = ReadonlyMap<string, PackagedFile>;

/** What is looked at of a file to find its handler. */
const MAX_LOOKED_AT_BYTES = 1024 * 1024;

const handlerPatterns = {
  python: /^(?:(?:async )?def\s+(lambda_handler|handler)\s*\(|(lambda_handler|handler)\s*=)/m,
  node: /(?:\bexports\.(handler)\s*=|^export\s+(?:async\s+)?(?:function\*?|const|let|var)\s+(handler)\b|^export\s*\{[^}]*\b(handler)\b[^}]*\})/m,
} as const;

/** @throws {GloveboxError} `INVALID_REQUEST` for arguments to a handler, which has none. */
export function targetOf(
  { argv, cwd }: Pick<Command, "argv" | "cwd">,
  files: Files,
): FunctionTarget {
  const words = argv.map((word) => inWorkspace(word, cwd));
  const [first, second] = words;
  const isInterpreter = /^(python[\d.]*|node(js)?)$/.test(posix.basename(argv[0] ?? ""));
  const entry = isInterpreter && first?.isFile === false ? second : first;
  const file = entry === undefined ? undefined : files.get(entry.path);
  if (entry !== undefined && file !== undefined) {
    const found = eventTarget(entry.path, file);
    if (found !== undefined) {
      const used = entry === first ? 1 : 2;
      if (argv.length === used) return found;
      throw invalidRequest(
        "args",
        `\`${entry.path}\` is a handler of Lambda, which has no arguments. Give it its event on stdin`,
      );
    }
  }
  const isNode = needsNode(argv, file);
  return {
    kind: "command",
    runtime: isNode ? runtimes.node : runtimes.python,
    handler: `${bootstrapFolder}/bootstrap.handle`,
  };
}

interface Word {
  /** Below the workspace. */
  readonly path: string;
  /** Written as a file: with a `/`. */
  readonly isFile: boolean;
}

function inWorkspace(word: string, cwd: string): Word {
  const path = posix.resolve(cwd, word);
  const inside = path.startsWith(`${workspacePath}/`) ? path.slice(workspacePath.length + 1) : "";
  return { path: inside, isFile: word.includes("/") };
}

function eventTarget(path: string, file: PackagedFile): FunctionTarget | undefined {
  if (path === "bootstrap") return { kind: "event", runtime: runtimes.own, handler: path };
  const [, name = "", extension = ""] = /^(.*)\.(py|js|mjs|cjs)$/.exec(path) ?? [];
  // AWS's runtimes read a dot in the name of a file as the end of it.
  if (name === "" || posix.basename(name).includes(".")) return undefined;
  const language = extension === "py" ? "python" : "node";
  const text = Buffer.from(file.content.subarray(0, MAX_LOOKED_AT_BYTES)).toString("utf8");
  const groups: readonly (string | undefined)[] = handlerPatterns[language].exec(text) ?? [];
  const found = groups.slice(1).find((it) => it !== undefined);
  if (found === undefined) return undefined;
  return { kind: "event", runtime: runtimes[language], handler: `${name}.${found}` };
}

/** Each runtime has one interpreter: Python's has no Node, and the other way round. */
function needsNode(argv: readonly string[], file: PackagedFile | undefined): boolean {
  const program = posix.basename(argv[0] ?? "");
  if (/^(node(js)?|npm|npx)$/.test(program)) return true;
  const start = Buffer.from(file?.content.subarray(0, 200) ?? []).toString("latin1");
  return /^#!.*\bnode(js)?\b/.test(start.split("\n")[0] ?? "");
}
