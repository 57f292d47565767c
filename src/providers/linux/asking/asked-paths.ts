/**
 * @module
 * What of the host is there to be asked about, or shown, as records of the launcher's plan.
 */
import type { AskablePath, Policy } from "../../../core/policy.ts";
import type { Records } from "../../../launcher/message.ts";

/** The folders and files; each is a root of the file system of what is asked about, in this order. */
export function askedRoots({ askable = [], hidden = [] }: Policy): readonly AskedRoot[] {
  const isHidden = (path: string): boolean =>
    hidden.some((each) => path === each || path.startsWith(`${each}/`));
  return askable.filter(
    (each): each is AskedRoot => each.kind !== "socket" && !isHidden(each.hostPath),
  );
}

interface AskedRoot extends AskablePath {
  readonly kind: "folder" | "file";
}

/** A Unix socket of the host, and one of the paths that a program knows it by. */
export interface AskedSocket {
  readonly hostPath: string;
  readonly insidePath: string;
}

/** In the order of the plan's `ask-socket` records. */
export function askedSockets({ askable = [] }: Policy): readonly AskedSocket[] {
  return askable
    .filter(({ kind }) => kind === "socket")
    .flatMap(({ hostPath, insidePaths }) =>
      insidePaths.map((insidePath) => ({ hostPath, insidePath })),
    );
}

/** Whether a sandbox with this policy has to have somebody who is asked. */
export function asks({ network, askable = [] }: Policy): boolean {
  return network.mode === "ask" || askable.length > 0;
}

/** Settings of the plan. */
export function askSettings(policy: Policy): Records {
  return [
    ...(askedRoots(policy).length > 0 ? ([["ask-fs", ""]] as const) : []),
    ...askedSockets(policy).map(({ insidePath }) => ["ask-socket", insidePath] as const),
  ];
}

/** Behind all that is the sandbox's own: these lie in its folders. What is shown comes behind them. */
export function askRecords(policy: Policy): Records {
  const asked = askedRoots(policy).flatMap(({ insidePaths }, number) =>
    insidePaths
      .filter((path) => !isInAnother(path, policy))
      .map((path) => ["asked", [path, String(number)]] as const),
  );
  // Until a socket is granted there is something that nobody can connect to.
  const sockets = askedSockets(policy)
    .filter(({ insidePath }) => !isInAnother(insidePath, policy))
    .map(({ insidePath }) => ["file", [insidePath, "0600", ""]] as const);
  return [...parentsFirst(asked), ...sockets];
}

/** Whether a folder that is asked about has it there already: the same thing of the host. */
function isInAnother(insidePath: string, policy: Policy): boolean {
  return askedRoots(policy).some(({ kind, insidePaths }) => {
    return kind === "folder" && insidePaths.some((folder) => insidePath.startsWith(`${folder}/`));
  });
}

/** What lies in another comes behind it, or it would be hidden. */
function parentsFirst<T extends readonly [string, readonly [string, string]]>(
  records: readonly T[],
): readonly T[] {
  return [...records].sort(([, [left]], [, [right]]) => left.length - right.length);
}
