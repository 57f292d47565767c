/**
 * @module
 * What a sandbox with secrets has besides: an authority of its own, and files in which its programs
 * find whom they trust.
 */
import { GloveboxError } from "../../../core/errors.ts";
import type { SandboxSpec } from "../../../core/sandbox.ts";
import { trustedCertificatesPath } from "../../../core/secret.ts";
import type { SecretsOptions } from "../../../egress/egress.ts";
import { createRunAuthority } from "../../../egress/secrets/run-authority.ts";
import { trustedRoots } from "../../../egress/secrets/trusted-roots.ts";
import type { Records } from "../../../launcher/message.ts";

export interface SecretsInside {
  readonly egress: SecretsOptions;
  /** Behind the image's own. */
  readonly fileSystem: Records;
}

/**
 * @returns Undefined where there are no secrets.
 * @throws {GloveboxError} `POLICY_UNENFORCEABLE` where nothing of ours stands between it and the hosts.
 */
export function secretsInside(
  { secrets = [], policy }: SandboxSpec,
  env: NodeJS.ProcessEnv,
): SecretsInside | undefined {
  if (secrets.length === 0) return undefined;
  if (policy.network.mode !== "ask") {
    throw new GloveboxError(
      "POLICY_UNENFORCEABLE",
      `linux: secrets are put in at the border of a network that asks, and this one is \`${policy.network.mode}\`. Use network \`ask\`.`,
      { provider: "linux", controls: ["network"] },
    );
  }
  const authority = createRunAuthority();
  const roots = trustedRoots(env);
  return {
    egress: { secrets, authority, roots },
    fileSystem: [
      ["file", [trustedCertificatesPath, "0644", `${roots.trimEnd()}\n${authority.certificate}`]],
    ],
  };
}
