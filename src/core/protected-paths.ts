/**
 * @module
 * What stays as it is in a folder that a program may write to: files that programs of the user act on,
 * outside of any sandbox, without being told to.
 */

/** Below the folder; a folder stands for all in it. */
export const protectedPaths: readonly string[] = [
  // git runs these, or what they name.
  ".git/hooks",
  ".git/config",
  ".git/config.worktree",
  ".git/info/attributes",
  ".gitmodules",
  ".husky",
  // Shells, and what they load with each folder.
  ".bashrc",
  ".bash_profile",
  ".bash_login",
  ".bash_logout",
  ".profile",
  ".inputrc",
  ".zshrc",
  ".zshenv",
  ".zprofile",
  ".zlogin",
  ".zlogout",
  ".envrc",
  // Editors, and tools that write code.
  ".vscode",
  ".idea",
  ".zed",
  ".devcontainer",
  ".mcp.json",
  ".claude",
  ".codex",
  ".cursor",
  ".gemini",
];
