/**
 * @module
 * What a program is given: stdin, arguments, limits, and what it may ask for.
 */
import { useSignal } from "@preact/signals";
import { splitWords } from "../util/split-words.ts";
import { changeProject, project } from "../state/project.ts";
import { info } from "../state/server.ts";
import { LimitFields } from "./limit-fields.tsx";

export function InputPane() {
  const { stdin, args, isTerminal } = project.value;
  const hasInput = stdin !== "" || args.length > 0;
  return (
    <details class="input-pane" open={hasInput}>
      <summary>Input, arguments and limits</summary>
      <div class="fields">
        <label class="wide">
          Input (stdin)
          <textarea
            rows={3}
            spellcheck={false}
            value={stdin}
            disabled={isTerminal}
            placeholder={isTerminal ? "Type it into the terminal" : ""}
            onInput={({ currentTarget: { value } }) => changeProject({ stdin: value })}
          />
        </label>
        <ArgumentsField args={args} />
        <Choices />
        <LimitFields />
      </div>
    </details>
  );
}

function ArgumentsField({ args }: { readonly args: readonly string[] }) {
  /** As it was typed, and the arguments that the program had or got by it. */
  const typed = useSignal<{ readonly text: string; readonly args: readonly string[] }>({
    text: "",
    args: [],
  });
  // A program that was opened since has others.
  const isTyped = typed.value.args === args;
  const text = isTyped ? typed.value.text : args.map(quote).join(" ");
  const isOpen = isTyped && splitWords(text) === undefined;
  const take = (next: string): void => {
    const words = splitWords(next);
    typed.value = { text: next, args: words ?? args };
    if (words !== undefined) changeProject({ args: words });
  };
  return (
    <label class="wide">
      Arguments
      <input
        spellcheck={false}
        autocomplete="off"
        placeholder={`one "two words"`}
        value={text}
        aria-invalid={isOpen}
        onInput={({ currentTarget: { value } }) => take(value)}
      />
      {isOpen && <span class="problem">A quote has no end.</span>}
    </label>
  );
}

/** As `splitWords` reads it. */
const quote = (word: string): string =>
  /^[^\s"'\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`;

function Choices() {
  const { isTerminal, network, hostFiles } = project.value;
  const allowed = info.value?.network.allowed ?? [];
  const mayAskForFiles = info.value?.permissions.files === "ask";
  return (
    <fieldset class="wide choices">
      <legend>What it gets</legend>
      <label>
        <input
          type="checkbox"
          checked={isTerminal}
          onChange={({ currentTarget: { checked } }) => changeProject({ isTerminal: checked })}
        />{" "}
        a terminal
      </label>
      <label>
        Network{" "}
        <select
          value={network}
          onChange={({ currentTarget: { value } }) =>
            changeProject({ network: value as typeof network })
          }
        >
          <option value="none">none</option>
          <option value="ask" disabled={!allowed.includes("ask")}>
            ask me
          </option>
          <option value="all" disabled={!allowed.includes("all")}>
            all
          </option>
        </select>
      </label>
      <label>
        Files of the server's user{" "}
        <select
          value={hostFiles}
          onChange={({ currentTarget: { value } }) =>
            changeProject({ hostFiles: value as typeof hostFiles })
          }
        >
          <option value="none">none</option>
          <option value="ask" disabled={!mayAskForFiles}>
            ask me
          </option>
        </select>
      </label>
    </fieldset>
  );
}
