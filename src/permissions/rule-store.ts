/**
 * @module
 * Rules that outlive a run: a file for each project, outside of all that a sandbox can write.
 */
import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { lockFile } from "./file-lock.ts";
import { newRuleId, type NewRule, type Pattern, type Rule } from "./rule.ts";
import { brokenStore, formatStore, MAX_RULES, MAX_STORE_BYTES } from "./store-file.ts";
import type { StoredRules } from "./store-file.ts";
import { checkOwn, prepareOwnFolder } from "./store-folder.ts";

export interface RuleStore {
  readonly file: string;
  /** @throws {GloveboxError} `INVALID_CONFIG` where the file is broken: never "no rules". */
  readonly read: () => Promise<readonly Rule[]>;
  /** Those that are there already stay as they are. @returns The rules that were added. */
  readonly add: (rules: readonly NewRule[]) => Promise<readonly Rule[]>;
  /** @returns The rules that were there. */
  readonly remove: (isMeant: (rule: Rule) => boolean) => Promise<readonly Rule[]>;
}

/**
 * @param stateFolder Of this user: `stateFolder()` of util/user-folders.ts.
 * @param project Canonical path of its folder.
 */
export function openRuleStore(stateFolder: string, project: string): RuleStore {
  const folder = join(
    projectsFolder(stateFolder),
    createHash("sha256").update(project).digest("hex"),
  );
  const file = join(folder, "permissions.json");
  const read = async (): Promise<readonly Rule[]> => {
    const stored = await readStore(file);
    if (stored !== undefined && stored.project !== project) {
      throw brokenStore(file, `is of another project, ${stored.project}`);
    }
    return stored?.rules ?? [];
  };
  /** Reads again under the lock, so that no other process' rules are lost. */
  const change = async <T>(
    work: (rules: readonly Rule[]) => { readonly rules: readonly Rule[]; readonly result: T },
  ): Promise<T> => {
    prepareOwnFolder(stateFolder);
    prepareOwnFolder(projectsFolder(stateFolder));
    prepareOwnFolder(folder);
    for (;;) {
      using lock = await lockFile(join(folder, "permissions.lock"));
      const before = await read();
      const { rules, result } = work(before);
      if (rules.length > MAX_RULES) {
        throw new Error(`${file}: has ${MAX_RULES} rules already. Revoke some`);
      }
      if (rules === before) return result;
      if (replaceFile(file, formatStore({ project, rules }), lock.isHeld)) return result;
    }
  };
  return {
    file,
    read,
    add: (added) =>
      change((rules) => {
        const fresh = added
          .filter((rule) => !rules.some((each) => isSameRule(each, rule)))
          .map((rule) => ({ ...rule, id: newRuleId(), at: new Date().toISOString() }));
        return { rules: fresh.length === 0 ? rules : [...rules, ...fresh], result: fresh };
      }),
    remove: (isMeant) =>
      change((rules) => {
        const removed = rules.filter(isMeant);
        const kept = rules.filter((rule) => !removed.includes(rule));
        return { rules: removed.length === 0 ? rules : kept, result: removed };
      }),
  };
}

/** All projects of this user that have rules, by their folders' names. */
export async function listProjects(stateFolder: string): Promise<readonly StoredRules[]> {
  const folder = projectsFolder(stateFolder);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const all = names.map((name) => readStore(join(folder, name, "permissions.json")));
  return (await Promise.all(all))
    .filter((stored) => stored !== undefined)
    .sort((one, other) => (one.project < other.project ? -1 : 1));
}

const projectsFolder = (stateFolder: string): string => join(stateFolder, "projects");

/** Undefined where there is none. */
async function readStore(file: string): Promise<StoredRules | undefined> {
  let text: string;
  try {
    checkOwn(file, "file");
    if (statSync(file).size > MAX_STORE_BYTES) {
      throw brokenStore(file, `is larger than ${MAX_STORE_BYTES} bytes`);
    }
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code?.startsWith("E") === true) throw brokenStore(file, `can't be read: ${code}`);
    throw error;
  }
  const { parseStore } = await import("./parse-store.ts");
  return parseStore(text, file);
}

/** All or nothing, also where the machine loses power. @returns False where it was not to be. */
function replaceFile(file: string, text: string, isAllowed: () => boolean): boolean {
  const fresh = `${file}.${randomUUID()}`;
  try {
    const fd = openSync(fresh, "wx", 0o600);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (!isAllowed()) return false;
    renameSync(fresh, file);
    return true;
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Whoever said it, and when, makes no difference to what it says. */
function isSameRule(one: NewRule, other: NewRule): boolean {
  return one.effect === other.effect && keyOf(one.pattern) === keyOf(other.pattern);
}

function keyOf(pattern: Pattern): string {
  return JSON.stringify(Object.entries(pattern).sort(([one], [other]) => (one < other ? -1 : 1)));
}
