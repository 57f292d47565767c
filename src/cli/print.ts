/**
 * @module
 * Our own words on the terminal.
 */
import { styleText } from "node:util";
import { escapeControls } from "./escape-controls.ts";

type Format = Parameters<typeof styleText>[0];

/** Colours the text where the stream is a terminal and NO_COLOR is not set. */
export type Paint = (format: Format, text: string) => string;

/** See https://no-color.org: any value but the empty one switches colours off. */
export function painterFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const noColor = env["NO_COLOR"] ?? "";
  const isPlain = stream.isTTY !== true || noColor !== "" || env["TERM"] === "dumb";
  if (isPlain) return (_format, text) => text;
  // The stream was looked at above; styleText itself would look at another one.
  return (format, text) => styleText(format, text, { validateStream: false });
}

/** One line of ours on stderr, `glovebox: …`, apart from what the program writes there. */
export function printNote(line: string): void {
  const paint = painterFor(process.stderr, process.env);
  process.stderr.write(`${paint("dim", `glovebox: ${escapeControls(line)}`)}\n`);
}
