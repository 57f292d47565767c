/**
 * @module
 * What a function may do in the account: write its own log, and nothing else.
 */
import type { Aws } from "./aws.ts";
import { namePrefix, ownRoleName } from "./bounds.ts";
import { awsFailure, errorNameOf } from "./failures.ts";
import type { Memory, RememberedRole } from "./remembered.ts";
import { invalidRequest } from "../../core/errors.ts";

const trust = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
  ],
};

const ownLogs = (partition: string, account: string) => ({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: `arn:${partition}:logs:*:${account}:log-group:/aws/lambda/${namePrefix}*`,
    },
  ],
});

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
): Promise<RememberedRole> {
  if (chosen !== undefined) return parseRole(chosen);
  const slot = memory.role(aws.keyMark);
  const known = effort === "remembered" ? await slot.read() : undefined;
  if (known !== undefined) return known;
  try {
    const role = parseRole(await makeRole(aws));
    await slot.write(role);
    return role;
  } catch (error) {
    throw awsFailure(`make the role \`${ownRoleName}\``, error);
  }
}

async function makeRole(aws: Aws): Promise<string> {
  const iam = await aws.iam();
  const sdk = await import("@aws-sdk/client-iam");
  const get = async (): Promise<string> =>
    (await iam.send(new sdk.GetRoleCommand({ RoleName: ownRoleName }))).Role?.Arn ?? "";
  try {
    return await get();
  } catch (error) {
    if (!/^NoSuchEntity/.test(errorNameOf(error))) throw error;
  }
  const created = await iam
    .send(
      new sdk.CreateRoleCommand({
        RoleName: ownRoleName,
        Description: "Made by Glovebox: its functions may write their own logs",
        AssumeRolePolicyDocument: JSON.stringify(trust),
      }),
    )
    .catch((error: unknown) => {
      // Another run was quicker.
      if (/^EntityAlreadyExists/.test(errorNameOf(error))) return undefined;
      throw error;
    });
  const arn = created?.Role?.Arn ?? (await get());
  const { partition, account } = partsOf(arn);
  await iam.send(
    new sdk.PutRolePolicyCommand({
      RoleName: ownRoleName,
      PolicyName: "write-own-logs",
      PolicyDocument: JSON.stringify(ownLogs(partition, account)),
    }),
  );
  return arn;
}

function parseRole(arn: string): RememberedRole {
  const { account } = partsOf(arn);
  if (/^\d{12}$/.test(account)) return { account, arn };
  throw invalidRequest(
    "GLOVEBOX_LAMBDA_ROLE",
    `\`${arn}\` is no ARN of a role. Write one like arn:aws:iam::123456789012:role/NAME`,
  );
}

function partsOf(arn: string): { readonly partition: string; readonly account: string } {
  const [, partition = "", service, , account = "", rest = ""] = arn.split(":");
  const isRole = service === "iam" && rest.startsWith("role/");
  return { partition, account: isRole ? account : "" };
}
