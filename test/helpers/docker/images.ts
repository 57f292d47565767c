/**
 * @module
 * Images made from Debian's packages: no registry is asked.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { isProcessAlive, ownProcessTag } from "../../../src/util/process-tag.ts";
import type { DockerdUser } from "./dockerd.ts";
import { plainEnv } from "./namespaces.ts";

const run = promisify(execFile);

/** The names that the languages' images have at the public registry. */
export const languageTags: readonly string[] = [
  "python:3",
  "node:22",
  "bash:5",
  "gcc:14",
  "debian:stable-slim",
];

/** An image with a static /bin/sh and a few applets, another one with the static /bin/true alone. */
export const smallTags = { tiny: "tiny:1", bare: "bare:1" } as const;

const packages = ["python3", "nodejs", "gcc", "g++", "libc6-dev", "busybox-static"];

/** A third of the bytes, which no test reads: importing costs a second for each 70 MB. */
const leftOut = [
  "/usr/share/man/*",
  "/usr/share/doc/*",
  "/usr/share/locale/*",
  "/usr/bin/*-lto-dump*",
  "/usr/lib/gcc/*/*/lto1",
  "/usr/lib/gcc/*/*/lib*san*.a",
  "/usr/lib/*/lib*san.so*",
];

const tinyApplets = ["sh", "cat", "echo", "env", "id", "ls", "sleep", "true"] as const;

const MAKE_TIMEOUT_MS = 280_000;
const TAR_TIMEOUT_MS = 60_000;

export interface DebianTree {
  /** An uncompressed tar of the whole root file system. */
  readonly tar: string;
  /** A static program that is every applet by its name. */
  readonly busybox: string;
}

/** Makes the tree where this machine has none of it yet: one or two minutes, then no time. */
export async function debianTree(): Promise<DebianTree> {
  const suite = debianSuite();
  const recipe = JSON.stringify([suite, packages, leftOut]);
  const key = createHash("sha256").update(recipe).digest("hex").slice(0, 12);
  const cache = cacheFolder();
  const folder = join(cache, `debian-${suite}-${key}`);
  if (!existsSync(folder)) await makeTree(cache, folder, suite);
  return { tar: join(folder, "tree.tar"), busybox: join(folder, "busybox") };
}

/** The image of the languages under each of `tags`; some 6 s with a tree from the cache. */
export async function importLanguageImages(
  { docker }: DockerdUser,
  tags: readonly string[] = languageTags,
): Promise<void> {
  const { tar } = await debianTree();
  const id = await docker("import", "--change", 'CMD ["/bin/sh"]', tar);
  for (const tag of tags) await docker("tag", id, tag);
}

export async function importSmallImages(dockerd: DockerdUser): Promise<void> {
  await importApplets(dockerd, smallTags.tiny, tinyApplets);
  await importApplets(dockerd, smallTags.bare, ["true"]);
}

/**
 * A small image that says it is for another architecture, such as `arm64`; its programs are this
 * host's.
 */
export async function importForeignImage(
  { docker }: DockerdUser,
  tag: string,
  architecture: string,
): Promise<void> {
  await withTarOf(["sh"], async (layer, folder) => {
    const write = (name: string, value: unknown): void => {
      writeFileSync(join(folder, name), JSON.stringify(value));
    };
    const digest = createHash("sha256").update(readFileSync(layer)).digest("hex");
    const config = { Cmd: ["/bin/sh"] };
    const rootfs = { type: "layers", diff_ids: [`sha256:${digest}`] };
    write("config.json", { architecture, os: "linux", config, rootfs });
    write("manifest.json", [{ Config: "config.json", RepoTags: [tag], Layers: [basename(layer)] }]);
    const image = join(folder, "image.tar");
    const names = ["manifest.json", "config.json", basename(layer)];
    await run("tar", ["-C", folder, "-cf", image, ...names], { timeout: TAR_TIMEOUT_MS });
    await docker("load", "--quiet", "--input", image);
  });
}

/** An image that has only these applets, in /bin, and the folders that a program expects. */
async function importApplets(
  { docker }: DockerdUser,
  tag: string,
  applets: readonly [string, ...string[]],
): Promise<void> {
  await withTarOf(applets, (tar) =>
    docker("import", "--change", `CMD ["/bin/${applets[0]}"]`, tar, tag),
  );
}

/** @param use Gets a tar of such a root file system, and the folder it lies in. Both then go. */
async function withTarOf(
  [first, ...others]: readonly [string, ...string[]],
  use: (tar: string, folder: string) => Promise<unknown>,
): Promise<void> {
  const { busybox } = await debianTree();
  const folder = mkdtempSync(join(tmpdir(), "glovebox-image-test-"));
  try {
    const root = join(folder, "root");
    mkdirSync(join(root, "bin"), { recursive: true });
    for (const name of ["etc", "proc", "sys", "dev", "tmp"]) mkdirSync(join(root, name));
    copyFileSync(busybox, join(root, "bin", first));
    chmodSync(join(root, "bin", first), 0o755);
    for (const name of others) symlinkSync(first, join(root, "bin", name));
    const tar = join(folder, "layer.tar");
    const owner = ["--owner=0", "--group=0", "--numeric-owner"];
    await run("tar", ["-C", root, ...owner, "-cf", tar, "."], { timeout: TAR_TIMEOUT_MS });
    await use(tar, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only a whole tree gets the name that others look for. */
async function makeTree(cache: string, folder: string, suite: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  removeAbandoned(cache);
  const { pid, startTime } = ownProcessTag();
  const part = join(cache, `${pid}-${startTime}.part`);
  mkdirSync(join(part, "tmp"), { recursive: true });
  // An ordinary `apt` inside drops its privileges and must reach its files.
  for (const path of [cache, part, join(part, "tmp")]) chmodSync(path, 0o755);
  try {
    const tar = join(part, "tree.tar");
    const options = [
      "--quiet",
      "--variant=minbase",
      `--include=${packages.join(",")}`,
      ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ];
    // What it mounts is not to be taken by other tests for what theirs left.
    const inItsOwnMounts = ["--pdeathsig", "TERM", "unshare", "--mount", "mmdebstrap"];
    await run("setpriv", [...inItsOwnMounts, ...options, suite, tar], {
      timeout: MAKE_TIMEOUT_MS,
      env: { ...plainEnv(), TMPDIR: join(part, "tmp") },
    });
    await extractBusybox(tar, part);
    rmSync(join(part, "tmp"), { recursive: true, force: true });
    if (!existsSync(folder)) renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

async function extractBusybox(tar: string, folder: string): Promise<void> {
  const words = ["--wildcards", "--strip-components=3", "*/bin/busybox"];
  // In a tree with merged /usr it lies in ./usr/bin.
  await run("tar", ["-C", folder, "-xf", tar, ...words], { timeout: TAR_TIMEOUT_MS });
}

/** What makers left that were killed. */
function removeAbandoned(cache: string): void {
  for (const name of readdirSync(cache)) {
    const [, pid, startTime = ""] = /^(\d+)-(\d+)\.part$/.exec(name) ?? [];
    if (pid === undefined || isProcessAlive({ pid: Number(pid), startTime })) continue;
    rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function cacheFolder(): string {
  if (process.getuid?.() === 0) return "/var/cache/glovebox-test";
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "glovebox-test");
}

/** The host's Debian; another system's programs don't matter inside. */
function debianSuite(): string {
  const release = readFileSync("/etc/os-release", "utf8");
  const isDebian = /^ID=debian$/m.test(release);
  return (isDebian ? /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] : undefined) ?? "stable";
}
