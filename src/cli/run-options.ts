/**
 * @module
 * The flags of `glovebox run`, checked and turned into values.
 */
import { enforcementModes } from "../config/server-config.ts";
import type { DockerSettings } from "../config/server-config.ts";
import { invalidRequest } from "../core/errors.ts";
import type { EnforcementMode } from "../core/enforcement.ts";
import { imageForm, isImageName, isQualifiedImageName } from "../core/image.ts";
import type { LimitName, Limits, OutputLimitAction } from "../core/limits.ts";
import { parseFilePath } from "../core/file-path.ts";
import { parseAskingOptions, type AskingOptions } from "./asking/options.ts";
import { artifactsFolder } from "../service/request.ts";
import type { EcosystemId } from "../dependencies/ecosystem.ts";
import { parseRegistries } from "./registry-flag.ts";
import { parseChangesFlags, type ChangesChoice, type RawChangesFlags } from "./changes-flags.ts";
import { namedLimits, parseLimits } from "./limit-flags.ts";
import type { RawLimits } from "./limit-flags.ts";
import { oneOf } from "./one-of.ts";
import type { RawPermissions } from "./permission-flags.ts";
import { checkProvider, namedProviders, parseProviderFlags } from "./provider-flag.ts";
import type { NamedProvider, RawProviderFlags } from "./provider-flag.ts";
import type { RemoteSettings } from "./remote-flags.ts";

