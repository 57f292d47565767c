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
  get(kind: Kind, fileSystem: Buffer): Promise<Template | undefined>;
  /** Whether the template of a command is there now. */
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
/** From this share of both on the next one is made, so that nobody waits for it. */
const RENEWED_AT = 0.9;

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
  hasSuccessor: boolean;
}

interface Entry {
  readonly begun: Promise<Living | undefined>;
  /** Once it is there. */
  template?: Living;
}

export function createTemplates(host: () => LinuxHost): Templates {
  return new LivingTemplates(host);
}

class LivingTemplates implements Templates {
  readonly #host: () => LinuxHost;
  /** The one that was used longest ago comes first. */
  readonly #living = new Map<string, Entry>();
  /** Whoever asks for one may give up; it is made for all. */
  readonly #closing = new AbortController();
  readonly #ends = new Set<Promise<void>>();

  constructor(host: () => LinuxHost) {
    this.#host = host;
  }

  async get(...[kind, fileSystem]: Parameters<Templates["get"]>) {
    const key = kind.templateKey;
    for (;;) {
      const known = this.#living.get(key);
      const entry = known ?? this.#add(key, () => this.#begin(kind, fileSystem));
      const template = await entry.begun;
      if (template === undefined) return undefined;
      if (isFresh(template)) {
        this.#refresh(key, entry);
        if (!isFresh(template, RENEWED_AT)) this.#renew(key, kind, fileSystem, template);
        return this.#lend(template);
      }
      // Who came in the same moment may have begun a new one.
      if (this.#living.get(key) === entry) this.#living.delete(key);
      this.#retire(template);
      if (known === undefined) return undefined;
    }
  }

  has({ templateKey }: Kind): boolean {
    const template = this.#living.get(templateKey)?.template;
    return template !== undefined && isFresh(template);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const all = await Promise.allSettled([...this.#living.values()].map(({ begun }) => begun));
    this.#living.clear();
    for (const each of all)
      if (each.status === "fulfilled" && each.value !== undefined) this.#end(each.value);
    // A successor that comes now has an end, too.
    while (this.#ends.size > 0) await Promise.all(this.#ends);
  }

  #begin(kind: Kind, fileSystem: Buffer): Promise<Living | undefined> {
    return start(this.#host(), kind, fileSystem, this.#closing.signal);
  }

  #add(key: string, begin: () => Promise<Living | undefined>): Entry {
    const entry: Entry = { begun: this.#makeRoom().then(begin) };
    this.#living.set(key, entry);
    const forget = (): void => {
      if (this.#living.get(key) === entry) this.#living.delete(key);
    };
    entry.begun.then((template) => {
      if (template === undefined) forget();
      else entry.template = template;
    }, forget);
    return entry;
  }

  /** Makes the one that takes its place, beside it; without one it goes on to its own end. */
  #renew(key: string, kind: Kind, fileSystem: Buffer, template: Living): void {
    if (template.hasSuccessor) return;
    template.hasSuccessor = true;
    const made = this.#begin(kind, fileSystem).then(
      (next) => {
        if (next === undefined) return;
        if (this.#closing.signal.aborted || this.#living.get(key)?.template !== template) {
          this.#end(next);
          return;
        }
        this.#living.set(key, { begun: Promise.resolve(next), template: next });
        this.#retire(template);
      },
      () => undefined,
    );
    this.#ends.add(made);
    void made.then(() => this.#ends.delete(made));
  }

  async #makeRoom(): Promise<void> {
    if (this.#living.size < MAX_TEMPLATES) return;
    const [key, oldest] = this.#living.entries().next().value ?? [];
    if (key === undefined || oldest === undefined) return;
    this.#living.delete(key);
    const template = await oldest.begun.catch(() => undefined);
    if (template !== undefined) this.#retire(template);
  }

  #lend(template: Living): Template {
    template.forks += 1;
    template.users += 1;
    let isReleased = false;
    return {
      number: template.place.number,
      startFork: () => {
        const launcher = template.place.startFork();
        // Its process begins nothing more; another one may.
        if (launcher === undefined) template.isOver = true;
        return launcher;
      },
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

  #refresh(key: string, entry: Entry): void {
    if (this.#living.get(key) !== entry) return;
    this.#living.delete(key);
    this.#living.set(key, entry);
  }

  #end(template: Living): void {
    template.isOver = true;
    const ending = template.place.launcher.end().then(template.cleanUp);
    this.#ends.add(ending);
    void ending.then(() => this.#ends.delete(ending));
  }
}

/** @param share Of what it may live, 0 to 1. */
function isFresh({ bornMs, forks, isOver }: Living, share = 1): boolean {
  const ageMs = performance.now() - bornMs;
  return !isOver && forks < MAX_FORKS * share && ageMs < MAX_AGE_MS * share;
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
  const line = await inTime(launcher, launcher.nextStatus(), signal);
  if (line?.kind !== "parked") {
    await launcher.end();
    await cleanUp();
    const text = line?.kind === "error" ? line.text : launcher.failure();
    throw launcherFailed(text ?? "the template ended");
  }
  const bornMs = performance.now();
  const living: Living = {
    place,
    cleanUp,
    bornMs,
    forks: 0,
    users: 0,
    isOver: false,
    hasSuccessor: false,
  };
  // It says no more, so its next word is its end.
  void launcher.nextStatus().then(() => {
    living.isOver = true;
  });
  return living;
}
