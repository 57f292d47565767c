/**
 * @module
 * AWS's own SDK, loaded when the first call is made. Region, credentials and address come from where all
 * tools of AWS have them: environment, profile, machine.
 */
import { createHash } from "node:crypto";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SchedulerClient } from "@aws-sdk/client-scheduler";
import type { SFNClient } from "@aws-sdk/client-sfn";
import { once } from "../../util/once.ts";
import { boundAnswers, type BoundedClient } from "./bound-answers.ts";
import { maxTimeoutSeconds } from "./bounds.ts";
import { awsFailure, noRegion } from "./failures.ts";

/** In place of what the environment has. */
export interface AwsOptions {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface Aws {
  readonly region: string;
  /** Tells apart whose functions are meant: the key, and whom it is shown to. No secret. */
  readonly keyMark: string;
  /** For calls that may be made again. */
  readonly lambda: LambdaClient;
  /** Makes each call once: a program must not run twice because an answer was lost. */
  readonly invoker: LambdaClient;
  readonly iam: () => Promise<IAMClient>;
  readonly logs: () => Promise<CloudWatchLogsClient>;
  readonly states: () => Promise<SFNClient>;
  readonly scheduler: () => Promise<SchedulerClient>;
  readonly close: () => void;
}

/** What a connection may take, and an answer of anything but a run. */
const CONNECT_MS = 10_000;
const ANSWER_MS = 60_000;
const ATTEMPTS = 4;

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` without a region or credentials. */
export async function connectAws(options: AwsOptions): Promise<Aws> {
  // Which versions of Node we run on is our affair, and stderr is the program's.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  const { LambdaClient } = await import("@aws-sdk/client-lambda");
  const common = (answerMs: number) => ({
    ...options,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: answerMs,
      socketTimeout: answerMs,
      throwOnRequestTimeout: true,
    },
  });
  const lambda = new LambdaClient({ ...common(ANSWER_MS), maxAttempts: ATTEMPTS });
  const runMs = (maxTimeoutSeconds + 60) * 1000;
  const invoker = new LambdaClient({ ...common(runMs), maxAttempts: 1 });
  const region = await lambda.config.region().catch((error: unknown) => {
    throw noRegion(error);
  });
  const credentials = await lambda.config.credentials().catch((error: unknown) => {
    throw awsFailure("find credentials of AWS", error);
  });
  const endpoint =
    options.endpoint ??
    process.env["AWS_ENDPOINT_URL_LAMBDA"] ??
    process.env["AWS_ENDPOINT_URL"] ??
    "";
  const opened: { destroy: () => void }[] = [];
  const keep = <T extends BoundedClient & { destroy: () => void }>(client: T): T => {
    boundAnswers(client);
    opened.push(client);
    return client;
  };
  const more = { ...common(ANSWER_MS), region, maxAttempts: ATTEMPTS };
  return {
    region,
    keyMark: createHash("sha256")
      .update(`${credentials.accessKeyId}\n${endpoint}`)
      .digest("hex")
      .slice(0, 24),
    lambda: keep(lambda),
    invoker: keep(invoker),
    iam: once(async () => keep(new (await import("@aws-sdk/client-iam")).IAMClient(more))),
    logs: once(async () =>
      keep(new (await import("@aws-sdk/client-cloudwatch-logs")).CloudWatchLogsClient(more)),
    ),
    states: once(async () => keep(new (await import("@aws-sdk/client-sfn")).SFNClient(more))),
    scheduler: once(async () =>
      keep(new (await import("@aws-sdk/client-scheduler")).SchedulerClient(more)),
    ),
    close: () => {
      for (const client of opened) client.destroy();
    },
  };
}
