/**
 * @module
 * The words of `glovebox run` as people and scripts usually write them, read without the parser of all
 * commands: loading that takes longer than all else that comes before the sandbox. What is written in
 * any other way, or wrongly, is left to it: it has the messages.
 */
import { limitFlags } from "./limit-flags.ts";
import { permissionFlags } from "./permission-flags.ts";
import type { RawRunOptions } from "./run-options.ts";

export interface RunWords {
  readonly raw: RawRunOptions;
  /** From the first word on that is neither a flag nor the value of one; without a `--` before it. */
  readonly operands: readonly string[];
}

/** What a flag does to its property. */
interface Flag {
  readonly option: keyof RawRunOptions;
  readonly kind: "value" | "list" | "on" | "off";
}

const value = (option: keyof RawRunOptions): Flag => ({ option, kind: "value" });
const list = (option: keyof RawRunOptions): Flag => ({ option, kind: "list" });
const on = (option: keyof RawRunOptions): Flag => ({ option, kind: "on" });

/** Those of commands/run.ts; a test compares them. */
export const quickFlags: ReadonlyMap<string, Flag> = new Map<string, Flag>([
  ["-l", value("language")],
  ["--language", value("language")],
  ["-c", value("code")],
  ["--code", value("code")],
  ["--file", list("file")],
  ["-e", list("env")],
  ["--env", list("env")],
  ["--out", value("out")],
  ["--artifact", list("artifact")],
  ["-t", on("tty")],
  ["--tty", on("tty")],
  ["--workspace", value("workspace")],
  ["--apply", on("apply")],
  ["--apply-all", on("applyAll")],
  ["--keep", on("keep")],
  ["--discard", on("discard")],
  ...limitFlags.map(({ flag, option }) => [flag, value(option)] as const),
  ["--no-compile-cache", { option: "compileCache", kind: "off" }],
  ["--no-dependencies", { option: "dependencies", kind: "off" }],
  ["--registry", list("registry")],
  ["--on-output-limit", value("onOutputLimit")],
  ["--network", value("network")],
  ...permissionFlags.map(({ flag, option, kind }) => [flag, { option, kind }] as const),
  ["--provider", value("provider")],
  ["--enforcement", value("enforcement")],
  ["--image", value("image")],
  ["--oci-runtime", value("ociRuntime")],
  ["--pull", value("pull")],
  ["--docker-host", value("dockerHost")],
  ["--url", value("url")],
  ["--key", value("key")],
  ["--key-file", value("keyFile")],
  ["--plugin", list("plugin")],
  ["--explain", on("explain")],
  ["--json", on("json")],
  ["-q", on("quiet")],
  ["--quiet", on("quiet")],
  ["-v", on("verbose")],
  ["--verbose", on("verbose")],
]);

/**
 * @param words Those after `run`.
 * @returns Undefined for what is left to the parser of all commands.
 */
export function readRunWords(words: readonly string[]): RunWords | undefined {
  const values: Partial<Record<keyof RawRunOptions, unknown>> = {};
  // By `quickFlags`, each has the kind of value that is its own.
  const raw = values as RawRunOptions;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") return { raw, operands: words.slice(index + 1) };
    if (!word.startsWith("-") || word === "-") return { raw, operands: words.slice(index) };
    const [name, ownValue] = splitFlag(word);
    const flag = quickFlags.get(name);
    if (flag === undefined) return undefined;
    const { option, kind } = flag;
    if (kind === "on" || kind === "off") {
      if (ownValue !== undefined) return undefined;
      values[option] = kind === "on";
      continue;
    }
    const text = ownValue ?? words[++index];
    if (text === undefined) return undefined;
    values[option] =
      kind === "value" ? text : [...((values[option] ?? []) as readonly string[]), text];
    // All that follows CODE is the program's; see `stopAtCode`.
    if (option === "code") return { raw, operands: withoutDashes(words.slice(index + 1)) };
  }
  return { raw, operands: [] };
}

/** `--name=VALUE`; short flags have their values apart, or are left to the other parser. */
function splitFlag(word: string): readonly [name: string, value: string | undefined] {
  const equals = word.indexOf("=");
  if (!word.startsWith("--") || equals < 0) return [word, undefined];
  return [word.slice(0, equals), word.slice(equals + 1)];
}

function withoutDashes(words: readonly string[]): readonly string[] {
  return words[0] === "--" ? words.slice(1) : words;
}
