/**
 * @module
 * The programs that are compared, bare and through Glovebox.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Bound } from "../bench.ts";

/** Where a sandbox looks for programs too: not in a user's own version managers. */
const systemFolders = ["/usr/local/bin", "/usr/bin", "/bin"];

/** The path of the program that a sandbox would start, too; undefined where there is none. */
export function systemPath(name: string): string | undefined {
  return systemFolders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export interface Program {
  /** As rows and charts name it. */
  readonly title: string;
  readonly language: string;
  readonly code: string;
  readonly stdout: string;
  /** The command and the arguments before `code`. */
  readonly bare: readonly [command: string, ...args: string[]];
  /** Of p50 through HTTP against bare. */
  readonly http?: { readonly most: number; readonly goal: number };
  /** Of p50 in the process against bare. */
  readonly inProcess?: { readonly most: number; readonly goal: number };
  /** Of ms that are added to bare, in the process. */
  readonly added?: { readonly most: number; readonly goal: number };
}

/** Where real programs spend their time before their first line. */
const imports =
  "json re os sys collections itertools functools math random datetime typing dataclasses pathlib " +
  "string time copy heapq bisect statistics decimal fractions enum contextlib operator";

const hello = "hello\n";

export const pythonHello: Program = {
  title: "Python",
  language: "python",
  code: 'print("hello")',
  stdout: hello,
  bare: ["python3", "-I", "-c"],
  http: { most: 0.25, goal: 0.1 },
  inProcess: { most: 0.1, goal: 0.03 },
};

export const nodeHello: Program = {
  title: "Node.js",
  language: "javascript",
  code: 'console.log("hello")',
  stdout: hello,
  bare: ["node", "-e"],
  http: { most: 0.3, goal: 0.1 },
};

const scripted = { most: 0.5, goal: 0.2 };

/** Interpreted: bare is one command with the code in its arguments. */
export const programs: readonly Program[] = [
  pythonHello,
  {
    title: "Python, 24 imports",
    language: "python",
    code: `import ${imports.split(" ").join(", ")}\nprint("hello")`,
    stdout: hello,
    bare: ["python3", "-I", "-c"],
    http: { most: 0.1, goal: 0.03 },
  },
  nodeHello,
  {
    title: "Ruby",
    language: "ruby",
    code: 'puts "hello"',
    stdout: hello,
    bare: ["ruby", "-e"],
    http: scripted,
  },
  {
    title: "PHP",
    language: "php",
    code: '<?php echo "hello\\n";',
    stdout: hello,
    bare: ["php", "-r"],
    http: scripted,
  },
  {
    title: "Perl",
    language: "perl",
    code: 'print "hello\\n";',
    stdout: hello,
    bare: ["perl", "-e"],
    http: scripted,
  },
  {
    title: "Bash",
    language: "bash",
    code: "echo hello",
    stdout: hello,
    bare: ["bash", "-c"],
    added: { most: 1, goal: 0.5 },
  },
];

/** What bare starts: PHP's `-r` wants no opening tag. */
export function bareArgv({ bare, code }: Program): readonly [string, ...string[]] | undefined {
  const [command, ...args] = bare;
  const path = systemPath(command);
  return path === undefined ? undefined : [path, ...args, code.replace(/^<\?php /, "")];
}

/** How an answer of `POST /v1/execute` shows what a program wrote. */
export function stdoutInAnswer(stdout: string): string {
  return `"stdout":${JSON.stringify(stdout)}`;
}

export const atMost = (value: number): Bound => ({ kind: "most", value });
export const atLeast = (value: number): Bound => ({ kind: "least", value });
