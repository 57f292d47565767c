/**
 * @module
 * One code block: its buttons, its run, its output. All of it is text; the page around it stays as it is.
 */
import { createClient, type GloveboxClient } from "../../../src/client/client.ts";
import type { Execution, SubmitRequest } from "../../../src/client/types.ts";
import { toBytes } from "../../../src/client/bytes.ts";
import { createAnsiReader, cssOf, type StyledText } from "../output/ansi.ts";
import { describeEnd } from "../run/describe-end.ts";
import { heldLimits } from "../run/held-limits.ts";
import { toFragment } from "../share/program-fragment.ts";
import { snippetStyles } from "./snippet-styles.ts";

export interface SnippetOptions {
  /** Of the server; ends with a slash. */
  readonly base: URL;
  /** Anybody who reads the page has it, too: one for few and small runs. */
  readonly key?: string | undefined;
  readonly language: string;
  readonly version?: string | undefined;
  readonly stdin?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly network?: string | undefined;
}

/** What is shown; more is counted. */
const MAX_CHARS = 100_000;

/** Puts a bar with buttons below the block. */
export function addSnippet(code: HTMLElement, options: SnippetOptions): void {
  const { base, key } = options;
  const original = code.textContent;
  const client = createClient({ url: base.href, ...(key === undefined ? {} : { key }) });
  const { host, run, edit, reset, open, status, output } = makeBar();
  (code.closest("pre") ?? code).after(host);
  let stop: AbortController | undefined;
  const requestNow = (): SubmitRequest => toRequest(code.textContent, options);
  run.addEventListener("click", () => {
    if (stop !== undefined) {
      stop.abort();
      return;
    }
    const current = new AbortController();
    stop = current;
    run.textContent = "Stop";
    output.hidden = false;
    output.replaceChildren();
    void runOnce(client, requestNow(), { signal: current.signal, status, output }).finally(() => {
      stop = undefined;
      run.textContent = "Run";
    });
  });
  edit.addEventListener("click", () => {
    code.contentEditable = "plaintext-only";
    code.spellcheck = false;
    code.focus();
    reset.hidden = false;
  });
  reset.addEventListener("click", () => {
    code.textContent = original;
    reset.hidden = true;
    code.contentEditable = "false";
  });
  open.addEventListener("click", () => {
    window.open(new URL(`#${toFragment(requestNow())}`, base), "_blank", "noopener");
  });
  code.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run.click();
  });
}

function toRequest(code: string, options: SnippetOptions): SubmitRequest {
  const { language, version, stdin, args, network } = options;
  return {
    language,
    code,
    ...(version === undefined ? {} : { version }),
    ...(stdin === undefined ? {} : { stdin }),
    ...(args === undefined ? {} : { args }),
    ...(network === "all" || network === "ask" ? { network } : {}),
    artifacts: [],
  };
}

interface RunParts {
  readonly signal: AbortSignal;
  readonly status: HTMLElement;
  readonly output: HTMLElement;
}

async function runOnce(
  client: GloveboxClient,
  request: SubmitRequest,
  { signal, status, output }: RunParts,
): Promise<void> {
  const print = createPrinter(output);
  status.textContent = "Running …";
  try {
    let id = "";
    const cancel = (): void => void client.cancel(id).catch(() => undefined);
    for await (const message of client.stream(request)) {
      if (id === "" && message.type === "state") {
        ({ id } = message.execution);
        if (signal.aborted) cancel();
        else signal.addEventListener("abort", cancel);
      }
      if (message.type === "output") {
        const text = new TextDecoder().decode(toBytes(message.data, message.encoding));
        print(text, message.stream);
      }
      if (message.type === "end") status.textContent = endWords(message.execution);
    }
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
  }
}

function endWords(execution: Execution): string {
  const { text, facts } = describeEnd(execution, heldLimits({}, undefined));
  return [text, ...facts].join(" · ");
}

function createPrinter(output: HTMLElement): (text: string, stream: "stdout" | "stderr") => void {
  const readers = { stdout: createAnsiReader(), stderr: createAnsiReader() };
  let chars = 0;
  return (text, stream) => {
    const room = MAX_CHARS - chars;
    if (room <= 0) return;
    chars += text.length;
    for (const part of readers[stream](text.slice(0, room))) output.append(spanOf(part, stream));
    if (chars >= MAX_CHARS) output.append("\n… more than is shown here");
  };
}

function spanOf({ text, style: { color, bold } }: StyledText, stream: string): HTMLElement {
  const span = document.createElement("span");
  span.textContent = text;
  span.className = stream;
  if (color !== undefined) span.style.color = cssOf(color);
  if (bold === true) span.style.fontWeight = "bold";
  return span;
}

interface Bar {
  readonly host: HTMLElement;
  readonly run: HTMLButtonElement;
  readonly edit: HTMLButtonElement;
  readonly reset: HTMLButtonElement;
  readonly open: HTMLButtonElement;
  readonly status: HTMLElement;
  readonly output: HTMLElement;
}

/** In a shadow of its own: neither side's styles reach the other. */
function makeBar(): Bar {
  const host = document.createElement("div");
  const shadow = host.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [snippetStyles()];
  const bar = document.createElement("div");
  bar.className = "bar";
  const [run, edit, reset, open] = ["Run", "Edit", "Reset", "Open"].map(makeButton) as [
    HTMLButtonElement,
    HTMLButtonElement,
    HTMLButtonElement,
    HTMLButtonElement,
  ];
  run.className = "run";
  reset.hidden = true;
  open.title = "Open in the playground";
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  const output = document.createElement("pre");
  output.hidden = true;
  output.tabIndex = 0;
  output.setAttribute("aria-label", "Output");
  output.setAttribute("role", "region");
  bar.append(run, edit, reset, open, status);
  shadow.append(bar, output);
  return { host, run, edit, reset, open, status, output };
}

function makeButton(text: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  return button;
}
