/**
 * @module
 * A value that a program uses without having it: it has a placeholder, and the border of its network
 * puts the value in its place, in requests to the hosts that were named, and nowhere else.
 */

export interface Secret {
  /** Of the variable that has the placeholder, inside. */
  readonly name: string;
  /** Unlike anything else; of letters, digits, `_` and `-`. */
  readonly placeholder: string;
  /** Visible ASCII, and spaces between. */
  readonly value: string;
  /** At least one. */
  readonly hosts: readonly SecretHost[];
}

export interface SecretHost {
  /** A name in lower case, as DNS has it, or `*.` and such a name: all names below it. */
  readonly pattern: string;
  readonly port: number;
}

/** The certificates that a program with secrets trusts, inside: those of the host, and the run's own. */
export const trustedCertificatesPath = "/.glovebox/ca-certificates.crt";

/** Those that are sent there. */
export function secretsFor(
  { host, port }: { readonly host: string; readonly port: number },
  secrets: readonly Secret[],
): readonly Secret[] {
  return secrets.filter(({ hosts }) =>
    hosts.some((each) => each.port === port && isNamedBy(each.pattern, host)),
  );
}

const isNamedBy = (pattern: string, host: string): boolean =>
  pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : pattern === host;
