/**
 * @module
 * A link to the program, and the other ways in which it can be taken elsewhere.
 */
import { useSignal, type Signal } from "@preact/signals";
import { project } from "../state/project.ts";
import { Dialog } from "../ui/dialog.tsx";
import { notify } from "../ui/notices.tsx";
import { download } from "../util/download.ts";
import { asCli, asCurl } from "./as-command.ts";
import { forget, linkOf, ownShares, share, unshare, type OwnShare } from "./shares.ts";

const MAX_TITLE_CHARS = 120;

export function ShareDialog() {
  return (
    <Dialog name="share" title="Share">
      <Share />
    </Dialog>
  );
}

function Share() {
  const made = useSignal<OwnShare | undefined>(undefined);
  return (
    <div class="share">
      {made.value === undefined ? <MakeLink made={made} /> : <Link own={made.value} />}
      <Elsewhere />
      <OwnShares />
    </div>
  );
}

function MakeLink({ made }: { readonly made: Signal<OwnShare | undefined> }) {
  const isBusy = useSignal(false);
  const problem = useSignal("");
  const make = async (title: string): Promise<void> => {
    isBusy.value = true;
    problem.value = "";
    try {
      made.value = await share(title);
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
    isBusy.value = false;
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const title = new FormData(event.currentTarget).get("title");
        void make(typeof title === "string" ? title.trim() : "");
      }}
    >
      <p>
        The program with its input and arguments is kept on this server. Whoever has the link can
        read and run it; nobody can guess it.
      </p>
      <p class="row">
        <input
          name="title"
          maxLength={MAX_TITLE_CHARS}
          placeholder="Title (may be left out)"
          aria-label="Title"
        />
        <button type="submit" class="main" disabled={isBusy.value}>
          Make a link
        </button>
      </p>
      {problem.value !== "" && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </form>
  );
}

function Link({ own }: { readonly own: OwnShare }) {
  const link = linkOf(own.id);
  return (
    <p class="row" role="status">
      <input
        readOnly
        value={link}
        aria-label="Link"
        onFocus={(event) => event.currentTarget.select()}
      />
      <button type="button" class="main" onClick={() => void copy(link, "The link")}>
        Copy
      </button>
    </p>
  );
}

function Elsewhere() {
  const of = project.value;
  return (
    <p class="row">
      <button type="button" onClick={() => void downloadZip()}>
        Download as zip
      </button>
      <button type="button" onClick={() => void copy(asCurl(of), "The curl command")}>
        Copy as curl
      </button>
      <button type="button" onClick={() => void copy(asCli(of), "The command")}>
        Copy as glovebox run
      </button>
    </p>
  );
}

async function downloadZip(): Promise<void> {
  const { zipProject } = await import("./zip-project.ts");
  download(zipProject(project.peek()), "program.zip");
}

function OwnShares() {
  if (ownShares.value.length === 0) return null;
  return (
    <details>
      <summary>Links made in this browser ({ownShares.value.length})</summary>
      <ul class="own-shares">
        {ownShares.value.map((own) => (
          <li key={own.id}>
            <a href={linkOf(own.id)}>{own.title === "" ? own.id : own.title}</a>{" "}
            <small>{new Date(own.createdAt).toLocaleString()}</small>{" "}
            <button type="button" onClick={() => void remove(own)}>
              Remove
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

async function remove(own: OwnShare): Promise<void> {
  try {
    await unshare(own);
    notify("The link is removed: it leads nowhere now.");
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "SHARE_NOT_FOUND") forget(own.id);
    notify(error instanceof Error ? error.message : String(error), "error");
  }
}

/** Pages that came over plain HTTP have no clipboard. */
async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notify(`${what} is copied.`);
  } catch {
    download(text, "command.sh");
    notify(`${what} could not be copied: it is downloaded instead.`);
  }
}
