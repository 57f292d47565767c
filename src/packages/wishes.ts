/**
 * @module
 * What a package may do once it is approved, as sentences: those of whalebrew, where it has them.
 */
import { showName, showUntrusted } from "../permissions/show-untrusted.ts";
import type { Package } from "./package.ts";

/** In the order in which people should read them: what can do the most harm comes first. */
export function wishesOf(it: Package): readonly string[] {
  return [
    ...networkWishes(it),
    ...it.secrets.map((text) => secretWish(text)),
    ...fileWishes(it),
    ...workspaceWishes(it),
    ...it.environment.filter((text) => !text.includes("=")).map(environmentWish),
    ...it.ports.map((port) => `Listen on TCP port ${port}`),
    ...(it.dockerfile === undefined ? [] : ["Have Docker build an image"]),
    ...(it.image === "host" ? [] : [`Run programs of the image ${showName(it.image)}`]),
  ];
}

function networkWishes({ network }: Package): readonly string[] {
  if (network === "none") return [];
  if (network === "ask") return ["Ask you about connections while it runs"];
  if (network === "all") {
    return ["Connect to any host, and to all that listens on this machine, without asking"];
  }
  return network.map((host) => `Connect to ${showName(host)}`);
}

function secretWish(text: string): string {
  const at = text.indexOf("@");
  const [name, hosts] = [text.slice(0, at), text.slice(at + 1)];
  return `Use the secret ${showName(name)} in requests to ${showName(hosts)}, without seeing it`;
}

function fileWishes({ files }: Package): readonly string[] {
  if (files === "ask") return ["Ask you about files while it runs"];
  return files.map(({ path, access }) =>
    access === "rw"
      ? `Read and write to the file or directory ${quoted(path)}`
      : `Read the file or directory ${quoted(path)}`,
  );
}

const workspaceSentences = {
  none: [],
  ro: ["Read all files of the directory in which you start it"],
  rw: ["Read and write to all files of the directory in which you start it"],
  copy: ["Read all files of the directory in which you start it, and propose changes to them"],
} as const;

const workspaceWishes = ({ workspace }: Package): readonly string[] =>
  workspaceSentences[workspace];

const environmentWish = (name: string): string => `Read the environment variable ${showName(name)}`;

const quoted = (path: string): string => `"${showUntrusted(path).replaceAll('"', '\\"')}"`;

export interface Difference {
  readonly more: readonly string[];
  readonly less: readonly string[];
}

/** Only what is not the same. */
export function differenceOf(before: Package, after: Package): Difference {
  const [old, now] = [wishesOf(before), wishesOf(after)];
  return {
    more: now.filter((wish) => !old.includes(wish)),
    less: old.filter((wish) => !now.includes(wish)),
  };
}
