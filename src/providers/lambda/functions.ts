/**
 * @module
 * The functions that Glovebox made, for those who look after them.
 */
import { GloveboxError } from "../../core/errors.ts";
import type { Aws } from "./aws.ts";
import { descriptionPrefix, namePrefix } from "./bounds.ts";
import { awsFailure, errorNameOf, unavailable } from "./failures.ts";
import { nameOfFolder, removeFunction } from "./function-of-sandbox.ts";

export interface LambdaFunction {
  readonly name: string;
  readonly runtime: string;
  readonly memoryMib: number;
  readonly codeBytes: number;
  /** As AWS writes it. */
  readonly modified: string;
  /** The folder that it was made for, or `one run`. */
  readonly madeFor: string;
}

/** @throws {GloveboxError} */
export async function listFunctions(aws: Aws): Promise<readonly LambdaFunction[]> {
  const { paginateListFunctions } = await import("@aws-sdk/client-lambda");
  const found: LambdaFunction[] = [];
  try {
    for await (const { Functions = [] } of paginateListFunctions({ client: aws.lambda }, {})) {
      for (const { FunctionName: name = "", Description = "", ...rest } of Functions) {
        if (!name.startsWith(namePrefix) || !Description.startsWith(descriptionPrefix)) continue;
        found.push({
          name,
          runtime: rest.Runtime ?? "",
          memoryMib: rest.MemorySize ?? 0,
          codeBytes: rest.CodeSize ?? 0,
          modified: rest.LastModified ?? "",
          madeFor: Description.slice(descriptionPrefix.length),
        });
      }
    }
  } catch (error) {
    throw awsFailure("list functions", error);
  }
  return found.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * Removes one of ours, by its name or its folder.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` where there is none.
 */
export async function removeOwnFunction(aws: Aws, which: string): Promise<string> {
  const { name } = await findFunction(aws, which);
  if (await removeFunction(aws, name)) return name;
  throw unavailable(`\`${name}\` can't be removed`, "Look at the rights that docs/lambda.md lists");
}

/** @throws {GloveboxError} `INVALID_REQUEST` where there is none. */
export async function findFunction(aws: Aws, which: string): Promise<LambdaFunction> {
  const functions = await listFunctions(aws);
  const found = functions.find(({ name }) => name === which || name === nameOfFolder(which));
  if (found !== undefined) return found;
  const message = `no function of Glovebox is called \`${which}\` or was made for that folder. See \`glovebox lambda ls\`.`;
  throw new GloveboxError("INVALID_REQUEST", message, { issues: [{ path: "FUNCTION", message }] });
}

export interface LogLine {
  readonly timeMs: number;
  readonly text: string;
}

/** At most so many lines are read. */
export const maxLogLines = 10_000;

/**
 * The log of a function since a time, oldest first; nothing where it never ran.
 *
 * @throws {GloveboxError}
 */
export async function readLog(
  aws: Aws,
  name: string,
  sinceMs: number,
): Promise<readonly LogLine[]> {
  const { paginateFilterLogEvents } = await import("@aws-sdk/client-cloudwatch-logs");
  const client = await aws.logs();
  const lines: LogLine[] = [];
  const request = { logGroupName: `/aws/lambda/${name}`, startTime: sinceMs };
  try {
    for await (const { events = [] } of paginateFilterLogEvents({ client }, request)) {
      for (const { timestamp = 0, message = "" } of events) {
        lines.push({ timeMs: timestamp, text: message });
        if (lines.length >= maxLogLines) return lines;
      }
    }
  } catch (error) {
    if (errorNameOf(error) === "ResourceNotFoundException") return [];
    throw awsFailure("read the log", error);
  }
  return lines;
}
