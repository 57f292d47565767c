/**
 * @module
 * Which Debian a tree is made from: the host's own release and mirrors, else Debian's stable one.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { GloveboxError } from "../../core/errors.ts";

const QUERY_TIMEOUT_MS = 20_000;

export interface DebianSources {
  /** `bookworm` */
  readonly suite: string;
  /** In the form of sources.list(5), one source a line. */
  readonly text: string;
}

interface Distribution {
  /** The first that is there says whose signatures count. */
  readonly keyrings: readonly string[];
  /** What is left out has licences that forbid to share it, or is maintained by nobody. */
  readonly components: readonly string[];
}

const keyring = (name: string): readonly string[] => [
  `/usr/share/keyrings/${name}-archive-keyring.gpg`,
  `/usr/share/keyrings/${name}-archive-keyring.pgp`,
];

const distributions: ReadonlyMap<string, Distribution> = new Map([
  ["debian", { keyrings: keyring("debian"), components: ["main"] }],
  ["ubuntu", { keyrings: keyring("ubuntu"), components: ["main", "universe"] }],
]);

/** Releases of Debian that are named by their age. */
const aliases = "stable|oldstable|testing|unstable|sid";

/**
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where nobody's signatures could be checked.
 */
export async function findSources(): Promise<DebianSources> {
  const release = readRelease();
  const distribution = distributions.get(release.id);
  const { suite } = release;
  if (distribution === undefined || suite === undefined) return stableDebian();
  const lines = (await listSources())
    .filter(({ component }) => distribution.components.includes(component))
    .filter((source) => isOfRelease(source.suite, suite))
    .map(({ uri, suite: of, component }) => line(uri, of, component, distribution));
  if (lines.length > 0) return { suite, text: `${[...new Set(lines)].join("\n")}\n` };
  return release.id === "debian" ? debianOf(suite, distribution) : stableDebian();
}

interface Source {
  readonly uri: string;
  readonly suite: string;
  readonly component: string;
}

/** As apt itself understands its files; also of lists that it never fetched. */
async function listSources(): Promise<readonly Source[]> {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
  const words = ["indextargets", "--no-release-info", "--format", format, "Identifier: Packages"];
  const options = { timeout: QUERY_TIMEOUT_MS };
  const { stdout } = await promisify(execFile)("apt-get", words, options).catch(() => {
    return { stdout: "" };
  });
  return stdout.split("\n").flatMap((text) => {
    const [uri, suite, component, more] = text.split(" ");
    const isWhole = uri !== undefined && suite !== undefined && component !== undefined;
    return isWhole && more === undefined ? [{ uri, suite, component }] : [];
  });
}

/** `bookworm-updates` and `stable-security` are; what other vendors call theirs is not. */
function isOfRelease(suite: string, codename: string): boolean {
  const form = new RegExp(`^(${codename}|${aliases})(-updates|-security|/updates)?$`);
  return form.test(suite.replace(/\/$/, ""));
}

function readRelease(): { readonly id: string; readonly suite: string | undefined } {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const value = (name: string): string | undefined =>
    new RegExp(`^${name}="?([a-z0-9]+)"?$`, "m").exec(text)?.[1];
  return { id: value("ID") ?? "", suite: value("VERSION_CODENAME") };
}

function stableDebian(): DebianSources {
  const distribution = distributions.get("debian");
  if (distribution !== undefined && keyringOf(distribution) !== undefined) {
    return debianOf("stable", distribution);
  }
  const hint = "Install the package debian-archive-keyring";
  throw new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `a Debian tree is made from signed packages, and this system has no keys of Debian to check them with. ${hint}.`,
    { provider: "linux", hint },
  );
}

function debianOf(suite: string, distribution: Distribution): DebianSources {
  const mirror = "http://deb.debian.org";
  const lines = [
    line(`${mirror}/debian`, suite, "main", distribution),
    line(`${mirror}/debian`, `${suite}-updates`, "main", distribution),
    line(`${mirror}/debian-security`, `${suite}-security`, "main", distribution),
  ];
  return { suite, text: `${lines.join("\n")}\n` };
}

/** Without a keyring of the distribution apt's own trusted keys count. */
function line(uri: string, suite: string, component: string, of: Distribution): string {
  const signer = keyringOf(of);
  return `deb ${signer === undefined ? "" : `[signed-by=${signer}] `}${uri} ${suite} ${component}`;
}

function keyringOf({ keyrings }: Distribution): string | undefined {
  return keyrings.find((path) => existsSync(path));
}
