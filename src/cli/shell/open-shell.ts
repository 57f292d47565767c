/**
 * @module
 * An open shell, for who reads its lines.
 */
import type { LineEnd } from "../../shell/run-line.ts";
import type { Shell } from "../../shell/shell.ts";
import type { ShellState } from "../../shell/state.ts";
import type { Programs } from "./find-programs.ts";
import type { Keyboard } from "./keyboard.ts";

export interface OpenShell {
  readonly shell: Shell;
  readonly state: ShellState;
  readonly programs: Programs;
  readonly keyboard: Keyboard | undefined;
  readonly run: (line: string) => Promise<LineEnd>;
}
