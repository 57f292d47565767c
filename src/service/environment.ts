/**
 * @module
 * The environment inside a sandbox: built from nothing, so that none of the host's gets in.
 */
import type { Provider } from "../core/provider.ts";
import { homePath } from "../core/sandbox.ts";

/** Where programs are looked for inside, where they are the host's. */
export const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What a terminal is called where its owner says nothing: all of today understand it. */
export const terminalEnvironment: Readonly<Record<string, string>> = { TERM: "xterm-256color" };

/**
 * @param programs Whose programs run: an image knows itself where its programs are, and the provider
 * has its PATH.
 * @param programFolders Folders inside that are looked in last.
 * @param added Each wins over the ones before it.
 */
export function buildEnvironment(
  programs: Provider["programs"],
  programFolders: readonly string[],
  ...added: readonly Readonly<Record<string, string>>[]
): Readonly<Record<string, string>> {
  const base = {
    ...(programs === "image" ? {} : { PATH: [systemPath, ...programFolders].join(":") }),
    HOME: homePath,
    USER: "sandbox",
    LANG: "C.UTF-8",
    TMPDIR: "/tmp",
  };
  return Object.assign({}, base, ...added) as Record<string, string>;
}
