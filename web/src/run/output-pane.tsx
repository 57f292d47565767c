/**
 * @module
 * What the run that is shown writes: compiler and program apart, both streams together or one alone.
 */
import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { goToPlace } from "../editor/editor-pane.tsx";
import { showOutput } from "../output/show-output.ts";
import { download } from "../util/download.ts";
import type { Piece } from "./output-text.ts";
import type { Run } from "./run.ts";

const streamNames = { both: "Both", stdout: "stdout", stderr: "stderr" } as const;
type Shown = keyof typeof streamNames;

const shownStreams = signal<Shown>("both");

export function StreamChoice() {
  return (
    <fieldset class="choice">
      <legend class="only-read">Streams</legend>
      {Object.entries(streamNames).map(([value, label]) => (
        <label key={value}>
          <input
            type="radio"
            name="streams"
            value={value}
            checked={shownStreams.value === value}
            onChange={() => (shownStreams.value = value as Shown)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

interface OutputProps {
  readonly run: Run;
  readonly phase: Piece["phase"];
}

/** Is made anew for each run: give it the run's number as its key. */
export function Output({ run, phase }: OutputProps) {
  const element = useRef<HTMLPreElement>(null);
  const isFull = useSignal(false);
  const isEmpty = useSignal(true);
  // At once, not behind the next frame: a short program's output is there by then.
  useLayoutEffect(() => {
    const pre = element.current;
    if (pre === null) return;
    const paths = run.project.files.map(({ path }) => path);
    const reader = showOutput({
      ...{ element: pre, paths, phase, onPlace: goToPlace },
      onFull: () => (isFull.value = true),
    });
    const follow = followEnd(pre);
    return run.output.read({
      add: (piece) => {
        reader.add(piece);
        if (piece.phase === phase) isEmpty.value = false;
        follow();
      },
      clear: () => {
        reader.clear();
        isEmpty.value = true;
        isFull.value = false;
      },
    });
  }, []);
  const streams = phase === "run" ? shownStreams.value : "both";
  const name = phase === "run" ? "Output of the program" : "Output of the compiler";
  return (
    <div class={`output ${phase} only-${streams}`} hidden={phase === "compile" && isEmpty.value}>
      {phase === "compile" && <h2>Compiler</h2>}
      {/* Whoever can't use a mouse must be able to scroll it. */}
      <pre ref={element} tabIndex={0} role="region" aria-label={name} dir="ltr" />
      {isFull.value && <FullNote run={run} />}
    </div>
  );
}

/** From what somebody does to what it scrolls. */
const BY_HAND_MS = 1000;

/** Scrolls with the output, unless somebody has scrolled away from its end. */
function followEnd(pre: HTMLElement): () => void {
  let isWaiting = false;
  let isAtEnd = true;
  let byHandAt = -Infinity;
  for (const type of ["wheel", "keydown", "touchmove", "pointerdown"]) {
    pre.addEventListener(type, () => (byHandAt = performance.now()), { passive: true });
  }
  pre.addEventListener("scroll", () => {
    // More may have come since it was at the end: only who scrolls by hand has left it.
    const isByHand = performance.now() - byHandAt < BY_HAND_MS;
    const isNear = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 24;
    isAtEnd = isNear || (isAtEnd && !isByHand);
  });
  const follow = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      if (isAtEnd) pre.scrollTop = pre.scrollHeight;
    });
  };
  // What stands around it comes and goes.
  new ResizeObserver(follow).observe(pre);
  return follow;
}

function FullNote({ run }: { readonly run: Run }) {
  return (
    <p class="full">
      There is more than this page shows.{" "}
      <button type="button" onClick={() => download(run.output.text(), "output.txt")}>
        Download the output
      </button>
    </p>
  );
}
