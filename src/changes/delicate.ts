/**
 * @module
 * Changes with which a program could reach out of its sandbox later, by the hands of its user: files
 * that other programs act on, and links that lead out of the folder. They are pointed out, and applied
 * only by who says so.
 */
import { protectedEntries } from "../core/protected-paths.ts";
import type { BytePath } from "../core/changes.ts";
import type { Change } from "./change-set.ts";

/** @returns Who acts on it, for people; undefined for what is as harmless as any file. */
export function dangerOf({ path, after }: Change): string | undefined {
  if (after === undefined) return undefined;
  if (after.kind === "link" && leadsOut(path, after.target)) return "leads out of the folder";
  // On some file systems `.GIT` is the same.
  const lower = path.toLowerCase();
  if (after.kind === "folder") return undefined;
  return [...actors, ...protectedActors].find(([pattern]) => pattern.test(lower))?.[1];
}

/** By the path below the folder, in lower case. */
const actors: readonly (readonly [pattern: RegExp, who: string])[] = [
  [/(^|\/)\.git$/, "tells git where its data and hooks are"],
  [/(^|\/)\.git\/(.*\/)?hooks(\/|$)/, "git runs it"],
  [/(^|\/)\.git\/(.*\/)?config(\.worktree)?$/, "git runs what it names"],
  [/(^|\/)\.git\/(.*\/)?(info\/attributes|commondir|gitdir)$/, "git acts on it"],
  [/(^|\/)\.gitmodules$/, "git fetches what it names"],
  [/(^|\/)\.husky(\/|$)/, "git runs it"],
  [/(^|\/)\.(pre-commit-config\.ya?ml|lefthook\.ya?ml)$/, "git runs what it names"],
  [/(^|\/)\.(envrc|direnv)(\/|$)/, "direnv runs it"],
  [/(^|\/)\.?mise(\.local)?\.toml$/, "mise runs what it names"],
  [/(^|\/)\.(bash(rc|_profile|_login|_logout)|profile|inputrc)$/, "your shell runs it"],
  [/(^|\/)\.(z(shrc|shenv|profile|login|logout)|kshrc|cshrc|tcshrc)$/, "your shell runs it"],
  [/(^|\/)\.(vimrc|exrc|gvimrc|nvimrc|nvim\.lua|emacs|dir-locals\.el)$/, "your editor runs it"],
  [/(^|\/)\.(vscode|idea|zed|fleet|devcontainer)(\/|$)/, "your editor acts on it"],
  [/\.code-workspace$/, "your editor acts on it"],
  [/(^|\/)\.(mcp\.json|claude|codex|cursor|gemini|aider\.conf\.yml)(\/|$)/, "AI tools act on it"],
  [/(^|\/)\.(npmrc|yarnrc|yarnrc\.yml|pnpmfile\.cjs)$/, "package managers act on it"],
  [/(^|\/)\.(gdbinit|lldbinit)$/, "debuggers run it"],
  [/(^|\/)\.cargo\/config(\.toml)?$/, "cargo runs what it names"],
  [/(^|\/)\.ssh(\/|$)/, "ssh acts on it"],
  [/(^|\/)\.github\/workflows(\/|$)/, "GitHub runs it"],
];

/** What a writable folder keeps from a program, wherever it lies. */
const protectedActors: typeof actors = protectedEntries.map(({ path, only, why }) => {
  const literal = path.toLowerCase().replaceAll(".", "\\.");
  return [new RegExp(`(^|/)${literal}${only === undefined ? "(/|$)" : "$"}`), why];
});

/**
 * By its text alone. The names before a link are folders, so that `..` at its beginning leads where it
 * says; behind another name, which may be a link itself, nobody knows.
 */
function leadsOut(path: BytePath, target: BytePath): boolean {
  if (target.startsWith("/")) return true;
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const ups = parts.findIndex((part) => part !== "..");
  const upCount = ups < 0 ? parts.length : ups;
  const depth = path.split("/").length - 1;
  return upCount > depth || parts.slice(upCount).includes("..");
}
