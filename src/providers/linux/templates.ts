/**
 * @module
 * Templates: programs that were started up to the point where they would read their file, and of which
 * sandboxes get forks. One for each command and each kind of root that its programs see.
 */
import type { AheadCommand } from "../../core/command.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import type { Launcher } from "../../launcher/launcher.ts";
import { encodeMessage } from "../../launcher/message.ts";
import type { TemplateLauncher } from "./launcher-process.ts";
import { parkRecords } from "./park-records.ts";
import { buildSandbox, launcherFailed, type LinuxHost } from "./start-sandbox.ts";

export interface Template {
  readonly number: number;
  startFork(): Launcher | undefined;
}

export interface Templates {
  /**
   * The template of a command; undefined where there can be none.
   *
   * @throws {GloveboxError} Where it can't be started: its program does not come to its file.
   */
  get(
    spec: SandboxSpec,
    fileSystem: Buffer,
    ahead: AheadCommand,
    signal: AbortSignal,
  ): Promise<Template | undefined>;
  /** Whether the template of a command is there. */
  has(spec: SandboxSpec, ahead: AheadCommand): boolean;
  /** Ends all, and waits for that. */
  close(): Promise<void>;
}

/** What a template may have of the machine: an interpreter that has loaded nothing of a user's. */
const templateLimits = {
  memoryBytes: 512 << 20,
  processes: 32,
  diskBytes: 16 << 20,
  openFiles: 256,
};

/** What all forks of one share, the layout of its memory before all, is shared by no more than these. */
const MAX_FORKS = 500;
/** As many as a launcher has places for, see launcher-process.ts. */
const MAX_TEMPLATES = 12;
const MAX_AGE_MS = 10 * 60 * 1000;

interface Living extends Template {
  readonly launcher: TemplateLauncher["launcher"];
  readonly bornMs: number;
  forks: number;
  isOver: boolean;
}

export function createTemplates(host: () => LinuxHost): Templates {
  return new LivingTemplates(host);
}

class LivingTemplates implements Templates {
  readonly #host: () => LinuxHost;
  /** The one that was used longest ago comes first. */
  readonly #living = new Map<string, Promise<Living | undefined>>();
  readonly #ends = new Set<Promise<void>>();

  constructor(host: () => LinuxHost) {
    this.#host = host;
  }

  async get(...[spec, fileSystem, ahead, signal]: Parameters<Templates["get"]>) {
    const key = keyOf(spec, ahead);
    const last = this.#living.get(key);
    const known = await last;
    if (known !== undefined && isFresh(known)) {
      known.forks += 1;
      this.#refresh(key);
      return known;
    }
    // Who came in the same moment has begun a new one.
    const other = this.#living.get(key);
    if (other !== undefined && other !== last) return other;
    if (known !== undefined) void this.#end(known);
    return this.#start(key, () => start(this.#host(), spec, fileSystem, ahead, signal));
  }

  has(spec: SandboxSpec, ahead: AheadCommand): boolean {
    return this.#living.has(keyOf(spec, ahead));
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#living.values());
    this.#living.clear();
    for (const each of all)
      if (each.status === "fulfilled" && each.value !== undefined) void this.#end(each.value);
    await Promise.all(this.#ends);
  }

  #start(key: string, begin: () => Promise<Living | undefined>): Promise<Living | undefined> {
    this.#living.delete(key);
    const started = this.#makeRoom().then(begin);
    this.#living.set(key, started);
    const forget = (): void => {
      if (this.#living.get(key) === started) this.#living.delete(key);
    };
    started.then((template) => {
      if (template === undefined) forget();
    }, forget);
    return started;
  }

  async #makeRoom(): Promise<void> {
    if (this.#living.size < MAX_TEMPLATES) return;
    const [key, oldest] = this.#living.entries().next().value ?? [];
    if (key === undefined || oldest === undefined) return;
    this.#living.delete(key);
    const template = await oldest.catch(() => undefined);
    if (template !== undefined) await this.#end(template);
  }

  #refresh(key: string): void {
    const template = this.#living.get(key);
    if (template === undefined) return;
    this.#living.delete(key);
    this.#living.set(key, template);
  }

  #end(template: Living): Promise<void> {
    template.isOver = true;
    const ending = template.launcher.end();
    this.#ends.add(ending);
    void ending.then(() => this.#ends.delete(ending));
    return ending;
  }
}

/** All that a fork shares: limits are its own. */
function keyOf({ policy, hostPrograms }: SandboxSpec, ahead: AheadCommand): string {
  const { argv, env, cwd, stdin, park } = ahead;
  return JSON.stringify([policy, hostPrograms, argv, env, cwd, stdin, park]);
}

function isFresh({ bornMs, forks, isOver }: Living): boolean {
  return !isOver && forks < MAX_FORKS && performance.now() - bornMs < MAX_AGE_MS;
}

async function start(
  host: LinuxHost,
  spec: SandboxSpec,
  fileSystem: Buffer,
  ahead: AheadCommand,
  signal: AbortSignal,
): Promise<Living | undefined> {
  const template = host.launchers.startTemplate?.();
  if (template === undefined) return undefined;
  const { launcher, number } = template;
  const limited = { ...spec, limits: templateLimits };
  await buildSandbox(host, launcher, { spec: limited, fileSystem }, signal);
  launcher.send(encodeMessage(parkRecords("template", ahead)));
  const line = await launcher.nextStatus();
  if (line?.kind !== "parked") {
    await launcher.end();
    const text = line?.kind === "error" ? line.text : launcher.failure();
    throw launcherFailed(text ?? "the template ended");
  }
  const living: Living = {
    number,
    launcher,
    bornMs: performance.now(),
    forks: 1,
    isOver: false,
    startFork: () => template.startFork(),
  };
  // It says no more, so its next word is its end.
  void launcher.nextStatus().then(() => {
    living.isOver = true;
  });
  return living;
}
