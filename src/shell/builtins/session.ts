/**
 * @module
 * What somebody who types sets: `mode`, `setprompt`, `history`, and the ways out.
 */
import { invalidRequest } from "../../core/errors.ts";
import { usualPrompt, type Builtin } from "../shell.ts";
import { writeText } from "../streams.ts";

const mode: Builtin = {
  name: "mode",
  usage: "mode [vi|emacs]",
  summary: "tells or sets which keys edit a line",
  words: ["vi", "emacs"],
  run: async ([word], { shell: { session } }, { stdout, stderr }) => {
    if (word === "vi" || word === "emacs") {
      session.mode = word;
      return 0;
    }
    if (word === undefined) {
      await writeText(stdout, `current mode: ${session.mode === "vi" ? "vim" : "emacs"}\n`);
      return 0;
    }
    await writeText(stderr, `invalid mode: ${word}\n`);
    return 1;
  },
};

const setprompt: Builtin = {
  name: "setprompt",
  usage: "setprompt <prompt>",
  summary: `sets what is before a line; it is \`${usualPrompt}\` at first`,
  run: async (args, { shell: { session } }, { stderr }) => {
    if (args.length === 0) {
      await writeText(stderr, "setprompt <prompt>\n");
      return 1;
    }
    // Control characters would move the line that is edited.
    session.prompt = args.join(" ").replaceAll(/[\p{Cc}\p{Cf}]/gu, "");
    return 0;
  },
};

const history: Builtin = {
  name: "history",
  usage: "history [TEXT]",
  summary: "lists earlier lines, those with a text in them; case does not count",
  run: async (args, { shell: { session } }, { stdout }) => {
    const wanted = args.join(" ").toLowerCase();
    const lines = session.history
      .map((line, index) => ({ line, number: String(index + 1).padStart(5) }))
      .filter(({ line }) => line.toLowerCase().includes(wanted))
      .map(({ line, number }) => `${number}  ${line}\n`);
    await writeText(stdout, lines.join(""));
    return 0;
  },
};

const leave: Builtin["run"] = async ([code], { end, state }) => {
  if (code !== undefined && !/^\d{1,9}$/.test(code)) {
    throw invalidRequest("exit", `\`${code}\` is no exit code: a number from 0 to 255.`);
  }
  end.code = code === undefined ? state.status : Number(code) & 255;
  return end.code;
};

export const sessionBuiltins: readonly Builtin[] = [
  mode,
  setprompt,
  { name: "bye", usage: "bye", summary: "leaves", run: leave },
  { name: "exit", usage: "exit [CODE]", summary: "leaves, with an exit code", run: leave },
  history,
];
