/**
 * @module
 * The playground: the program on one side, its run on the other.
 */
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { takeDroppedFiles } from "./editor/drop-files.ts";
import { EditorPane } from "./editor/editor-pane.tsx";
import { FileTabs } from "./editor/file-tabs.tsx";
import { FileTree } from "./editor/file-tree.tsx";
import { History } from "./history/history.tsx";
import { InputPane } from "./run/input-pane.tsx";
import { RunPane } from "./run/run-pane.tsx";
import { runs } from "./run/runs.ts";
import { ShareDialog } from "./share/share-dialog.tsx";
import { SettingsDialog } from "./ui/settings-dialog.tsx";
import { Notices } from "./ui/notices.tsx";
import { ReplacedNote } from "./ui/replaced-note.tsx";
import { ServerNote } from "./ui/server-note.tsx";
import { Toolbar } from "./ui/toolbar.tsx";

/** Which half a narrow screen shows. */
const shownHalf = signal<"code" | "run">("code");

export function App() {
  const main = useRef<HTMLElement>(null);
  useEffect(() => (main.current === null ? undefined : takeDroppedFiles(main.current)), []);
  useEffect(
    () =>
      runs.subscribe(([latest]) => {
        if (latest !== undefined) shownHalf.value = "run";
      }),
    [],
  );
  return (
    <>
      <Toolbar />
      <ServerNote />
      <Halves />
      <main ref={main} class={`halves shows-${shownHalf.value}`}>
        <section class="half code" aria-label="Program">
          <ReplacedNote />
          <FileTabs />
          <div class="files-and-editor">
            <FileTree />
            <EditorPane />
          </div>
          <InputPane />
        </section>
        <section class="half run" aria-label="Run">
          <RunPane />
          <History />
        </section>
      </main>
      <SettingsDialog />
      <ShareDialog />
      <Notices />
    </>
  );
}

/** On narrow screens. */
function Halves() {
  return (
    <nav class="half-choice" aria-label="Shown half">
      {(["code", "run"] as const).map((half) => (
        <button
          key={half}
          type="button"
          aria-pressed={shownHalf.value === half}
          onClick={() => (shownHalf.value = half)}
        >
          {half === "code" ? "Program" : "Output"}
        </button>
      ))}
    </nav>
  );
}
