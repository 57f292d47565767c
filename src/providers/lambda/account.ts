/**
 * @module
 * The functions of an account, for those who look after them.
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

export type { LambdaFunction } from "./functions.ts";

/** Each throws `GloveboxError`: `INVALID_REQUEST` where no function is called so. */
export interface LambdaAccount {
  readonly region: string;
  readonly list: () => Promise<readonly LambdaFunction[]>;
  /** @returns The name. */
  readonly remove: (which: string) => Promise<string>;
  readonly readLog: (which: string, sinceMs: number) => Promise<readonly LogLine[]>;
  readonly close: () => void;
}

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` */
export async function openLambdaAccount(options: AwsOptions): Promise<LambdaAccount> {
  const aws = await connectAws(options);
  return {
    region: aws.region,
    list: () => listFunctions(aws),
    remove: (which) => removeOwnFunction(aws, which),
    readLog: async (which, sinceMs) => readLog(aws, (await findFunction(aws, which)).name, sinceMs),
    close: aws.close,
  };
}
