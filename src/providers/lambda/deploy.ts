/**
 * @module
 * Brings a function to where its code and its settings are the wanted ones, as a version that nobody
 * changes any more: two runs of one folder at the same time each have their own.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Architecture, CreateFunctionCommandInput } from "@aws-sdk/client-lambda";
import type { Aws } from "./aws.ts";
import type { FunctionRuntime } from "./bounds.ts";
import { awsFailure, errorNameOf } from "./failures.ts";
import type { FunctionPackage } from "./package.ts";

export interface FunctionSettings {
  readonly runtime: FunctionRuntime;
  readonly handler: string;
  readonly roleArn: string;
  readonly timeoutSeconds: number;
  readonly memoryMib: number;
  readonly temporaryMib: number;
  readonly variables: Readonly<Record<string, string>>;
}

export interface WantedFunction {
  readonly name: string;
  readonly description: string;
  readonly package: FunctionPackage;
  readonly settings: FunctionSettings;
}

/** Tells whether a function that was made once is still what is wanted. */
export function markOf({ package: { sha256 }, settings }: WantedFunction): string {
  return createHash("sha256")
    .update(JSON.stringify([sha256, settings]))
    .digest("hex");
}

/** Of a new role until Lambda knows it, and of a function that somebody else just changes. */
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 4_000;

/**
 * @returns The version that has it.
 * @throws {GloveboxError} See `awsFailure`. `InvalidParameterValueException` as it is, where the role is none.
 */
export async function deploy(
  aws: Aws,
  wanted: WantedFunction,
  signal: AbortSignal,
): Promise<string> {
  const attempt = async (): Promise<string> => {
    const { GetFunctionConfigurationCommand } = await import("@aws-sdk/client-lambda");
    const command = new GetFunctionConfigurationCommand({ FunctionName: wanted.name });
    const present = await aws.lambda
      .send(command, { abortSignal: signal })
      .catch((error: unknown) => {
        if (errorNameOf(error) === "ResourceNotFoundException") return undefined;
        throw error;
      });
    return present === undefined ? create(aws, wanted, signal) : update(aws, wanted, signal);
  };
  try {
    return await untilReady(attempt, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw isRoleFault(error) ? error : awsFailure(`deploy the function \`${wanted.name}\``, error);
  }
}

export const isRoleFault = (error: unknown): boolean =>
  errorNameOf(error) === "InvalidParameterValueException" &&
  /role/i.test((error as Error).message) &&
  /assumed/i.test((error as Error).message);

/** What passes by itself: a new role, another change under way. */
const isPassing = (error: unknown): boolean =>
  isRoleFault(error) ||
  /^(ResourceConflict|PreconditionFailed|ResourceNotReady)/.test(errorNameOf(error));

async function untilReady<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || performance.now() + pauseMs > deadline) throw error;
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

type Configuration = Omit<CreateFunctionCommandInput, "Code">;

/** What both ways set, each time whole. */
function configurationOf({ name, description, settings }: WantedFunction): Configuration {
  return {
    FunctionName: name,
    Description: description,
    Runtime: settings.runtime,
    Handler: settings.handler,
    Role: settings.roleArn,
    Timeout: settings.timeoutSeconds,
    MemorySize: settings.memoryMib,
    EphemeralStorage: { Size: settings.temporaryMib },
    Environment: { Variables: { ...settings.variables } },
  };
}

/** Programs of this machine run there as they are. */
const architecture: Architecture = process.arch === "arm64" ? "arm64" : "x86_64";

async function create(aws: Aws, wanted: WantedFunction, abortSignal: AbortSignal): Promise<string> {
  const { CreateFunctionCommand } = await import("@aws-sdk/client-lambda");
  const { Version = "$LATEST" } = await aws.lambda.send(
    new CreateFunctionCommand({
      ...configurationOf(wanted),
      Code: { ZipFile: wanted.package.zip },
      Architectures: [architecture],
      PackageType: "Zip",
      Publish: true,
    }),
    { abortSignal },
  );
  await untilActive(aws, wanted.name, abortSignal, Version);
  return Version;
}

async function update(aws: Aws, wanted: WantedFunction, abortSignal: AbortSignal): Promise<string> {
  const sdk = await import("@aws-sdk/client-lambda");
  const FunctionName = wanted.name;
  const configured = await aws.lambda.send(
    new sdk.UpdateFunctionConfigurationCommand(configurationOf(wanted)),
    { abortSignal },
  );
  const settled = await untilUpdated(aws, FunctionName, abortSignal);
  const isSame = configured.CodeSha256 === wanted.package.sha256;
  const RevisionId = settled ?? configured.RevisionId;
  if (isSame) {
    const published = await aws.lambda.send(
      new sdk.PublishVersionCommand({ FunctionName, RevisionId }),
      { abortSignal },
    );
    await untilActive(aws, FunctionName, abortSignal, published.Version);
    return published.Version ?? "$LATEST";
  }
  const updated = await aws.lambda.send(
    new sdk.UpdateFunctionCodeCommand({
      ...{ FunctionName, RevisionId, Publish: true, Architectures: [architecture] },
      ZipFile: wanted.package.zip,
    }),
    { abortSignal },
  );
  await untilActive(aws, FunctionName, abortSignal, updated.Version);
  return updated.Version ?? "$LATEST";
}

const waiting = (aws: Aws, abortSignal: AbortSignal) => ({
  ...{ client: aws.lambda, maxWaitTime: PATIENCE_MS / 1000, minDelay: 1, maxDelay: 4 },
  abortSignal,
});

async function untilActive(
  aws: Aws,
  FunctionName: string,
  abortSignal: AbortSignal,
  Qualifier?: string,
): Promise<void> {
  const { waitUntilPublishedVersionActive } = await import("@aws-sdk/client-lambda");
  const which = { FunctionName, ...(Qualifier === undefined ? {} : { Qualifier }) };
  await waitUntilPublishedVersionActive(waiting(aws, abortSignal), which);
}

/** @returns The revision that is there then: whoever changes it meanwhile is told by it. */
async function untilUpdated(
  aws: Aws,
  FunctionName: string,
  abortSignal: AbortSignal,
): Promise<string | undefined> {
  const sdk = await import("@aws-sdk/client-lambda");
  await sdk.waitUntilFunctionUpdatedV2(waiting(aws, abortSignal), { FunctionName });
  const command = new sdk.GetFunctionConfigurationCommand({ FunctionName });
  return (await aws.lambda.send(command, { abortSignal })).RevisionId;
}
