/**
 * @module
 * Sandboxes that are kept ready: without a program, or with one that waits for its file.
 */
import { basename } from "node:path";
import type { AheadCommand } from "../../core/command.ts";
import type { PoolKind, PoolStats, Provider, ProviderSandbox } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import type { DestroyBacklog } from "../../launcher/destroy-backlog.ts";
import { encodeRecords } from "../../launcher/message.ts";
import { Pool } from "../../launcher/pool.ts";
import { fileSystemRecords } from "./host-image.ts";
import { asks } from "./asking/asked-paths.ts";
import { createKinds, MAX_KINDS, type Kind } from "./kinds.ts";
import { asOwnProcess } from "./park-records.ts";
import { prepareSandbox, type PreparedSandbox } from "./prepare-sandbox.ts";
import { startSandbox, type LinuxHost } from "./start-sandbox.ts";
import { createTemplates } from "./templates.ts";

export interface PoolSettings {
  /** Kept ready, in all; 0: none. */
  readonly size: number;
  /** What they may hold together. */
  readonly memoryBytes: number;
  /** `off`: no program shares what a template of it began with. */
  readonly fork: "on" | "off";
  /** Tests make each sandbox as one that is kept, and use it at once. Default: false. */
  readonly keepsNone?: boolean;
}

/** What nobody took in this time goes; a language that nobody uses costs nothing then. */
const MAX_AGE_MS = 10 * 60_000;
const PARALLEL = 2;
/** Longer than most programs run. */
const PATIENCE_MS = 25;

export interface ReadySandboxes {
  /** @throws What `Provider.create` throws. */
  create(
    spec: SandboxSpec,
    signal: AbortSignal,
    ahead: AheadCommand | undefined,
  ): Promise<ProviderSandbox>;
  stats(): PoolStats;
  kinds(): readonly PoolKind[];
  /** Ends all, and waits for that. */
  close(): Promise<void>;
}

export function createReadySandboxes(
  host: () => LinuxHost,
  settings: PoolSettings,
  backlog: DestroyBacklog,
): ReadySandboxes {
  const fileSystemOf = createFileSystems();
  const templates = createTemplates(host);
  const kinds = createKinds();
  const prepare = (kind: Kind, isSpare: boolean, signal: AbortSignal): Promise<PreparedSandbox> =>
    prepareSandbox(host(), templates, { kind, fileSystem: fileSystemOf(kind), isSpare }, signal);
  const pool = new Pool<PreparedSandbox>({
    size: settings.size,
    mostBytes: settings.memoryBytes,
    maxAgeMs: MAX_AGE_MS,
    parallel: PARALLEL,
    patienceMs: PATIENCE_MS,
    backlog,
    make: (key, signal, isIdle) => prepare(kinds.byKey(key), isIdle, signal),
  });

  /** A template has no network, and nothing of one caller's. */
  const mayFork = ({ policy }: SandboxSpec, wanted: AheadCommand | undefined): boolean =>
    settings.fork === "on" && policy.network.mode === "none" && wanted?.isOwn === false;

  const create = async (...[spec, signal, wanted]: Parameters<ReadySandboxes["create"]>) => {
    const kind = kinds.of(spec, mayFork(spec, wanted) ? wanted : asOwnProcess(wanted));
    if (settings.keepsNone === true) return (await prepare(kind, true, signal)).begin(spec.files);
    const ready = pool.take(kind.key, { isRare: isRare(kind) });
    if (ready !== undefined) return ready.begin(spec.files);
    if (kind.ahead?.park.mode === "fork" && templates.has(kind)) {
      try {
        return (await prepare(kind, false, signal)).begin(spec.files);
      } catch {
        // Whatever it is, the usual way shows.
        signal.throwIfAborted();
      }
    }
    return startSandbox(host(), spec, fileSystemRecords(spec), signal);
  };

  return {
    create: counted(pool, create),
    stats: () => pool.stats(),
    kinds: () => pool.kinds((key) => programOf(kinds.find(key))),
    close: async () => {
      await pool.close();
      await templates.close();
    },
  };
}

/** How long the host's system folders are taken for unchanged. */
const FILE_SYSTEM_MAX_AGE_MS = 5000;

/** What a sandbox sees, encoded; looked up on the host not for each. */
function createFileSystems(): (kind: Kind) => Buffer {
  const known = new Map<string, { readonly bytes: Buffer; readonly untilMs: number }>();
  return ({ spec, rootKey }) => {
    const found = known.get(rootKey);
    const nowMs = performance.now();
    if (found !== undefined && nowMs < found.untilMs) return found.bytes;
    const bytes = encodeRecords(fileSystemRecords(spec));
    if (known.size >= MAX_KINDS) known.clear();
    known.set(rootKey, { bytes, untilMs: nowMs + FILE_SYSTEM_MAX_AGE_MS });
    return bytes;
  };
}

/** A folder of a caller is never kept mounted for the next. */
export function canBeReady({ image, policy, gate }: SandboxSpec): boolean {
  const isOfOne = policy.shown !== undefined || asks(policy) || gate !== undefined;
  return image === undefined && policy.workspace.kind === "scratch" && !isOfOne;
}

/** What has a name of one caller's own is probably of no use to another. */
function isRare({ ahead }: Kind): boolean {
  return ahead?.isOwn === true;
}

/** The rest of its command may have names of one caller's own. */
function programOf(kind: Kind | undefined): string {
  return basename(kind?.ahead?.argv[0] ?? "");
}

type Create = ReadySandboxes["create"];

/** The pool waits with new ones until none of these runs. */
function counted(pool: Pool<PreparedSandbox>, create: Create): Create {
  return async (spec, signal, ahead): ReturnType<Provider["create"]> => {
    const done = pool.begin();
    try {
      const sandbox = await create(spec, signal, ahead);
      const destroy = async (): Promise<void> => {
        done();
        await sandbox.destroy();
      };
      return { ...sandbox, destroy, [Symbol.asyncDispose]: destroy };
    } catch (error) {
      done();
      throw error;
    }
  };
}
