/**
 * @module
 * `glovebox images`
 */
import { Command } from "commander";
import { defaultDockerSettings } from "../../config/server-config.ts";
import { invalidRequest } from "../../core/errors.ts";
import { madeHereFor, type ImageStore } from "../../core/image.ts";
import { createProvider, loadLanguages } from "../../app.ts";
import { builtElsewhere, fetchImages } from "../fetch-images.ts";
import { formatImages, getCommand, imagesDocument, type ListedImage } from "../format-images.ts";
import { allTargets, findTargets, type ImageTarget } from "../image-targets.ts";
import { painterFor, printNote } from "../print.ts";
import { formatError } from "../print-error.ts";
import { addDockerHostFlag, parseProviderFlags, type RawProviderFlags } from "../provider-flag.ts";
import { mapLimited } from "../../util/map-limited.ts";
import { reportErrors } from "../report-errors.ts";
import { untilSignal } from "../signals.ts";

/** More would only wait at the daemon. */
const PARALLEL_QUESTIONS = 4;

interface ImagesFlags extends RawProviderFlags {
  readonly from?: string;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** What a subcommand works with. */
interface Work {
  readonly images: ImageStore;
  /** Whose they are. */
  readonly provider: string;
  /** Those that the words name; without words all. */
  readonly targets: readonly ImageTarget[];
  readonly isNamed: boolean;
  readonly flags: ImagesFlags;
  readonly signal: AbortSignal;
}

export function createImagesCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("images")
    .summary("list, get and remove images that programs come from")
    .description(
      "With `--provider docker` the programs of a language come from its image. LANG is a language, " +
        "or an image with its tag: debian:stable-slim is what `-- CMD` runs in. With `--provider " +
        "linux` they come from an image where `run --image` names one: images are kept in a folder " +
        "of yours, and skopeo fetches them.",
    )
    .helpOption("-h, --help", "show this help");
  const add = (name: string, help: string, work: (work: Work) => Promise<number>): Command => {
    const subcommand = new Command(name).description(help).argument("[LANG...]");
    command.addCommand(subcommand);
    return addDockerHostFlag(subcommand)
      .option("--provider <NAME>", "whose images: docker or linux (default: docker)")
      .option("-v, --verbose", "traces of failures")
      .helpOption("-h, --help", "show this help")
      .action(async (words: string[], flags: ImagesFlags) => {
        onExit(await reportErrors(flags, () => withImages(words, flags, work)));
      });
  };
  add("ls", "list the images and which of them are there", list).option("--json", "print JSON");
  add("pull", "fetch images from their registries, also to update them", (work) =>
    fetchAll(work, "pull"),
  )
    .option("--all", "instead of LANG: those of all languages")
    .option(
      "--from <SOURCE>",
      "with --provider linux: take LANG from this machine, oci:FOLDER:TAG, oci-archive:FILE or docker-archive:FILE",
    )
    .option("-q, --quiet", "no progress");
  add("build", "build images that no registry has", (work) => fetchAll(work, "build"))
    .option("--all", "instead of LANG: those of all languages")
    .option("-q, --quiet", "no progress");
  add("rm", "remove images", remove).option("--all", "without LANG: all that `images ls` shows");
  return command;
}

async function withImages(
  words: readonly string[],
  flags: ImagesFlags,
  work: (work: Work) => Promise<number>,
): Promise<number> {
  const isNamed = words.length > 0;
  if (isNamed && flags.all === true) {
    throw invalidRequest("--all", "can't be used together with LANG. Leave one of them out.");
  }
  // As `auto` means docker where a flag of docker's is given: no other provider needs images.
  const { provider: name, docker } = parseProviderFlags({ provider: "docker", ...flags });
  const provider = await createProvider(name, { docker });
  try {
    const { images } = provider;
    if (images === undefined) {
      throw invalidRequest("--provider", `\`${name}\` has no images. Use docker or linux.`);
    }
    return await untilSignal(async (signal) => {
      const targets = await targetsOf(words, images, signal);
      return work({ images, provider: name, targets, isNamed, flags, signal });
    });
  } finally {
    await provider.close();
  }
}

