/**
 * @module
 * IAM's query API, as far as roles of functions need it.
 */
import type { ApiAnswer } from "./http.ts";

export interface Roles {
  readonly arns: Set<string>;
  readonly policies: Map<string, string>;
  readonly answer: (body: Buffer) => ApiAnswer;
}

export function createRoles(account: string): Roles {
  const arns = new Set<string>();
  const policies = new Map<string, string>();
  const role = (action: string, name: string): ApiAnswer => ({
    status: 200,
    body: `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result><Role><Path>/</Path><RoleName>${name}</RoleName><RoleId>AROA1</RoleId><Arn>${arnOf(name)}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></${action}Result></${action}Response>`,
  });
  const arnOf = (name: string): string => `arn:aws:iam::${account}:role/${name}`;
  return {
    arns,
    policies,
    answer: (body) => {
      const form = new URLSearchParams(body.toString());
      const [action, name] = [form.get("Action") ?? "", form.get("RoleName") ?? ""];
      const isThere = arns.has(arnOf(name));
      if (action === "GetRole" && !isThere)
        return iamError(404, "NoSuchEntity", `The role with name ${name} cannot be found.`);
      if (action === "CreateRole" && isThere)
        return iamError(409, "EntityAlreadyExists", `Role with name ${name} already exists.`);
      if (action === "CreateRole") arns.add(arnOf(name));
      if (action === "PutRolePolicy") {
        policies.set(name, form.get("PolicyDocument") ?? "");
        return {
          status: 200,
          body: `<PutRolePolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"/>`,
        };
      }
      return role(action, name);
    },
  };
}

const iamError = (status: number, code: string, message: string): ApiAnswer => ({
  status,
  body: `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});
