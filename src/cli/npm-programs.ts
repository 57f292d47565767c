/**
 * @module
 * The programs in a folder that npm filled, by their names: `bin/NAME`.
 */
import { lstat, mkdir, readdir, readFile, chmod, stat, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { npmDescriptionFile, type NpmDescription } from "../service/npm-folder.ts";

/** What of a package.json matters here. */
interface Manifest {
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** No part of a path, no option. */
const programName = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;

/**
 * Links the programs of the packages that were asked for. One that has its like in a package for this
 * machine alone is that one: the JavaScript in front of it would need a Node, and its time.
 *
 * @param tree Its package.json names what was asked for.
 */
export async function linkPrograms(tree: string): Promise<void> {
  const { dependencies = {} } = await readManifest(tree);
  const asked = Object.keys(dependencies);
  const natives = await nativeFolders(tree, asked);
  const folder = join(tree, "bin");
  await mkdir(folder);
  for (const name of new Set((await Promise.all(asked.map(programsIn(tree)))).flat())) {
    const places = [
      ...natives.flatMap((native) => [join(native, name), join(native, "bin", name)]),
      join(tree, "node_modules/.bin", name),
    ];
    for (const place of places) {
      if (!(await isProgram(place))) continue;
      await symlink(relative(folder, place), join(folder, name));
      break;
    }
  }
  // Whatever the umask: sandboxes read them as somebody else.
  for (const each of [tree, folder]) await chmod(each, 0o755);
}

const programsIn =
  (tree: string) =>
  async (name: string): Promise<readonly string[]> => {
    const { bin = {} } = await readManifest(packageFolder(tree, name));
    const names = typeof bin === "string" ? [name.replace(/^.*\//, "")] : Object.keys(bin);
    return names.filter((each) => programName.test(each));
  };

/** Packages that others brought, and that say which machines they are for. */
async function nativeFolders(tree: string, asked: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name } of await installedPackages(tree)) {
    if (asked.includes(name)) continue;
    const folder = packageFolder(tree, name);
    const { os = [], cpu = [] } = await readManifest(folder);
    if (os.includes(process.platform) && cpu.includes(process.arch)) found.push(folder);
  }
  return found;
}

/** Writes what `readNpmDescription` reads. */
export async function describeTree(tree: string): Promise<void> {
  const description: NpmDescription = {
    packages: await installedPackages(tree),
    sizeBytes: await sizeOf(tree),
  };
  await writeFile(join(tree, npmDescriptionFile), JSON.stringify(description));
}

/** From npm's own list of what it put there. */
async function installedPackages(tree: string): Promise<NpmDescription["packages"]> {
  const text = await readFile(join(tree, "node_modules/.package-lock.json"), "utf8");
  const { packages } = JSON.parse(text) as {
    readonly packages: Readonly<Record<string, { readonly version?: string }>>;
  };
  return Object.entries(packages).flatMap(([path, { version = "" }]) => {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    return name === undefined ? [] : [{ name, version }];
  });
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  let bytes = 0;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? await sizeOf(path) : (await lstat(path)).size;
  }
  return bytes;
}

/** Through links, which is what those of npm are. */
async function isProgram(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  return status !== undefined && status.isFile() && (status.mode & 0o111) !== 0;
}

const packageFolder = (tree: string, name: string): string => join(tree, "node_modules", name);

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}
