/**
 * @module
 * What the page opens with: what this browser had last; and keeps it from then on.
 */
import { notify } from "../ui/notices.tsx";
import { openProject, project } from "./project.ts";
import { fromFragment, hasProgram } from "../share/program-fragment.ts";
import { isProject } from "./project-shape.ts";
import { openFromElsewhere } from "./replaced.ts";
import { readStored, writeStored } from "./stored.ts";

const SAVE_AFTER_MS = 300;

/** @returns Once it is known what is shown: a program in the address comes before what was there. */
export async function beginProject(): Promise<void> {
  const kept = readStored("project", isProject);
  if (kept !== undefined) openProject(kept);
  if (location.hash !== "") await openFragment();
  keepProject();
}

async function openFragment(): Promise<void> {
  const { default: starters } = await import("virtual:starters");
  const given = fromFragment(location.hash, (language) => starters[language]?.path ?? "main");
  if (given !== undefined) await openFromElsewhere(given);
  else if (!hasProgram(location.hash)) return;
  else notify("This page can't read the program in the link: it was cut, or is too long.", "error");
  history.replaceState(null, "", location.pathname);
}

function keepProject(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isTold = false;
  const save = (): void => {
    timer = undefined;
    if (writeStored("project", project.peek()) || isTold) return;
    isTold = true;
    notify("This browser keeps no more: the program is gone with the page.", "error");
  };
  project.subscribe(() => {
    timer ??= setTimeout(save, SAVE_AFTER_MS);
  });
  addEventListener("pagehide", () => {
    if (timer !== undefined) save();
  });
}
