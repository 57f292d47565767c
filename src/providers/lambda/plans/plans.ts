/**
 * @module
 * Plans in an account: of each a function, a state machine that calls it, and a schedule where it has
 * one. What is there already and is as it should be is left as it is.
 */
import { GloveboxError, invalidRequest } from "../../../core/errors.ts";
import type { Aws } from "../aws.ts";
import {
  answerSeconds,
  bootstrapFolder,
  maxDefinitionBytes,
  maxPlanNameChars,
  planPrefix,
  runtimes,
} from "../bounds.ts";
import { awsFailure, errorNameOf } from "../failures.ts";
import { removeOwnFunction } from "../functions.ts";
import {
  labelOfFolder,
  makeKept,
  type FunctionParts,
  type Made,
  type Settings,
} from "../function-of-sandbox.ts";
import { makePackage } from "../package.ts";
import type { Memory } from "../remembered.ts";
import { allow, findRole, makeRole, parseRole, type OwnRole } from "../role.ts";
import { findMachine, listMachines, putMachine, removeMachine } from "./machines.ts";
import { findSchedule, putSchedule, removeSchedule } from "./schedules.ts";

export interface PlanRequest {
  /** Absent: after the folder. Another one for each plan of a folder but the first. */
  readonly name?: string;
  /** Canonical: what its commands see. */
  readonly folder: string;
  /** Of each command. */
  readonly wallTimeMs: number;
  /** The machine, in Amazon States Language, once it is known what its commands run in. */
  readonly definitionFor: (functionArn: string) => string;
  /** Absent: it is started by hand. */
  readonly schedule?: { readonly expression: string; readonly input: string };
  /** Called before each step that may take a while. */
  readonly onStep?: (what: string) => void;
}

export interface DeployedPlan {
  readonly name: string;
  readonly arn: string;
  readonly machine: "made" | "changed" | "unchanged";
}

export interface ListedPlan {
  readonly name: string;
  readonly arn: string;
  /** `by hand`, or as EventBridge has it. */
  readonly starts: string;
  /** The line that it was made of. */
  readonly line: string;
}

export interface PlanPlace {
  readonly aws: Aws;
  readonly memory: Memory;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * @throws {GloveboxError}
 * @throws The reason of `signal`: what was made until then is found by `removePlan`.
 */
export async function deployPlan(
  place: PlanPlace,
  request: PlanRequest,
  signal: AbortSignal,
): Promise<DeployedPlan> {
  const name = nameOf(request);
  const fullName = `${planPrefix}${name}`;
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    request.onStep?.(what);
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw awsFailure(what, error);
    }
  };
  const { aws } = place;
  const fn = await step(`deploy the function \`${fullName}\``, () =>
    deployFunction(place, fullName, request, signal),
  );
  const definition = request.definitionFor(fn.arn);
  if (Buffer.byteLength(definition) > maxDefinitionBytes) throw tooLarge(definition);
  const arn = `arn:${fn.partition}:states:${aws.region}:${fn.account}:stateMachine:${fullName}`;
  const machine = await step(`deploy the state machine \`${fullName}\``, async () => {
    const roleArn = await roleOf(place, machineRole, signal);
    return putMachine(aws, { arn, name: fullName, definition, roleArn }, signal);
  });
  const { schedule } = request;
  await step(`set the schedule \`${fullName}\``, async () => {
    if (schedule === undefined) return removeSchedule(aws, fullName);
    const roleArn = await roleOf(place, scheduleRole, signal);
    return putSchedule(aws, { name: fullName, machineArn: arn, roleArn, ...schedule }, signal);
  });
  return { name, arn, machine };
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
function nameOf({ name, folder }: PlanRequest): string {
  if (name === undefined) return labelOfFolder(folder);
  if (/^[A-Za-z0-9][\w-]*$/.test(name) && name.length <= maxPlanNameChars) return name;
  throw invalidRequest(
    "--name",
    `\`${name}\` is no name of a plan: letters, digits, - and _, at most ${maxPlanNameChars}`,
  );
}

const tooLarge = (definition: string) =>
  invalidRequest(
    "PLAN",
    `its state machine has ${Buffer.byteLength(definition)} bytes, and Step Functions takes ${maxDefinitionBytes}. Put some of it into a script`,
  );

interface PlanFunction {
  /** With its version. */
  readonly arn: string;
  readonly partition: string;
  readonly account: string;
}

