/**
 * @module
 * What sandboxes are kept ready for: of those who ask for the same there is one, with all its keys.
 */
import type { AheadCommand } from "../../core/command.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";

/** What one is made for. */
export interface Kind {
  /** Names it among all. */
  readonly key: string;
  /** Names what its programs see. */
  readonly rootKey: string;
  /** Names all that forks of one template share: limits are their own. */
  readonly templateKey: string;
  /** Without files. */
  readonly spec: SandboxSpec;
  readonly ahead: AheadCommand | undefined;
}

export interface Kinds {
  of(spec: SandboxSpec, ahead: AheadCommand | undefined): Kind;
  /** Undefined for one that nobody has asked for of late. */
  find(key: string): Kind | undefined;
  /** @throws {Error} where `find` has none. */
  byKey(key: string): Kind;
}

/** Those that were asked for last. */
export const MAX_KINDS = 1024;

export function createKinds(): Kinds {
  const kinds = new Map<string, Kind>();
  return {
    of: (spec, ahead) => {
      const key = keyOf(spec, ahead);
      const kind = kinds.get(key) ?? kindOf(key, spec, ahead);
      // The one that was asked for longest ago comes first.
      kinds.delete(key);
      kinds.set(key, kind);
      for (const oldest of kinds.keys()) {
        if (kinds.size <= MAX_KINDS) break;
        kinds.delete(oldest);
      }
      return kind;
    },
    find: (key) => kinds.get(key),
    byKey: (key) => {
      const kind = kinds.get(key);
      if (kind === undefined) throw new Error("nobody has asked for this kind of late");
      return kind;
    },
  };
}

/** Made for each request. The long texts are the language's, and of no other length in another. */
function keyOf(spec: SandboxSpec, ahead: AheadCommand | undefined): string {
  const { prelude, trial, usual, ...place } = ahead?.park ?? {};
  const ofLanguage = [prelude?.text.length, trial?.length, usual?.length];
  return JSON.stringify([{ ...spec, files: [] }, { ...ahead, park: place }, ofLanguage]);
}

function kindOf(key: string, spec: SandboxSpec, ahead: AheadCommand | undefined): Kind {
  const rootKey = JSON.stringify([spec.policy, spec.hostPrograms]);
  const { argv, env, cwd, stdin, park } = ahead ?? {};
  const templateKey = JSON.stringify([rootKey, argv, env, cwd, stdin, park]);
  return { key, rootKey, templateKey, spec: { ...spec, files: [] }, ahead };
}
