/**
 * @module
 * Programs to begin with, one of each language.
 */
import { notify } from "../ui/notices.tsx";
import { activePath, changeProject, openProject, project } from "./project.ts";
import { emptyProject, type Project } from "./project-values.ts";

/** The starter of a language, in the place of what is there. */
export async function openStarter(language: string): Promise<void> {
  const { default: starters } = await import("virtual:starters");
  const starter = starters[language];
  const files =
    starter === undefined ? emptyProject.files : [{ ...starter, encoding: "utf8" as const }];
  openProject({ ...emptyProject, language, files });
}

/** Whether nobody would miss it: it is a language's starter, or empty. */
export async function isUntouched({ files, stdin, args }: Project): Promise<boolean> {
  const { default: starters } = await import("virtual:starters");
  const [file, ...others] = files;
  if (file === undefined || others.length > 0 || stdin !== "" || args.length > 0) return false;
  if (file.content.trim() === "" || file.content === emptyProject.files[0]?.content) return true;
  return Object.values(starters).some(({ content }) => content === file.content);
}

let changing: Promise<void> | undefined;

/** Of a language that was chosen, and whose starter is still being loaded. */
export const languageChange = (): Promise<void> | undefined => changing;

/** Another language, and its starter if there is nothing to lose; else the program stays as it is. */
export function changeLanguage(language: string): void {
  const change = takeLanguage(language)
    .catch(() => {
      notify("The server does not answer: the language stays as it was.", "error");
      // The menu shows what is, not what was chosen.
      changeProject({});
    })
    .finally(() => {
      if (changing === change) changing = undefined;
    });
  changing = change;
}

async function takeLanguage(language: string): Promise<void> {
  const before = project.peek();
  if (await isUntouched(before)) await openStarter(language);
  else openProject({ ...before, language, version: "" }, activePath.peek());
}
