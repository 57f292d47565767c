/**
 * @module
 * When plans are started: schedules of EventBridge Scheduler, called as the plan's machine is.
 */
import { invalidRequest } from "../../../core/errors.ts";
import type { Aws } from "../aws.ts";
import { errorNameOf } from "../failures.ts";
import { untilAssumed } from "./until-assumed.ts";

export interface WantedSchedule {
  readonly name: string;
  /** `cron(0 8 * * ? *)`, in UTC. */
  readonly expression: string;
  readonly machineArn: string;
  readonly roleArn: string;
  /** What the machine is given, in JSON. */
  readonly input: string;
}

/**
 * @throws {GloveboxError} `INVALID_REQUEST` for an expression that it can't read.
 * @throws What the SDK throws.
 */
export async function putSchedule(
  aws: Aws,
  { name, expression, machineArn, roleArn, input }: WantedSchedule,
  abortSignal: AbortSignal,
): Promise<void> {
  const sdk = await import("@aws-sdk/client-scheduler");
  const client = await aws.scheduler();
  const wanted = {
    Name: name,
    Description: "Made by Glovebox: starts a plan",
    ScheduleExpression: expression,
    FlexibleTimeWindow: { Mode: "OFF" as const },
    Target: { Arn: machineArn, RoleArn: roleArn, Input: input },
  };
  const send = async (): Promise<unknown> => {
    try {
      return await client.send(new sdk.UpdateScheduleCommand(wanted), { abortSignal });
    } catch (error) {
      if (errorNameOf(error) !== "ResourceNotFoundException") throw error;
      return client.send(new sdk.CreateScheduleCommand(wanted), { abortSignal });
    }
  };
  try {
    await untilAssumed(send, abortSignal);
  } catch (error) {
    const { message } = error as Error;
    if (errorNameOf(error) !== "ValidationException" || !/expression/i.test(message)) throw error;
    throw invalidRequest("@cron", `\`${expression}\`: EventBridge says: ${message}`);
  }
}

/** @returns Whether there was one. */
export async function removeSchedule(aws: Aws, name: string): Promise<boolean> {
  const { DeleteScheduleCommand } = await import("@aws-sdk/client-scheduler");
  try {
    await (await aws.scheduler()).send(new DeleteScheduleCommand({ Name: name }));
    return true;
  } catch (error) {
    if (errorNameOf(error) === "ResourceNotFoundException") return false;
    throw error;
  }
}

/** @returns Its expression; undefined where there is none. */
export async function findSchedule(aws: Aws, name: string): Promise<string | undefined> {
  const { GetScheduleCommand } = await import("@aws-sdk/client-scheduler");
  try {
    const found = await (await aws.scheduler()).send(new GetScheduleCommand({ Name: name }));
    return found.ScheduleExpression;
  } catch (error) {
    if (errorNameOf(error) === "ResourceNotFoundException") return undefined;
    throw error;
  }
}
