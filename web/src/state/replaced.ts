/**
 * @module
 * The program that was there before another one took its place: its user can have it back.
 */
import { signal } from "@preact/signals";
import { openProject, project } from "./project.ts";
import { isProject } from "./project-shape.ts";
import type { Project } from "./project-values.ts";
import { isUntouched } from "./starters.ts";
import { readStored, writeStored } from "./stored.ts";

const NAME = "replaced";

/** Also after the page was closed. */
export const replaced = signal<Project | undefined>(readStored(NAME, isProject));

/** Opens another program, and keeps what is there. @param isKept Whether it is there elsewhere. */
export function replaceProject(next: Project, path?: string, isKept = false): void {
  if (!isKept) keep(project.peek());
  openProject(next, path);
}

/** For a program that comes from elsewhere. What nobody would miss is not kept for it. */
export async function openFromElsewhere(next: Project): Promise<void> {
  const before = project.peek();
  replaceProject(
    { ...next, isAsOpened: true },
    undefined,
    before.isAsOpened === true || (await isUntouched(before)),
  );
}

export function haveBack(): void {
  const before = replaced.peek();
  if (before === undefined) return;
  keep(undefined);
  openProject(before);
}

export function forgetReplaced(): void {
  keep(undefined);
}

function keep(program: Project | undefined): void {
  replaced.value = program;
  writeStored(NAME, program);
}
