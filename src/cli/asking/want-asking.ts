/**
 * @module
 * Whether a run asks, where its flags leave that open.
 */
import { accessSync, constants, existsSync } from "node:fs";
import type { NetworkPolicy } from "../../core/policy.ts";
import { isInForeground } from "../own-stdin.ts";
import type { AskingOptions } from "./options.ts";

export interface WantedAsking {
  readonly network: NetworkPolicy["mode"];
  readonly files: "none" | "ask";
  /** The user wrote that something is to be asked about; else a run that can't ask does without. */
  readonly isExplicit: boolean;
}

/** Nobody sits at the terminals of continuous integration, where they have some. */
const hasSomebody = (env: NodeJS.ProcessEnv): boolean =>
  (env["CI"] ?? "") === "" && isInForeground() && existsSync("/dev/tty");

function canOpenFuse(): boolean {
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

export function wantAsking(options: AskingOptions, env: NodeJS.ProcessEnv): WantedAsking {
  const { network, files, asker } = options;
  const isSaid =
    asker.kind !== "auto" ||
    options.ruleFlags.length + options.askEnv.length + options.secrets.length > 0 ||
    options.policy !== undefined ||
    options.learn !== undefined ||
    options.report ||
    options.failOnDeny;
  const isAsked = isSaid || hasSomebody(env);
  const instead = isAsked ? "ask" : "none";
  return {
    network: network ?? instead,
    // Where the user did not say so, only what can be had.
    files: files ?? (isSaid || canOpenFuse() ? instead : "none"),
    isExplicit: isSaid || network === "ask" || files === "ask",
  };
}
