/**
 * @module
 * The functions and plans of an account, for those who look after them.
 */
import { connectAws, type AwsOptions } from "./aws.ts";
import {
  findFunction,
  listFunctions,
  readLog,
  removeOwnFunction,
  type LambdaFunction,
  type LogLine,
} from "./functions.ts";

import { openLambdaMemory } from "./index.ts";
import {
  deployPlan,
  listPlans,
  removePlan,
  type DeployedPlan,
  type ListedPlan,
  type PlanRequest,
} from "./plans/plans.ts";

export type { LambdaFunction } from "./functions.ts";
export type { ListedPlan } from "./plans/plans.ts";

/** Each throws `GloveboxError`: `INVALID_REQUEST` where no function is called so. */
export interface LambdaAccount {
  readonly region: string;
  readonly list: () => Promise<readonly LambdaFunction[]>;
  /** @returns The name. */
  readonly remove: (which: string) => Promise<string>;
  readonly readLog: (which: string, sinceMs: number) => Promise<readonly LogLine[]>;
  readonly deployPlan: (request: PlanRequest, signal: AbortSignal) => Promise<DeployedPlan>;
  readonly plans: () => Promise<readonly ListedPlan[]>;
  readonly removePlan: (name: string) => Promise<void>;
  readonly close: () => void;
}

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` */
export async function openLambdaAccount(options: AwsOptions): Promise<LambdaAccount> {
  const aws = await connectAws(options);
  const { env } = process;
  const place = { aws, memory: openLambdaMemory({ env }), env };
  return {
    region: aws.region,
    list: () => listFunctions(aws),
    remove: (which) => removeOwnFunction(aws, which),
    readLog: async (which, sinceMs) => readLog(aws, (await findFunction(aws, which)).name, sinceMs),
    deployPlan: (request, signal) => deployPlan(place, request, signal),
    plans: () => listPlans(place),
    removePlan: (name) => removePlan(place, name),
    close: aws.close,
  };
}