/** The flags as the command line had them; absent: not given. */
export interface RawRunOptions
  extends RawLimits, RawProviderFlags, RawPermissions, RawChangesFlags {
  readonly language?: string;
  readonly code?: string;
  readonly file?: readonly string[];
  readonly workspace?: string;
  readonly env?: readonly string[];
  readonly out?: string;
  readonly artifact?: readonly string[];
  readonly compileCache?: boolean;
  readonly dependencies?: boolean;
  readonly registry?: readonly string[];
  readonly network?: string;
  readonly onOutputLimit?: string;
  readonly enforcement?: string;
  readonly tty?: boolean;
  readonly plugin?: readonly string[];
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export interface RunOptions {
  readonly language: string | undefined;
  readonly code: string | undefined;
  /** Further files of the program, relative to the current folder. */
  readonly extraFiles: readonly string[];
  /** As written; `parseWorkspace` looks at the folder. */
  readonly workspace: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** What becomes of the changes in a copy; undefined: it is asked, or they are kept. */
  readonly changes: ChangesChoice | undefined;
  /** A folder for the files that the program leaves; see `writeArtifacts`. */
  readonly out: string | undefined;
  /** Files and folders of the workspace that come back; absent: none. */
  readonly artifacts: readonly string[] | undefined;
  readonly compileCache: "use" | "off";
  /** Whether what it needs is installed, and from where; see `parseRegistries`. */
  readonly dependencies: "install" | "off";
  readonly registries: Readonly<Partial<Record<EcosystemId, string>>>;
  readonly limits: Limits;
  /** Those of them that the caller wrote. */
  readonly namedLimits: ReadonlySet<LimitName>;
  readonly onOutputLimit: OutputLimitAction;
  readonly asking: AskingOptions;
  readonly provider: NamedProvider;
  /** The one of a plugin; `provider` is `auto` then. */
  readonly pluginProvider: string | undefined;
  readonly docker: Partial<DockerSettings>;
  /** Of the provider `remote`. */
  readonly remote?: RemoteSettings;
  /** Instead of the language's own, or of the default one for a command. */
  readonly image: string | undefined;
  readonly enforcement: EnforcementMode;
  /** Whether the program gets our terminal. */
  readonly hasTty: boolean;
  /** Files of modules, as written; see `registerPlugin`. */
  readonly plugins: readonly string[];
  /** Whether only to say what would be done. */
  readonly isExplained: boolean;
  readonly report: "live" | "json";
  readonly verbosity: Verbosity;
}

/** `quiet`: the program's output and our failures only. `verbose`: also what held and what it used. */
export type Verbosity = "quiet" | "normal" | "verbose";

/** What `--json` keeps of a stream unless `--output` says otherwise: one document is held in memory. */
const JSON_OUTPUT_DEFAULT = "16MiB";
/** A JSON document is one string, and V8 ends at 512 MiB. */
const JSON_OUTPUT_MAX_BYTES = 64 * 1024 ** 2;

/**
 * @param callerEnv Where `--env NAME` takes its value from, and what is not said of a server.
 * @throws {GloveboxError} `INVALID_REQUEST` naming flag, value and what is allowed.
 */
export function parseRunOptions(raw: RawRunOptions, callerEnv: NodeJS.ProcessEnv): RunOptions {
  const report = raw.json === true ? "json" : "live";
  const pluginProvider = pluginProviderOf(raw);
  const known = pluginProvider === undefined ? raw : { ...raw, provider: "auto" };
  const { provider, docker, remote } = parseProviderFlags(known, callerEnv);
  const enforcement = oneOf("--enforcement", raw.enforcement ?? "strict", enforcementModes);
  checkProvider(provider, enforcement);
  return {
    language: raw.language,
    code: raw.code,
    extraFiles: raw.file ?? [],
    workspace: raw.workspace,
    changes: parseChangesFlags(raw),
    env: parseEnv(raw.env ?? [], callerEnv),
    out: raw.out,
    artifacts: parseArtifacts(raw),
    compileCache: raw.compileCache === false ? "off" : "use",
    dependencies: raw.dependencies === false ? "off" : "install",
    registries: parseRegistries(raw.registry ?? [], callerEnv),
    limits: report === "json" ? parseJsonLimits(raw) : parseLimits(raw),
    namedLimits: namedLimits(raw),
    onOutputLimit: oneOf("--on-output-limit", raw.onOutputLimit ?? "truncate", outputLimitActions),
    asking: parseAskingOptions(raw, callerEnv),
    provider,
    pluginProvider,
    docker,
    ...(remote === undefined ? {} : { remote }),
    image: parseImage(raw.image),
    enforcement,
    hasTty: parseTty(raw),
    plugins: raw.plugin ?? [],
    isExplained: raw.explain === true,
    report,
    verbosity: parseVerbosity(raw),
  };
}

/** Whether there is one of this name is known once the plugins are loaded. */
function pluginProviderOf({ provider, plugin = [] }: RawRunOptions): string | undefined {
  if (provider === undefined || plugin.length === 0) return undefined;
  return namedProviders.some((name) => name === provider) ? undefined : provider;
}

function parseTty({ tty = false, json = false }: RawRunOptions): boolean {
  if (tty && json) throw invalidRequest("--tty", "can't be used together with --json.");
  return tty;
}

function parseArtifacts({ artifact, out, json = false }: RawRunOptions): RunOptions["artifacts"] {
  // An unset variable of a shell script must not come to mean the current folder.
  if (out === "") throw invalidRequest("--out", "is empty. Name a folder.");
  if (out === undefined && !json) {
    if (artifact === undefined) return undefined;
    throw invalidRequest("--artifact", "says what to bring back, but not where to. Add --out DIR.");
  }
  for (const path of artifact ?? []) {
    const parsed = parseFilePath(path);
    if (!parsed.ok) throw invalidRequest("--artifact", `\`${path}\` ${parsed.reason}.`);
  }
  return artifact ?? [artifactsFolder];
}

const outputLimitActions = ["truncate", "kill"] as const satisfies readonly OutputLimitAction[];

function parseImage(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // What docker would make of it; `glovebox images` takes a word alone for a language.
  if (isImageName(text)) return isQualifiedImageName(text) ? text : `${text}:latest`;
  throw invalidRequest("--image", `\`${text}\` is not ${imageForm}.`);
}

/** Environment names that every shell can set; others can't be written as `NAME=VALUE` either. */
const envName = /^[A-Za-z_][A-Za-z0-9_]*$/;

function parseEnv(words: readonly string[], callerEnv: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(words.map((word) => parseEnvWord(word, callerEnv)));
}

function parseEnvWord(word: string, callerEnv: NodeJS.ProcessEnv): readonly [string, string] {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  if (!envName.test(name)) {
    throw invalidRequest(
      "--env",
      `\`${name}\` is not a name of letters, digits and \`_\`. Write NAME=VALUE, or NAME to pass yours on.`,
    );
  }
  if (equals >= 0) return [name, word.slice(equals + 1)];
  const value = callerEnv[name];
  if (value !== undefined) return [name, value];
  throw invalidRequest("--env", `\`${name}\` is not set in your environment. Write ${name}=VALUE.`);
}

function parseJsonLimits(raw: RawRunOptions): Limits {
  const limits = parseLimits({ ...raw, output: raw.output ?? JSON_OUTPUT_DEFAULT });
  if (limits.outputBytes !== "unlimited" && limits.outputBytes <= JSON_OUTPUT_MAX_BYTES) {
    return limits;
  }
  throw invalidRequest(
    "--output",
    `\`${raw.output ?? ""}\` is too much for one JSON document. Allowed with --json: up to 64MiB.`,
  );
}

function parseVerbosity(raw: RawRunOptions): Verbosity {
  if (raw.quiet === true && raw.verbose === true) {
    throw invalidRequest(
      "--quiet",
      "can't be used together with --verbose. Leave one of them out.",
    );
  }
  if (raw.quiet === true) return "quiet";
  return raw.verbose === true ? "verbose" : "normal";
}
