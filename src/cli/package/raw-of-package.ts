/**
 * @module
 * A package as the flags of `glovebox run` that say the same.
 */
import { imageOfPackage } from "../../packages/image-of-package.ts";
import type { Package } from "../../packages/package.ts";
import type { RawRunOptions } from "../run-options.ts";

export interface PackagePlace {
  readonly env: NodeJS.ProcessEnv;
  /** Stdin, stdout and stderr are all a terminal. */
  readonly hasTerminal: boolean;
  /** Whether there is something of this name; `~` is the home. */
  readonly exists: (path: string) => boolean;
}

export function rawOfPackage(it: Package, place: PackagePlace): RawRunOptions {
  const { timeout, cpu, memory, processes, output, disk, open_files } = it.limits;
  const env = it.environment.filter((text) => text.includes("=") || place.env[text] !== undefined);
  const isTty = it.tty === "always" || (it.tty === "auto" && place.hasTerminal);
  const raw = {
    ...{ timeout, cpu, memory, processes, output, disk, openFiles: open_files },
    ...(env.length === 0 ? {} : { env }),
    ...(isTty ? { tty: true } : {}),
    ...imageFlags(it),
    ...permissionsOf(it, place),
    // Nobody was asked whether what it, or the folder it is started in, names is fetched and run.
    dependencies: false,
  };
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
}

/** Images run without a daemon, where the package does not say otherwise; only one that is built needs it. */
function imageFlags(it: Package): Pick<RawRunOptions, "provider" | "image"> {
  const image = imageOfPackage(it);
  const { provider } = it;
  if (image === undefined) return provider === "auto" ? {} : { provider };
  const usual = it.dockerfile === undefined ? "linux" : "docker";
  return { image, provider: provider === "auto" ? usual : provider };
}

/** All that is not written is denied; somebody is asked only where the package says so. */
function permissionsOf(it: Package, { exists }: PackagePlace): RawRunOptions {
  const files = it.files === "ask" ? [] : it.files.filter((file) => isThere(file, exists));
  const of = (access: "ro" | "rw"): readonly string[] =>
    files.filter((file) => file.access === access).map(({ path }) => path);
  const rules = {
    ...some("allowNet", typeof it.network === "string" ? [] : it.network),
    ...some("allowRead", of("ro")),
    ...some("allowWrite", of("rw")),
    ...some("allowForward", it.ports.map(String)),
    ...some("secret", it.secrets),
  };
  const isAsking = it.network === "ask" || it.files === "ask";
  const hasRules = Object.keys(rules).length > 0;
  return {
    ...rules,
    ...networkOf(it),
    files: it.files === "ask" ? "ask" : "none",
    ...(hasRules && !isAsking ? { ask: "never" } : {}),
  };
}

/** Rules about connections and ports need a network that asks, if only the rules. */
function networkOf({ network, ports, secrets }: Package): Pick<RawRunOptions, "network"> {
  if (network === "ask" || network === "all") return { network };
  const hasRules = network !== "none" || ports.length > 0 || secrets.length > 0;
  return { network: hasRules ? "ask" : "none" };
}

const isThere = (
  { path, optional }: Exclude<Package["files"], "ask">[number],
  exists: PackagePlace["exists"],
): boolean => !optional || exists(path);

type ListOption = "allowNet" | "allowRead" | "allowWrite" | "allowForward" | "secret";

const some = (name: ListOption, list: readonly string[]): Pick<RawRunOptions, ListOption> =>
  list.length === 0 ? {} : { [name]: list };
