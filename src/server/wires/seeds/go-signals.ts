/**
 * @module
 * Signals in the words of Go, as programs written in it say what ended another one.
 */

/** By number, of Linux; 0 is none. */
const names = [
  "",
  "hangup",
  "interrupt",
  "quit",
  "illegal instruction",
  "trace/breakpoint trap",
  "aborted",
  "bus error",
  "floating point exception",
  "killed",
  "user defined signal 1",
  "segmentation fault",
  "user defined signal 2",
  "broken pipe",
  "alarm clock",
  "terminated",
] as const;

/** `signal: killed`. */
export const signalText = (signal: number): string =>
  `signal: ${names[signal] ?? `signal ${signal}`}`;
