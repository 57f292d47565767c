/**
 * @module
 * State machines of Step Functions that are plans.
 */
import { invalidRequest } from "../../../core/errors.ts";
import type { Aws } from "../aws.ts";
import { planPrefix } from "../bounds.ts";
import { errorNameOf } from "../failures.ts";
import { untilAssumed } from "./until-assumed.ts";

export interface WantedMachine {
  readonly arn: string;
  readonly name: string;
  readonly definition: string;
  readonly roleArn: string;
}

/** A machine that has it is ours, and may be changed and removed. */
const mark = { key: "made-by", value: "glovebox" } as const;

/**
 * @returns Whether it was made, changed, or left as it was.
 * @throws {GloveboxError} `INVALID_REQUEST` where another one has the name.
 * @throws What the SDK throws.
 */
export async function putMachine(
  aws: Aws,
  { arn, name, definition, roleArn }: WantedMachine,
  abortSignal: AbortSignal,
): Promise<"made" | "changed" | "unchanged"> {
  const sdk = await import("@aws-sdk/client-sfn");
  const client = await aws.states();
  const present = await findMachine(aws, arn, abortSignal);
  if (present === undefined) {
    const command = new sdk.CreateStateMachineCommand({
      ...{ name, definition, roleArn, type: "STANDARD", tags: [mark] },
    });
    await untilAssumed(async () => client.send(command, { abortSignal }), abortSignal);
    return "made";
  }
  if (!present.isOurs) throw notOurs(name);
  if (present.definition === definition && present.roleArn === roleArn) return "unchanged";
  const command = new sdk.UpdateStateMachineCommand({ stateMachineArn: arn, definition, roleArn });
  await untilAssumed(async () => client.send(command, { abortSignal }), abortSignal);
  return "changed";
}

/** @throws {GloveboxError} `INVALID_REQUEST` where it is not ours. */
export async function removeMachine(aws: Aws, arn: string, name: string): Promise<boolean> {
  const present = await findMachine(aws, arn);
  if (present === undefined) return false;
  if (!present.isOurs) throw notOurs(name);
  const { DeleteStateMachineCommand } = await import("@aws-sdk/client-sfn");
  await (await aws.states()).send(new DeleteStateMachineCommand({ stateMachineArn: arn }));
  return true;
}

export interface PlanMachine {
  readonly arn: string;
  /** Without the prefix. */
  readonly name: string;
}

export async function listMachines(aws: Aws): Promise<readonly PlanMachine[]> {
  const { paginateListStateMachines } = await import("@aws-sdk/client-sfn");
  const found: PlanMachine[] = [];
  const client = await aws.states();
  for await (const { stateMachines = [] } of paginateListStateMachines({ client }, {})) {
    for (const { stateMachineArn: arn = "", name = "" } of stateMachines) {
      if (name.startsWith(planPrefix)) found.push({ arn, name: name.slice(planPrefix.length) });
    }
  }
  return found.sort((one, other) => (one.name < other.name ? -1 : 1));
}

export interface FoundMachine {
  readonly definition: string;
  readonly roleArn: string;
  readonly isOurs: boolean;
}

export async function findMachine(
  aws: Aws,
  stateMachineArn: string,
  abortSignal?: AbortSignal,
): Promise<FoundMachine | undefined> {
  const sdk = await import("@aws-sdk/client-sfn");
  const client = await aws.states();
  const more = abortSignal === undefined ? {} : { abortSignal };
  try {
    const command = new sdk.DescribeStateMachineCommand({ stateMachineArn });
    const { definition = "", roleArn = "", status } = await client.send(command, more);
    if (status === "DELETING") return undefined;
    const tags = new sdk.ListTagsForResourceCommand({ resourceArn: stateMachineArn });
    const { tags: all = [] } = await client.send(tags, more);
    const isOurs = all.some(({ key, value }) => key === mark.key && value === mark.value);
    return { definition, roleArn, isOurs };
  } catch (error) {
    if (errorNameOf(error) === "StateMachineDoesNotExist") return undefined;
    throw error;
  }
}

const notOurs = (name: string) =>
  invalidRequest(
    "--name",
    `the state machine \`${name}\` was not made by Glovebox, and is left alone. Choose another name`,
  );
