/**
 * @module
 * Which function a sandbox has: that of its folder, which stays and is changed when the folder has
 * changed, or one of its own, which goes with it.
 */
import { createHash, randomBytes } from "node:crypto";
import { basename } from "node:path";
import { ownProcessTag } from "../../util/process-tag.ts";
import type { FunctionAnswer } from "./answer.ts";
import type { Aws } from "./aws.ts";
import { descriptionPrefix, namePrefix, oncePrefix } from "./bounds.ts";
import {
  deploy,
  isRoleFault,
  markOf,
  type FunctionSettings,
  type WantedFunction,
} from "./deploy.ts";
import { awsFailure, errorNameOf } from "./failures.ts";
import { invoke } from "./invoke.ts";
import type { FunctionPackage } from "./package.ts";
import type { Memory } from "./remembered.ts";
import { findRole } from "./role.ts";

export interface FunctionParts {
  readonly aws: Aws;
  readonly memory: Memory;
  readonly package: FunctionPackage;
  /** Absent: ours. */
  readonly role: string | undefined;
}

export interface SandboxFunctionParts extends FunctionParts {
  /** Of the host. Undefined: the function goes with its sandbox. */
  readonly folder: string | undefined;
}

export interface SandboxFunction {
  readonly name: string;
  /**
   * Where it stays: brings it to where `run` will find it. One that goes with its sandbox has to wait.
   *
   * @throws {GloveboxError}
   */
  readonly deploy: (settings: Settings, signal: AbortSignal) => Promise<void>;
  /** @throws {GloveboxError} */
  readonly run: (settings: Settings, event: Buffer, signal: AbortSignal) => Promise<FunctionAnswer>;
  /** Removes what goes with the sandbox. Does not throw. */
  readonly destroy: () => Promise<void>;
}

/** The same folder has the same function from each machine and each run. */
export const nameOfFolder = (folder: string): string => `${namePrefix}${labelOfFolder(folder)}`;

/** Tells folders of the same name apart, too. */
export function labelOfFolder(folder: string): string {
  const shown = basename(folder)
    .replaceAll(/[^A-Za-z0-9-]+/g, "-")
    .slice(0, 32);
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 10);
  return `${shown === "" ? "folder" : shown}-${hash}`;
}

/** AWS's bound of a description. */
const MAX_DESCRIPTION = 256;

export type Settings = Omit<FunctionSettings, "roleArn">;

export interface Made {
  readonly version: string;
  /** It was remembered: nobody has looked whether it is there. */
  readonly isRemembered: boolean;
  /** Its version until now. */
  readonly superseded?: string;
}

export function createSandboxFunction(parts: SandboxFunctionParts): SandboxFunction {
  const { aws, memory, folder } = parts;
  const name =
    folder === undefined ? `${oncePrefix}${randomBytes(8).toString("hex")}` : nameOfFolder(folder);
  let mayBeThere = false;
  const makeOnce = async (settings: Settings, signal: AbortSignal): Promise<Made> => {
    const owner = { ...ownProcessTag(), region: aws.region, keyMark: aws.keyMark };
    await memory.once(name).write(owner);
    mayBeThere = true;
    const { version } = await deployWithRole(parts, { name, madeFor: "one run" }, settings, signal);
    return { version, isRemembered: false };
  };
  const makeOfFolder = async (madeFor: string, settings: Settings, signal: AbortSignal) => {
    const made = await makeKept(parts, { name, madeFor }, settings, signal);
    if (made.superseded !== undefined)
      await removeVersion(aws, name, { old: made.superseded, current: made.version }, signal);
    return made;
  };
  const make = (settings: Settings, signal: AbortSignal): Promise<Made> =>
    folder === undefined ? makeOnce(settings, signal) : makeOfFolder(folder, settings, signal);
  return {
    name,
    deploy: async (settings, signal) => {
      if (folder !== undefined) await makeOfFolder(folder, settings, signal);
    },
    run: async (settings, event, signal) => {
      const call = ({ version }: Made) => invoke(aws, { name, version, event }, signal);
      try {
        const made = await make(settings, signal);
        return await call(made).catch(async (error: unknown) => {
          // Removed since it was remembered, or superseded by another run of this folder.
          if (errorNameOf(error) !== "ResourceNotFoundException" || !made.isRemembered) throw error;
          const { account } = await findRole(aws, memory, parts.role, "remembered", signal);
          await memory.function(account, aws.region, name).remove();
          return call(await make(settings, signal));
        });
      } catch (error) {
        signal.throwIfAborted();
        throw awsFailure(`run the function \`${name}\``, error);
      }
    },
    destroy: async () => {
      if (!mayBeThere) return;
      mayBeThere = false;
      // What can't be removed now is left to `sweep`.
      if (await removeFunction(aws, name)) await forget(memory.once(name));
    },
  };
}

