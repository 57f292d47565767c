/**
 * @module
 * What a way to declare dependencies consists of: which files say what is needed, how it is installed and
 * from where, and how a program finds it.
 */

export const ecosystemIds = ["pip", "npm", "gem", "go", "composer", "cargo"] as const;
export type EcosystemId = (typeof ecosystemIds)[number];

/** Where they are inside, but for those that are only looked for elsewhere. */
export const dependenciesFolder = "/opt/glovebox/dependencies";

/** A file of the project that tells what to install. */
export interface ManifestFile {
  readonly path: string;
  readonly content: Buffer;
}

/** How it is installed, in an empty folder with nothing but the manifest's files in it. */
export interface Installation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What lies there besides, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** The folder in it that then has all of it. */
  readonly result: string;
}

export interface Ecosystem {
  readonly id: EcosystemId;
  /** Ids of the languages whose programs use it. */
  readonly languages: readonly string[];
  /** Of scripts that use it, where they are started as commands. */
  readonly extensions: readonly string[];
  /** Commands that use it, by their words with spaces between; those that install by themselves don't. */
  readonly commands: RegExp;
  /** What runs such programs. */
  readonly interpreter: string;
  /** What installs, for who lacks it. */
  readonly tool: { readonly program: string; readonly debian: string };
  /** A folder has dependencies where it has one of these; the first that is there is meant. */
  readonly manifests: readonly string[];
  /**
   * Whether a manifest names any: most files of the kind say much else. Anybody's file is looked at here,
   * outside of any sandbox: in time that grows as it does (`^\s*` tries each blank line again and again).
   */
  readonly declares: (manifest: string) => boolean;
  /** Taken along where they are there: lock files, and what manifests include. */
  readonly companions: RegExp;
  /** Where a project has it installed by itself: then a command there needs nothing. */
  readonly ownFolder?: string;
  readonly registry: string;
  /** Where that registry has its files, besides. */
  readonly fileHosts: readonly string[];
  /** @param place Its own registry, or another one, which vouches for itself. */
  readonly install: (
    registry: string,
    files: readonly ManifestFile[],
    place: "usual" | "other",
  ) => Installation;
  /** Where programs look for it, and what tells them so. */
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether its manifest's files have to lie beside a program that brings its own. */
  readonly takesManifest?: boolean;
  /** Where it goes in a function of Lambda, empty for its root; absent: nowhere. */
  readonly functionFolder?: string;
  /** Where its programs are, below `path`. */
  readonly programs?: string;
}
