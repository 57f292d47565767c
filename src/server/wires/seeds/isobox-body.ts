/**
 * @module
 * What isobox is sent, as the body of POST /v1/execute.
 */
import type { ServerConfig } from "../../../config/server-config.ts";
import type { Caller } from "../../../core/caller.ts";
import type { ExecuteBody } from "../../schemas.ts";
import { languageNamed } from "./language-names.ts";
import { withinMax } from "./wanted-limits.ts";

export interface IsoboxProgram {
  readonly language: string;
  readonly code: string;
}

/** Of all that it lets run longer than we do by default, this one alone. */
const goLimits = { wallTimeMs: 30_000, cpuTimeMs: 15_000 } as const;

export function isoboxBody(
  { language, code }: IsoboxProgram,
  caller: Caller,
  config: ServerConfig,
): ExecuteBody {
  const limits = language === "go" ? goLimits : {};
  return {
    ...languageNamed(language),
    code,
    limits: withinMax(limits, caller, config),
    artifacts: [],
  };
}
