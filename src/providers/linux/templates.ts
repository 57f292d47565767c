/**
 * @module
 * Templates: programs that were started up to the point where they would read their file, and of which
 * sandboxes get forks. One for each command and each kind of root that its programs see.
 */
import type { Launcher } from "../../launcher/launcher.ts";
import { encodeMessage } from "../../launcher/message.ts";
import type { TemplateLauncher } from "./launcher-process.ts";
import type { Kind } from "./kinds.ts";
import { parkRecords } from "./park-records.ts";
import { buildSandbox, inTime, launcherFailed, type LinuxHost } from "./start-sandbox.ts";

/** A template in use: it stays until its user lets go of it. */
export interface Template {
  readonly number: number;
  startFork(): Launcher | undefined;
  /** After the fork has come, or has failed. Idempotent. */
  release(): void;
}

export interface Templates {
  /**
   * The template of a command; undefined where there can be none.
   *
   * @throws {GloveboxError} Where it can't be started: its program does not come to its file.
   */
  get(kind: Kind, fileSystem: Buffer, signal: AbortSignal): Promise<Template | undefined>;
  /** Whether the template of a command is there. */
  has(kind: Kind): boolean;
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
/** Fewer than a launcher has places for, see launcher-process.ts: those that end still have theirs. */
const MAX_TEMPLATES = 12;
const MAX_AGE_MS = 10 * 60 * 1000;

interface Living {
  readonly place: TemplateLauncher;
  /** After its launcher's end. */
  readonly cleanUp: () => Promise<void>;
  readonly bornMs: number;
  forks: number;
  /** Forks that are being made. */
  users: number;
  /** Not to be forked again. */
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

  async get(...[kind, fileSystem, signal]: Parameters<Templates["get"]>) {
    const key = kind.templateKey;
    for (;;) {
      const known = this.#living.get(key);
      const begun = known ?? this.#start(key, () => start(this.#host(), kind, fileSystem, signal));
      const template = await begun;
      if (template === undefined) return undefined;
      if (isFresh(template)) {
        this.#refresh(key);
        return this.#lend(template);
      }
      // Who came in the same moment may have begun a new one.
      if (this.#living.get(key) === begun) this.#living.delete(key);
      this.#retire(template);
      if (known === undefined) return undefined;
    }
  }

  has({ templateKey }: Kind): boolean {
    return this.#living.has(templateKey);
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#living.values());
    this.#living.clear();
    for (const each of all)
      if (each.status === "fulfilled" && each.value !== undefined) this.#end(each.value);
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
    if (template !== undefined) this.#retire(template);
  }

  #lend(template: Living): Template {
    template.forks += 1;
    template.users += 1;
    let isReleased = false;
    return {
      number: template.place.number,
      startFork: () => template.place.startFork(),
      release: () => {
        if (isReleased) return;
        isReleased = true;
        template.users -= 1;
        if (template.isOver && template.users === 0) this.#end(template);
      },
    };
  }

  /** Ends it with the last fork that is being made: its number may be another's then. */
  #retire(template: Living): void {
    template.isOver = true;
    if (template.users === 0) this.#end(template);
  }

  #refresh(key: string): void {
    const template = this.#living.get(key);
    if (template === undefined) return;
    this.#living.delete(key);
    this.#living.set(key, template);
  }

  #end(template: Living): void {
    template.isOver = true;
    const ending = template.place.launcher.end().then(template.cleanUp);
    this.#ends.add(ending);
    void ending.then(() => this.#ends.delete(ending));
  }
}

function isFresh({ bornMs, forks, isOver }: Living): boolean {
  return !isOver && forks < MAX_FORKS && performance.now() - bornMs < MAX_AGE_MS;
}

async function start(
  host: LinuxHost,
  { spec, ahead }: Kind,
  fileSystem: Buffer,
  signal: AbortSignal,
): Promise<Living | undefined> {
  const place = host.launchers.startTemplate?.();
  if (place === undefined || ahead === undefined) return undefined;
  const { launcher } = place;
  const limited = { ...spec, limits: templateLimits };
  const { cleanUp } = await buildSandbox(host, launcher, { spec: limited, fileSystem }, signal);
  launcher.send(encodeMessage(parkRecords("template", ahead)));
  const line = await inTime(launcher, launcher.nextStatus());
  if (line?.kind !== "parked") {
    await launcher.end();
    await cleanUp();
    const text = line?.kind === "error" ? line.text : launcher.failure();
    throw launcherFailed(text ?? "the template ended");
  }
  const bornMs = performance.now();
  const living: Living = { place, cleanUp, bornMs, forks: 0, users: 0, isOver: false };
  // It says no more, so its next word is its end.
  void launcher.nextStatus().then(() => {
    living.isOver = true;
  });
  return living;
}
