/**
 * @module
 * What stays as it is in a folder that a program may write to, because programs of the user act on it
 * later, outside of any sandbox, without being told to.
 */

export interface ProtectedEntry {
  /** Below the folder, or below one in it; of a folder it means all in it. */
  readonly path: string;
  /** Absent: files and folders. */
  readonly only?: "file";
  /** Who acts on it. */
  readonly why: string;
}

const git = "git runs programs that it names";
const shell = "a shell runs it";
const editor = "an editor runs what it says";
const agent = "an AI tool runs what it says";
const environment = "a shell runs it when it enters the folder";

export const protectedEntries: readonly ProtectedEntry[] = [
  // Of a worktree or a submodule.
  { path: ".git", only: "file", why: "git acts on what lies where it leads" },
  { path: ".git/hooks", why: "git runs its programs" },
  { path: ".git/config", why: git },
  { path: ".git/config.worktree", why: git },
  { path: ".git/info/attributes", why: git },
  { path: ".git/modules", why: git },
  { path: ".git/worktrees", why: git },
  { path: ".gitmodules", why: "git fetches from where it says" },
  { path: ".gitconfig", why: git },
  { path: ".husky", why: "git runs its programs" },
  { path: ".githooks", why: "git runs its programs" },
  { path: ".pre-commit-config.yaml", why: "git runs programs that it names" },
  { path: ".lefthook.yml", why: "git runs programs that it names" },
  { path: "lefthook.yml", why: "git runs programs that it names" },
  { path: ".bashrc", why: shell },
  { path: ".bash_profile", why: shell },
  { path: ".bash_login", why: shell },
  { path: ".bash_logout", why: shell },
  { path: ".bash_aliases", why: shell },
  { path: ".profile", why: shell },
  { path: ".zshrc", why: shell },
  { path: ".zshenv", why: shell },
  { path: ".zprofile", why: shell },
  { path: ".zlogin", why: shell },
  { path: ".zlogout", why: shell },
  { path: ".config/fish", why: shell },
  { path: ".config/autostart", why: "the desktop starts it" },
  { path: ".config/systemd", why: "systemd starts it" },
  { path: ".config/glovebox", why: "Glovebox runs plugins that it names" },
  { path: ".ssh", why: "ssh and its server act on it" },
  { path: ".envrc", why: environment },
  { path: ".env.zsh", why: environment },
  { path: ".mise.toml", why: environment },
  { path: "mise.toml", why: environment },
  { path: ".vscode", why: editor },
  { path: ".idea", why: editor },
  { path: ".fleet", why: editor },
  { path: ".zed", why: editor },
  { path: ".devcontainer", why: editor },
  { path: ".devcontainer.json", why: editor },
  { path: ".vimrc", why: editor },
  { path: ".exrc", why: editor },
  { path: ".nvim.lua", why: editor },
  { path: ".nvimrc", why: editor },
  { path: ".dir-locals.el", why: editor },
  { path: ".mcp.json", why: agent },
  { path: ".claude", why: agent },
  { path: ".cursor", why: agent },
  { path: ".codex", why: agent },
  { path: ".gemini", why: agent },
  { path: ".aider.conf.yml", why: agent },
  { path: ".npmrc", why: "npm fetches from where it says" },
  { path: ".yarnrc.yml", why: "yarn runs the program that it names" },
  { path: ".cargo/config.toml", why: "cargo runs programs that it names" },
  { path: ".gdbinit", why: "a debugger runs it" },
  { path: ".lldbinit", why: "a debugger runs it" },
];

export const protectedPaths: readonly string[] = protectedEntries.map(({ path }) => path);

/** @param path Below a folder that may be written to, of a thing of any kind. */
export function isProtected(path: string): boolean {
  const parts = path.split("/");
  const tails = parts.map((_, index) => parts.slice(index).join("/"));
  return protectedEntries.some((entry) =>
    tails.some(
      (tail) =>
        tail === entry.path || (entry.only === undefined && tail.startsWith(`${entry.path}/`)),
    ),
  );
}

/** Of what was found at such a path. */
export function isProtectedAs(path: string, kind: "folder" | "file" | "other"): boolean {
  if (kind === "other") return false;
  return (
    kind === "file" || !protectedEntries.some((entry) => entry.only === "file" && isAt(path, entry))
  );
}

const isAt = (path: string, entry: ProtectedEntry): boolean =>
  path === entry.path || path.endsWith(`/${entry.path}`);