const forget = ({ remove }: { readonly remove: () => Promise<void> }): Promise<void> =>
  remove().catch(() => undefined);

export interface FunctionName {
  readonly name: string;
  /** For people, and for `listFunctions`: a folder, or what else it is. */
  readonly madeFor: string;
}

/** One that stays: made anew only where its code or its settings have changed. */
export async function makeKept(
  parts: FunctionParts,
  which: FunctionName,
  settings: Settings,
  signal: AbortSignal,
): Promise<Made> {
  const { aws, memory } = parts;
  const { name, madeFor } = which;
  const role = await findRole(aws, memory, parts.role, "remembered", signal);
  const slot = memory.function(role.account, aws.region, name);
  const known = await slot.read();
  if (known?.mark === markOf(wantedOf(parts, which, settings, role.arn))) {
    return { version: known.version, isRemembered: true };
  }
  const { version, mark } = await deployWithRole(parts, which, settings, signal);
  await slot.write({ folder: madeFor, version, mark });
  return {
    ...{ version, isRemembered: false },
    ...(known === undefined ? {} : { superseded: known.version }),
  };
}

/** The role that was remembered may be gone: then it is looked for once more. */
async function deployWithRole(
  parts: FunctionParts,
  which: FunctionName,
  settings: Settings,
  signal: AbortSignal,
): Promise<{ readonly version: string; readonly mark: string }> {
  const { aws, memory } = parts;
  const attempt = async (effort: "remembered" | "look") => {
    const { arn } = await findRole(aws, memory, parts.role, effort, signal);
    const wanted = wantedOf(parts, which, settings, arn);
    return { version: await deploy(aws, wanted, signal), mark: markOf(wanted) };
  };
  try {
    return await attempt("remembered");
  } catch (error) {
    if (!isRoleFault(error)) throw error;
    return attempt("look");
  }
}

function wantedOf(
  { package: packed }: FunctionParts,
  { name, madeFor }: FunctionName,
  settings: Settings,
  roleArn: string,
): WantedFunction {
  const description = `${descriptionPrefix}${madeFor}`.slice(0, MAX_DESCRIPTION);
  return { name, description, package: packed, settings: { ...settings, roleArn } };
}

/** Who ends a run doesn't wait longer: what is left then, `sweep` finds. */
const REMOVE_MS = 15_000;

/** @returns Whether it is gone. */
export async function removeFunction(aws: Aws, name: string): Promise<boolean> {
  const { DeleteFunctionCommand } = await import("@aws-sdk/client-lambda");
  try {
    const abortSignal = AbortSignal.timeout(REMOVE_MS);
    await aws.lambda.send(new DeleteFunctionCommand({ FunctionName: name }), { abortSignal });
    return true;
  } catch (error) {
    return errorNameOf(error) === "ResourceNotFoundException";
  }
}

/** Versions take of the account's room. A run that is about to use the old one deploys once more. */
async function removeVersion(
  aws: Aws,
  name: string,
  { old, current }: { readonly old: string; readonly current: string },
  abortSignal: AbortSignal,
): Promise<void> {
  if (old === current || !/^\d+$/.test(old)) return;
  const { DeleteFunctionCommand } = await import("@aws-sdk/client-lambda");
  const command = new DeleteFunctionCommand({ FunctionName: name, Qualifier: old });
  await aws.lambda.send(command, { abortSignal }).catch(() => undefined);
}
