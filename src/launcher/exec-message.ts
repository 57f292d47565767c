/**
 * @module
 * The message that starts a command, see native/launcher/README.md.
 */
import type { Command } from "../core/command.ts";
import { encodeMessage, type Records } from "./message.ts";

/** A command but for what it runs. */
export type CommandSetting = Omit<Command, "argv">;

export const argvRecords = ({ argv }: Command): Records =>
  argv.map((word) => ["argv", word] as const);

/** @param program What to run: `argvRecords`, or others of an exec message in their place. */
export function execMessage(command: CommandSetting, program: Records): Buffer {
  const microseconds = (ms: number | "unlimited"): string =>
    ms === "unlimited" ? ms : String(Math.ceil(ms * 1000));
  return encodeMessage([
    ["exec", ""],
    ...program,
    ...Object.entries(command.env).map(([name, value]) => ["env", `${name}=${value}`] as const),
    ["cwd", command.cwd],
    ["stdin", command.stdin === "empty" ? "empty" : "pipe"],
    ...pipeRecords(command),
    ...ttyRecords(command),
    ["wall-us", microseconds(command.limits.wallTimeMs)],
    ["cpu-us", microseconds(command.limits.cpuTimeMs)],
    ["output-bytes", String(command.limits.outputBytes)],
    ["at-output-limit", command.onOutputLimit],
  ]);
}

/** @param canOpen False for a program that was started before: it has its streams already. */
export function withPipes(command: Command, canOpen: boolean): Command {
  const { hostPipes, ...others } = command;
  if (hostPipes === undefined || !canOpen || command.tty !== undefined) return others;
  return hostPipes.stdin === undefined ? command : { ...command, stdin: "empty" };
}

function pipeRecords({ hostPipes: { stdin, stdout } = {} }: CommandSetting): Records {
  return [
    ...(stdin === undefined ? [] : [["stdin-file", stdin] as const]),
    ...(stdout === undefined ? [] : [["stdout-file", stdout] as const]),
  ];
}

function ttyRecords({ tty }: CommandSetting): Records {
  return tty === undefined ? [] : [["tty", [String(tty.columns), String(tty.rows)]]];
}