/** Where the languages have no need for images, those that are there are all. */
async function targetsOf(
  words: readonly string[],
  images: ImageStore,
  signal: AbortSignal,
): Promise<readonly ImageTarget[]> {
  const languages = loadLanguages();
  const all = allTargets(languages.languages, defaultDockerSettings.image);
  if (words.length > 0) return findTargets(words, languages, all);
  if (images.list === undefined) return all;
  const stored = await images.list(signal);
  return stored.map(({ name }) => {
    const known = all.find(({ image }) => image === name);
    return { languages: [], dockerfile: undefined, ...known, image: name };
  });
}

async function list({ images, provider, targets, flags, signal }: Work): Promise<number> {
  const listed = await lookUp(images, targets, signal);
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(imagesDocument(listed, provider), null, 2)}\n`
      : formatImages(listed, provider, painterFor(process.stdout, process.env)),
  );
  if (listed.length === 0 && flags.json !== true) {
    printNote(`no image is here; get one: glovebox images pull NAME --provider ${provider}`);
  }
  return 0;
}

async function lookUp(
  images: ImageStore,
  targets: readonly ImageTarget[],
  signal: AbortSignal,
): Promise<readonly ListedImage[]> {
  return mapLimited(targets, PARALLEL_QUESTIONS, async (target) => {
    return { target, stored: await images.find(target.image, signal) };
  });
}

async function fetchAll(
  { images, provider, targets, isNamed, flags, signal }: Work,
  how: "pull" | "build",
): Promise<number> {
  if (flags.from !== undefined && targets.length !== 1) {
    throw invalidRequest("--from", "is where one image comes from. Name that one.");
  }
  const isRight = (target: ImageTarget): boolean =>
    flags.from !== undefined || (how === "pull" ? isPulled(target) : isBuilt(target));
  if (!isNamed && flags.all !== true) {
    const count = targets.filter(isRight).length;
    throw invalidRequest(
      "LANG",
      `is missing: name languages or images, or write --all for ${count} images.`,
    );
  }
  const wrong = isNamed ? targets.find((target) => !isRight(target)) : undefined;
  if (wrong !== undefined) throw wrongWay(wrong, how, provider);
  const wanted = targets.filter(isRight);
  if (wanted.length === 0) {
    if (flags.quiet !== true) printNote(`nothing to ${how}`);
    return 0;
  }
  const [first] = wanted;
  if (how === "build" && first !== undefined && images.build === undefined) {
    throw invalidRequest("LANG", builtElsewhere(first.image));
  }
  // A daemon that can't be reached fails once, not with each image.
  await lookUp(images, wanted.slice(0, 1), signal);
  const { from, quiet = false, verbose = false } = flags;
  const options = { how, from, isQuiet: quiet, isVerbose: verbose };
  return fetchImages(images, wanted, options, signal);
}

const isBuilt = ({ dockerfile }: ImageTarget): boolean => dockerfile !== undefined;

/** What is made here must come from no registry, also where somebody publishes it there. */
const isPulled = ({ dockerfile, image }: ImageTarget): boolean =>
  dockerfile === undefined && madeHereFor(image) === undefined;

function wrongWay(target: ImageTarget, how: "pull" | "build", provider: string): Error {
  const { image } = target;
  const command = getCommand(target, provider);
  const isMade = madeHereFor(image) !== undefined && !(provider === "docker" && isBuilt(target));
  const reason = isMade
    ? "is in no registry, it is made here"
    : how === "pull"
      ? "is in no registry, it is built"
      : "is not built here, it is fetched";
  return invalidRequest("LANG", `the image \`${image}\` ${reason}: \`${command}\`.`);
}

async function remove({ images, targets, isNamed, flags, signal }: Work): Promise<number> {
  if (!isNamed && flags.all !== true) {
    throw invalidRequest("LANG", "is missing: name what to remove, or write --all.");
  }
  let exitCode = 0;
  for (const { image } of targets) {
    signal.throwIfAborted();
    try {
      const wasThere = await images.remove(image, signal);
      if (wasThere) process.stdout.write(`removed ${image}\n`);
      else if (isNamed) printNote(`${image} was not there`);
    } catch (error) {
      signal.throwIfAborted();
      exitCode = 1;
      process.stderr.write(formatError(error, flags.verbose === true ? "verbose" : "normal"));
    }
  }
  // The rest of the last one may be left to a sweep.
  signal.throwIfAborted();
  return exitCode;
}
