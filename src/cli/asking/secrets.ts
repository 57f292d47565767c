/**
 * @module
 * `--secret`: values that a program uses without having them.
 */
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { invalidRequest } from "../../core/errors.ts";
import { trustedCertificatesPath, type Secret, type SecretHost } from "../../core/secret.ts";
import { parseNetPattern } from "../../permissions/net-pattern.ts";
import { variableForm } from "../../permissions/subject.ts";

const forms = "NAME@HOST[,HOST], or NAME=VALUE@HOST[,HOST]";
/** Of a header's value, with room for more than one. */
const maxValueChars = 16_384;

/**
 * @param text The last `@` ends the value.
 * @param callerEnv Where the value is from, unless it was written.
 * @throws {GloveboxError} `INVALID_REQUEST`; no message has the value.
 */
export function parseSecret(text: string, callerEnv: NodeJS.ProcessEnv): Secret {
  const at = text.lastIndexOf("@");
  const equals = text.indexOf("=");
  const hasValue = equals >= 0 && (at < 0 || equals < at);
  const name = text.slice(0, hasValue ? equals : at < 0 ? text.length : at);
  const shown = shownName.test(name) ? `\`${name}\`` : "what stands there for its name";
  if (!variableForm.test(name)) {
    throw refuse(`${shown} is not the name of a variable. Write ${forms}`);
  }
  const hosts = at < 0 ? "" : text.slice(at + 1);
  if (hosts === "") throw refuse(`${shown} names no host that may have it. Write ${forms}`);
  if (startNames.test(name)) {
    throw refuse(`${shown} is a variable that programs start by, and can't be a placeholder`);
  }
  const value = hasValue ? text.slice(equals + 1, at) : callerEnv[name];
  if (value === undefined) {
    throw refuse(
      `${shown} is not set in your environment. Export it first, and write the variable's name here, not its value`,
    );
  }
  if (!/^[!-~]([ -~]*[!-~])?$/.test(value) || value.length > maxValueChars) {
    throw refuse(
      `the value of ${shown} can't be sent in a request: it must be of visible ASCII characters, 1 to ${maxValueChars}`,
    );
  }
  return { name, value, placeholder: placeholderOf(name), hosts: hosts.split(",").map(parseHost) };
}

/** 128 bits: no other run has it, and nobody guesses it. */
const placeholderOf = (name: string): string =>
  `glovebox-secret-${name}-${randomBytes(16).toString("hex")}`;

/** Of what else is in its place, a token that was pasted say, no message tells. */
const shownName = /^[A-Z][A-Z0-9_]{0,63}$/;

const startNames =
  /^(PATH|HOME|PWD|SHELL|USER|TERM|LANG|IFS|ENV|BASH_ENV|TMPDIR|NODE_OPTIONS|SSL_CERT_(FILE|DIR)|(LC|LD|DYLD|PYTHON|PERL|RUBY)_?[A-Z_]*)$/;

const httpsPort = 443;
const httpPort = 80;

function parseHost(text: string): SecretHost {
  if (/^\*(\.[^.:]*)?(:|$)/.test(text)) {
    throw refuse(`\`${text}\` would be hosts of anybody. Write api.github.com, or *.github.com`);
  }
  const pattern = parseNetPattern(text, "allow");
  if (typeof pattern === "string") throw refuse(`\`${text}\` ${pattern}`);
  const { host, port, protocol } = pattern;
  if (isIP(host) !== 0 || host.includes("/") || !host.includes(".") || protocol !== "tcp") {
    throw refuse(`\`${text}\` is no name of a host on the Internet. Write api.github.com`);
  }
  if (port === httpPort) {
    throw refuse(`\`${text}\` is the port of plain HTTP, where no secret is sent. Leave it out`);
  }
  return { pattern: host, port: port === "*" ? httpsPort : port };
}

/** @throws {GloveboxError} `INVALID_REQUEST` where another flag says otherwise. */
export function refuseContradictions(
  secrets: readonly Secret[],
  { network, env = [], askEnv = [], allowEnv = [] }: Others,
): void {
  const names = secrets.map(({ name }) => name);
  const [first] = names;
  if (first === undefined) return;
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw refuse(`\`${twice}\` is there twice. Write all of its hosts in one: ${twice}@HOST,HOST`);
  }
  if (network === "none" || network === "all") {
    throw refuse(
      `\`${first}\` is put in where connections are asked about, and --network is \`${network}\`. Leave --network out`,
    );
  }
  const given = [...askEnv, ...allowEnv, ...env.map((word) => word.split("=", 1)[0] ?? "")];
  const both = names.find((name) => given.includes(name));
  if (both === undefined) return;
  throw refuse(
    `\`${both}\` is also given by --env, --ask-env or --allow-env. Leave one of them out`,
  );
}

interface Others {
  readonly network?: string;
  readonly env?: readonly string[];
  readonly askEnv?: readonly string[];
  readonly allowEnv?: readonly string[];
}

const refuse = (what: string): Error => invalidRequest("--secret", `${what}.`);

/**
 * @param words Those of the program, that it sees.
 * @throws {GloveboxError} `INVALID_REQUEST` where a value is in one of them: it would have it.
 */
export function refuseGivenAway(secrets: readonly Secret[], words: readonly string[]): void {
  const given = secrets.find(({ value }) => words.some((word) => word.includes(value)));
  if (given === undefined) return;
  const { name } = given;
  throw refuse(
    `the value of \`${name}\` is in the words that the program gets, maybe because your shell put it there. Let the program look at its variable instead: sh -c '… $${name} …', in single quotes`,
  );
}

/** By what names programs look for whom they trust: OpenSSL, curl, Python, pip, Node, npm, git, AWS, Deno, Cargo. */
const certificateVariables = [
  "SSL_CERT_FILE",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "PIP_CERT",
  "NODE_EXTRA_CA_CERTS",
  "NPM_CONFIG_CAFILE",
  "GIT_SSL_CAINFO",
  "AWS_CA_BUNDLE",
  "DENO_CERT",
  "CARGO_HTTP_CAINFO",
];

export function secretVariables(secrets: readonly Secret[]): Readonly<Record<string, string>> {
  if (secrets.length === 0) return {};
  return Object.fromEntries([
    ...certificateVariables.map((name) => [name, trustedCertificatesPath]),
    ...secrets.map(({ name, placeholder }) => [name, placeholder]),
  ]) as Readonly<Record<string, string>>;
}