async function deployFunction(
  { aws, memory, env }: PlanPlace,
  name: string,
  { folder, wallTimeMs }: PlanRequest,
  signal: AbortSignal,
): Promise<PlanFunction> {
  const policy = {
    network: { mode: "all" },
    workspace: { kind: "mount", hostPath: folder, access: "ro" },
  } as const;
  const packed = await makePackage({ policy, files: [] }, undefined, signal);
  const role = env["GLOVEBOX_LAMBDA_ROLE"];
  const parts: FunctionParts = { aws, memory, package: packed, role };
  const settings: Settings = {
    runtime: runtimes.python,
    handler: `${bootstrapFolder}/bootstrap.handle`,
    timeoutSeconds: Math.ceil(wallTimeMs / 1000) + answerSeconds,
    ...{ memoryMib: functionMemoryMib, temporaryMib: functionTemporaryMib, variables: {} },
  };
  const which = { name, madeFor: `a plan in ${folder}` };
  const make = (): Promise<Made> => makeKept(parts, which, settings, signal);
  let made = await make();
  const { arn, account } = await findRole(aws, memory, role, "remembered", signal);
  if (made.isRemembered && !(await isThere(aws, name, made.version, signal))) {
    await memory.function(account, aws.region, name).remove();
    made = await make();
  }
  const [, partition = "aws"] = arn.split(":");
  const place = `arn:${partition}:lambda:${aws.region}:${account}:function`;
  return { arn: `${place}:${name}:${made.version}`, partition, account };
}

/** As a run of the command line has it. */
const functionMemoryMib = 512;
const functionTemporaryMib = 512;

async function isThere(
  aws: Aws,
  FunctionName: string,
  Qualifier: string,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const { GetFunctionConfigurationCommand } = await import("@aws-sdk/client-lambda");
  try {
    const command = new GetFunctionConfigurationCommand({ FunctionName, Qualifier });
    await aws.lambda.send(command, { abortSignal });
    return true;
  } catch (error) {
    if (errorNameOf(error) === "ResourceNotFoundException") return false;
    throw error;
  }
}

const machineRole: OwnRole = {
  name: "glovebox-plan",
  description: "Made by Glovebox: state machines of plans may run the functions of plans",
  service: "states.amazonaws.com",
  policyName: "run-own-functions",
  policy: (partition, account) =>
    allow(
      ["lambda:InvokeFunction"],
      `arn:${partition}:lambda:*:${account}:function:${planPrefix}*`,
    ),
};

const scheduleRole: OwnRole = {
  name: "glovebox-plan-schedule",
  description: "Made by Glovebox: schedules of plans may start the state machines of plans",
  service: "scheduler.amazonaws.com",
  policyName: "start-own-plans",
  policy: (partition, account) =>
    allow(
      ["states:StartExecution"],
      `arn:${partition}:states:*:${account}:stateMachine:${planPrefix}*`,
    ),
};

/** One of the user's own serves both. */
async function roleOf({ aws, env }: PlanPlace, own: OwnRole, signal: AbortSignal): Promise<string> {
  const chosen = env["GLOVEBOX_PLAN_ROLE"];
  return chosen === undefined
    ? makeRole(aws, own, signal)
    : parseRole("GLOVEBOX_PLAN_ROLE", chosen).arn;
}

/** @throws {GloveboxError} */
export async function listPlans({ aws }: PlanPlace): Promise<readonly ListedPlan[]> {
  try {
    const plans: ListedPlan[] = [];
    for (const { arn, name } of await listMachines(aws)) {
      const machine = await findMachine(aws, arn);
      if (machine?.isOurs !== true) continue;
      const starts = (await findSchedule(aws, `${planPrefix}${name}`)) ?? "by hand";
      plans.push({ name, arn, starts, line: commentOf(machine.definition) });
    }
    return plans;
  } catch (error) {
    throw awsFailure("list plans", error);
  }
}

function commentOf(definition: string): string {
  try {
    const { Comment } = JSON.parse(definition) as { readonly Comment?: unknown };
    return typeof Comment === "string" ? Comment : "";
  } catch {
    return "";
  }
}

/**
 * Removes all of it, also of one that was never finished.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` where there is none.
 */
export async function removePlan({ aws }: PlanPlace, name: string): Promise<void> {
  const fullName = `${planPrefix}${name}`;
  try {
    const machine = (await listMachines(aws)).find((each) => each.name === name);
    const hadMachine = machine !== undefined && (await removeMachine(aws, machine.arn, fullName));
    const hadSchedule = await removeSchedule(aws, fullName);
    const hadFunction = await removePlanFunction(aws, fullName);
    if (hadMachine || hadSchedule || hadFunction) return;
  } catch (error) {
    throw awsFailure(`remove the plan \`${name}\``, error);
  }
  const message = `no plan is called \`${name}\`. See \`glovebox plan --list\`.`;
  throw new GloveboxError("INVALID_REQUEST", message, { issues: [{ path: "--remove", message }] });
}

/** @returns Whether there was one. @throws {GloveboxError} where it can't be removed. */
async function removePlanFunction(aws: Aws, name: string): Promise<boolean> {
  try {
    await removeOwnFunction(aws, name);
    return true;
  } catch (error) {
    if (error instanceof GloveboxError && error.code === "INVALID_REQUEST") return false;
    throw error;
  }
}
