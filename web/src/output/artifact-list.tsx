/**
 * @module
 * Files that a run made: each as what it is, and all to be downloaded.
 */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { toBytes } from "../../../src/client/bytes.ts";
import { formatBytes } from "../run/describe-end.ts";
import { Dialog, openDialog } from "../ui/dialog.tsx";
import { notify } from "../ui/notices.tsx";
import { download } from "../util/download.ts";
import { ArtifactContent } from "./artifact-content.tsx";
import { describeMissing, downloadName, shownName } from "./artifact-words.ts";
import type { AnsweredArtifacts } from "./artifacts.tsx";
import { classify, type ShownAs } from "./classify.ts";
import "../styles/artifacts.css";

type ArtifactFile = AnsweredArtifacts["files"][number];

/** What stands behind is opened by whoever wants it. */
const MAX_OPEN = 12;

interface Larger {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly shownAs: ShownAs;
}

export function ArtifactList({ artifacts }: { readonly artifacts: AnsweredArtifacts }) {
  const { files } = artifacts;
  const larger = useSignal<Larger | undefined>(undefined);
  const enlarge = (file: Larger): void => {
    larger.value = file;
    openDialog.value = "file";
  };
  return (
    <section class="artifacts" aria-label="Files of the run">
      <header>
        <h2>{files.length === 1 ? "1 file came back" : `${files.length} files came back`}</h2>
        {files.length > 1 && (
          <button type="button" onClick={() => void downloadAll(files)}>
            Download all as zip
          </button>
        )}
      </header>
      {describeMissing(artifacts).map((sentence) => (
        <p key={sentence} class="missing">
          {sentence}
        </p>
      ))}
      {files.map((file, index) => (
        <Artifact key={file.path} file={file} isOpen={index < MAX_OPEN} onLarger={enlarge} />
      ))}
      {larger.value !== undefined && <LargerDialog {...larger.value} />}
    </section>
  );
}

async function downloadAll(files: readonly ArtifactFile[]): Promise<void> {
  try {
    const { zipArtifacts } = await import("./zip-artifacts.ts");
    download(zipArtifacts(files), "files.zip");
  } catch (error) {
    notify(`The zip could not be made: ${String(error)}`, "error");
  }
}

interface ArtifactProps {
  readonly file: ArtifactFile;
  readonly isOpen: boolean;
  readonly onLarger: (file: Larger) => void;
}

function Artifact({ file, isOpen, onLarger }: ArtifactProps) {
  const { path, content, encoding } = file;
  const bytes = useMemo(() => toBytes(content, encoding), [file]);
  const shownAs = useMemo(() => classify(path, bytes), [file]);
  const name = shownName(path);
  const isLargerWanted = shownAs.kind !== "bytes" && bytes.length > 0;
  return (
    <article class="artifact" aria-label={name}>
      <header>
        <h3>
          <bdi>{name}</bdi> <small>{formatBytes(bytes.length)}</small>
        </h3>
        {isLargerWanted && (
          <button type="button" class="quiet" onClick={() => onLarger({ path, bytes, shownAs })}>
            Enlarge
          </button>
        )}
        <button type="button" class="quiet" onClick={() => save(path, bytes)}>
          Download
        </button>
      </header>
      <ArtifactContent {...{ path, bytes, shownAs, isOpen }} />
    </article>
  );
}

function save(path: string, bytes: Uint8Array): void {
  download(new Uint8Array(bytes), downloadName(path));
}

function LargerDialog({ path, bytes, shownAs }: Larger) {
  return (
    <Dialog name="file" title={shownName(path)} size="wide">
      <div class="larger">
        <ArtifactContent {...{ path, bytes, shownAs }} isOpen />
      </div>
    </Dialog>
  );
}
