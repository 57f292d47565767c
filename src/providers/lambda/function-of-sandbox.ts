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
import { deploy, isRoleFault, markOf, type FunctionSettings } from "./deploy.ts";
import { awsFailure, errorNameOf } from "./failures.ts";
import { invoke } from "./invoke.ts";
import type { FunctionPackage } from "./package.ts";
import type { Memory } from "./remembered.ts";
import { findRole } from "./role.ts";

export interface SandboxFunctionParts {
  readonly aws: Aws;
  readonly memory: Memory;
  readonly package: FunctionPackage;
  /** Of the host. Undefined: the function goes with its sandbox. */
  readonly folder: string | undefined;
  /** Absent: ours. */
  readonly role: string | undefined;
}

export interface SandboxFunction {
  readonly name: string;
  /** @throws {GloveboxError} */
  readonly run: (
    settings: Omit<FunctionSettings, "roleArn">,
    event: Buffer,
    signal: AbortSignal,
  ) => Promise<FunctionAnswer>;
  /** Removes what goes with the sandbox. Does not throw. */
  readonly destroy: () => Promise<void>;
}

/** The same folder has the same function from each machine and each run. */
export function nameOfFolder(folder: string): string {
  const shown = basename(folder)
    .replaceAll(/[^A-Za-z0-9-]+/g, "-")
    .slice(0, 32);
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 10);
  return `${namePrefix}${shown === "" ? "folder" : shown}-${hash}`;
}

/** AWS's bound of a description. */
const MAX_DESCRIPTION = 256;

export function createSandboxFunction(parts: SandboxFunctionParts): SandboxFunction {
  const { aws, memory, folder } = parts;
  const name =
    folder === undefined ? `${oncePrefix}${randomBytes(8).toString("hex")}` : nameOfFolder(folder);
  const description = `${descriptionPrefix}${folder ?? "one run"}`.slice(0, MAX_DESCRIPTION);
  let mayBeThere = false;

  const make = async (settings: Omit<FunctionSettings, "roleArn">, signal: AbortSignal) => {
    const wantedFor = (roleArn: string) => ({
      ...{ name, description, package: parts.package },
      settings: { ...settings, roleArn },
    });
    const remembered = await findRole(aws, memory, parts.role, "remembered");
    const slot = memory.function(remembered.account, aws.region, name);
    const known = folder === undefined ? undefined : await slot.read();
    const mark = markOf(wantedFor(remembered.arn));
    if (known?.mark === mark) return { version: known.version, slot, isKnown: true };
    if (folder === undefined) {
      await memory
        .once(name)
        .write({ ...ownProcessTag(), region: aws.region, keyMark: aws.keyMark });
      mayBeThere = true;
    }
    const version = await deploy(aws, wantedFor(remembered.arn), signal).catch(
      async (error: unknown) => {
        // The role that was remembered may be gone.
        if (!isRoleFault(error)) throw error;
        const role = await findRole(aws, memory, parts.role, "look");
        return deploy(aws, wantedFor(role.arn), signal).catch((again: unknown) => {
          throw awsFailure(`deploy the function \`${name}\``, again);
        });
      },
    );
    if (folder !== undefined) {
      await slot.write({ folder, version, mark });
      if (known !== undefined) await removeVersion(aws, name, known.version, version);
    }
    return { version, slot, isKnown: false };
  };

  return {
    name,
    run: async (settings, event, signal) => {
      const made = await make(settings, signal);
      const call = ({ version }: { version: string }) =>
        invoke(aws, { name, version, event }, signal);
      try {
        try {
          return await call(made);
        } catch (error) {
          // Removed since it was remembered, or superseded by another run of this folder.
          if (errorNameOf(error) !== "ResourceNotFoundException" || !made.isKnown) throw error;
          await made.slot.remove();
          return await call(await make(settings, signal));
        }
      } catch (error) {
        signal.throwIfAborted();
        throw awsFailure(`run the function \`${name}\``, error);
      }
    },
    destroy: async () => {
      if (!mayBeThere) return;
      mayBeThere = false;
      // What can't be removed now is left to `sweep`.
      if (await removeFunction(aws, name))
        await memory
          .once(name)
          .remove()
          .catch(() => undefined);
    },
  };
}

/** @returns Whether it is gone. */
export async function removeFunction(aws: Aws, name: string): Promise<boolean> {
  const { DeleteFunctionCommand } = await import("@aws-sdk/client-lambda");
  try {
    await aws.lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
    return true;
  } catch (error) {
    return errorNameOf(error) === "ResourceNotFoundException";
  }
}

/** Versions take of the account's room. A run that is about to use the old one deploys once more. */
async function removeVersion(aws: Aws, name: string, old: string, current: string): Promise<void> {
  if (old === current || !/^\d+$/.test(old)) return;
  const { DeleteFunctionCommand } = await import("@aws-sdk/client-lambda");
  const command = new DeleteFunctionCommand({ FunctionName: name, Qualifier: old });
  await aws.lambda.send(command).catch(() => undefined);
}
