/**
 * @module
 * What may be done in the account in our name: a function may write its own log, and nothing else.
 */
import type { Aws } from "./aws.ts";
import { namePrefix, ownRoleName } from "./bounds.ts";
import { awsFailure, errorNameOf } from "./failures.ts";
import type { Memory, RememberedRole } from "./remembered.ts";
import { invalidRequest } from "../../core/errors.ts";
import { showValue } from "../../util/show-value.ts";

/**
 * The role that functions run as: of the user's own choice, or ours, made where it is not there.
 *
 * @param chosen An ARN. Absent: ours.
 * @param effort `remembered` believes what was there before; `look` asks IAM.
 */
export async function findRole(
  aws: Aws,
  memory: Memory,
  chosen: string | undefined,
  effort: "remembered" | "look",
  signal: AbortSignal,
): Promise<RememberedRole> {
  if (chosen !== undefined) return parseRole("GLOVEBOX_LAMBDA_ROLE", chosen);
  const slot = memory.role(aws.keyMark);
  const known = effort === "remembered" ? await slot.read() : undefined;
  if (known !== undefined) return known;
  try {
    const role = parseRole("GLOVEBOX_LAMBDA_ROLE", await makeRole(aws, functionRole, signal));
    await slot.write(role);
    return role;
  } catch (error) {
    signal.throwIfAborted();
    throw awsFailure(`make the role \`${ownRoleName}\``, error);
  }
}

export interface OwnRole {
  readonly name: string;
  readonly description: string;
  /** Who may act as it, `lambda.amazonaws.com`. */
  readonly service: string;
  readonly policyName: string;
  readonly policy: (partition: string, account: string) => object;
}

const functionRole: OwnRole = {
  name: ownRoleName,
  description: "Made by Glovebox: its functions may write their own logs",
  service: "lambda.amazonaws.com",
  policyName: "write-own-logs",
  policy: (partition, account) =>
    allow(
      ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
      `arn:${partition}:logs:*:${account}:log-group:/aws/lambda/${namePrefix}*`,
    ),
};

export const allow = (Action: readonly string[], Resource: string): object => ({
  Version: policyVersion,
  Statement: [{ Effect: "Allow", Action, Resource }],
});

const policyVersion = "2012-10-17";

/**
 * Makes it where it is not there.
 *
 * @returns Its ARN.
 * @throws What the SDK throws.
 */
export async function makeRole(aws: Aws, role: OwnRole, abortSignal: AbortSignal): Promise<string> {
  const RoleName = role.name;
  const iam = await aws.iam();
  const sdk = await import("@aws-sdk/client-iam");
  const get = async (): Promise<string> =>
    (await iam.send(new sdk.GetRoleCommand({ RoleName }), { abortSignal })).Role?.Arn ?? "";
  try {
    return await get();
  } catch (error) {
    if (!/^NoSuchEntity/.test(errorNameOf(error))) throw error;
  }
  const trust = {
    Version: policyVersion,
    Statement: [
      { Effect: "Allow", Principal: { Service: role.service }, Action: "sts:AssumeRole" },
    ],
  };
  const created = await iam
    .send(
      new sdk.CreateRoleCommand({
        RoleName,
        Description: role.description,
        AssumeRolePolicyDocument: JSON.stringify(trust),
      }),
      { abortSignal },
    )
    .catch((error: unknown) => {
      // Another run was quicker.
      if (/^EntityAlreadyExists/.test(errorNameOf(error))) return undefined;
      throw error;
    });
  const arn = created?.Role?.Arn ?? (await get());
  const { partition, account } = partsOf(arn);
  // Without the signal: a role that is there is believed to have its policy.
  await iam.send(
    new sdk.PutRolePolicyCommand({
      RoleName,
      PolicyName: role.policyName,
      PolicyDocument: JSON.stringify(role.policy(partition, account)),
    }),
  );
  return arn;
}

/** @throws {GloveboxError} `INVALID_REQUEST` naming the variable that it comes from. */
export function parseRole(origin: string, arn: string): RememberedRole {
  const { account } = partsOf(arn);
  if (/^\d{12}$/.test(account)) return { account, arn };
  throw invalidRequest(
    origin,
    `${showValue(arn)} is no ARN of a role. Write one like arn:aws:iam::123456789012:role/NAME`,
  );
}

function partsOf(arn: string): { readonly partition: string; readonly account: string } {
  const [, partition = "", service, , account = "", rest = ""] = arn.split(":");
  const isRole =
    /^aws[a-z-]*$/.test(partition) && service === "iam" && /^role\/[\w+=,.@/-]+$/.test(rest);
  return { partition, account: isRole ? account : "" };
}
