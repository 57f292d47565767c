/**
 * @module
 * Makes what a language's data says can be prepared, in a sandbox, and finds it again.
 */
import { createHash } from "node:crypto";
import { GloveboxError } from "../../core/errors.ts";
import type { LoadedLanguage } from "../../core/language.ts";
import { defaultLimits, raiseToNeeds } from "../../core/limits.ts";
import type { Provider, ProviderSandbox } from "../../core/provider.ts";
import { workspacePath, type HostProgram, type SandboxFile } from "../../core/sandbox.ts";
import { toolchainOf } from "../compile-cache/toolchain.ts";
import { buildEnvironment } from "../environment.ts";
import { foldersOf, isOnHost } from "../lent-programs.ts";
import { programsOf, type RuntimePlace } from "../runtime-place.ts";
import type { PreparedStore } from "./prepared-store.ts";

/** Where it is in a sandbox that uses it. */
export const preparedPath = "/opt/glovebox/prepared";
/** Where it is made. */
const MADE_IN = ".glovebox-prepared";

const MAX_FILES = 20_000;
const MAX_BYTES = 512 * 1024 ** 2;
const MAX_STDOUT_BYTES = 4 * 1024 ** 2;

/** What it is made with. */
export interface Preparing {
  readonly place: RuntimePlace;
  readonly language: LoadedLanguage;
  readonly lent: readonly HostProgram[];
}

/** A bare process sees no path of a sandbox, and could change what is made for others. */
export const canPrepare = ({ programs, name }: Provider): boolean =>
  programs === "host" && name !== "process";

/**
 * The name of what can be prepared; undefined where nothing can: the data says nothing, or the
 * programs are not this host's to show.
 */
export async function preparedKey(
  { place, language, lent }: Preparing,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { prepare, compile = [], run } = language;
  const { provider, image } = place;
  if (prepare === undefined || !canPrepare(provider)) return undefined;
  const commands = [...prepare.commands.map(({ argv }) => argv), ...compile, run];
  const programs = commands.flatMap(([program]) => program ?? []);
  const spec = { hostPrograms: lent, ...(image === undefined ? {} : { image }) };
  const toolchain = await toolchainOf(provider, spec, programs, signal);
  if (toolchain === undefined) return undefined;
  const parts = [provider.name, process.arch, language.id, prepare, toolchain];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/**
 * Makes it anew. Takes as long as its commands: seconds.
 *
 * @returns False where nothing can be prepared.
 * @throws {GloveboxError} `SANDBOX_FAILED` where a command failed, with what it said.
 */
export async function prepareLanguage(
  preparing: Preparing,
  store: PreparedStore,
  signal: AbortSignal,
): Promise<boolean> {
  const key = await preparedKey(preparing, signal);
  const { place, language, lent } = preparing;
  const { provider, image } = place;
  const { prepare } = language;
  if (key === undefined || prepare === undefined) return false;
  if (store.find(key) !== undefined) return true;
  const limits = raiseToNeeds(defaultLimits, prepare.limits, () => false);
  const sandbox = await provider.create(
    {
      ...(image === undefined ? {} : { image }),
      policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
      limits,
      files: [
        { path: `${MADE_IN}/.keep`, content: Buffer.alloc(0) },
        ...prepare.files.map(({ path, content }) => ({ path, content: Buffer.from(content) })),
      ],
      hostPrograms: lent,
      // What runs here is the operator's own programs on our own data.
      enforcement: "best-effort",
    },
    signal,
  );
  try {
    await store.publish(key, await makeIn(sandbox, preparing, signal));
    return true;
  } finally {
    await sandbox.destroy();
  }
}

async function makeIn(
  sandbox: ProviderSandbox,
  { place, language, lent }: Preparing,
  signal: AbortSignal,
): Promise<readonly SandboxFile[]> {
  const { commands = [], limits = {} } = language.prepare ?? {};
  const { wallTimeMs, cpuTimeMs } = raiseToNeeds(defaultLimits, limits, () => false);
  const printed: SandboxFile[] = [];
  for (const { argv, stdout } of commands) {
    const chunks: Buffer[] = [];
    const words = argv.map((word) => word.replaceAll("{prepared}", `${workspacePath}/${MADE_IN}`));
    const { outcome } = await sandbox.exec(
      {
        argv: [...politely(place), ...words],
        env: buildEnvironment(programsOf(place), foldersOf(lent), language.env),
        cwd: workspacePath,
        stdin: "empty",
        limits: { wallTimeMs, cpuTimeMs, outputBytes: MAX_STDOUT_BYTES },
        onOutputLimit: "truncate",
        onOutput: (stream, chunk) => {
          if (stdout === undefined || stream === "stdout") chunks.push(Buffer.from(chunk));
        },
      },
      signal,
    );
    const said = Buffer.concat(chunks);
    if (outcome.kind !== "exited" || outcome.exitCode !== 0) {
      throw failed(place.provider, language, words, said);
    }
    if (stdout === undefined) continue;
    const moved = said.toString("utf8").replaceAll(`${workspacePath}/${MADE_IN}`, preparedPath);
    printed.push({ path: stdout, content: Buffer.from(moved) });
  }
  const bounds = { maxFiles: MAX_FILES, maxBytes: MAX_BYTES };
  const { files, isComplete } = await sandbox.collect({ paths: [MADE_IN], ...bounds }, signal);
  if (!isComplete)
    throw failed(place.provider, language, [MADE_IN], Buffer.from("it is too large"));
  const made = files
    .map((file) => ({ ...file, path: file.path.slice(MADE_IN.length + 1) }))
    .filter(({ path }) => path !== ".keep");
  return [...made, ...printed];
}

/** Runs come first. An image may be without the program. */
function politely(place: RuntimePlace): readonly string[] {
  return programsOf(place) === "host" && isOnHost("nice") ? ["nice", "-n", "19"] : [];
}

function failed(
  { name }: Provider,
  { title }: LoadedLanguage,
  words: readonly string[],
  said: Buffer,
): GloveboxError<"SANDBOX_FAILED"> {
  const text = said.toString("utf8").trim().split("\n").slice(0, 5).join(" ").slice(0, 500);
  return new GloveboxError(
    "SANDBOX_FAILED",
    `${name}: could not prepare ${title}: \`${words.join(" ").slice(0, 200)}\`: ${text}`,
    { provider: name, step: "prepare" },
  );
}
