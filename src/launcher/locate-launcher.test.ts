import { spawnSync } from "node:child_process";
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { packageFolder } from "../util/package-folder.ts";
import { locateLauncher } from "./locate-launcher.ts";

const hasCompiler = spawnSync("cc", ["--version"]).status === 0;

let folder: string;
let cache: string;

/** A package as it is installed, without a launcher; its C source is the smallest there is. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glovebox-locate-"));
  cache = join(folder, "cache");
  await mkdir(join(folder, "native/launcher"), { recursive: true });
  await mkdir(cache, { mode: 0o700 });
  await writeFile(join(folder, "native/launcher/main.c"), "int main(void) { return 7; }\n");
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await cp(join(packageFolder(), "scripts"), join(folder, "scripts"), { recursive: true });
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const locate = (env: Record<string, string> = {}): Promise<string> =>
  locateLauncher({ folder, env: { XDG_CACHE_HOME: cache, ...env } });

/** Puts a program where the package has its launcher; byte 18 of ELF is the architecture. */
async function ship(change: (bytes: Buffer) => void): Promise<string> {
  const path = join(folder, "dist/launcher/glovebox-launcher");
  await mkdir(join(folder, "dist/launcher"), { recursive: true });
  const bytes = Buffer.alloc(64);
  const handle = await open(process.execPath);
  await handle.read(bytes, 0, bytes.length, 0);
  await handle.close();
  change(bytes);
  await writeFile(path, bytes, { mode: 0o755 });
  return path;
}

describe("locateLauncher", () => {
  test("takes the program that the package brings", async () => {
    const path = await ship(() => undefined);
    expect(await locate()).toBe(path);
    expect(await readdir(cache)).toEqual([]);
  });

  test.skipIf(!hasCompiler).each<[string, (bytes: Buffer) => void]>([
    ["of another architecture", (bytes) => bytes.writeUInt16LE(0xfefe, 18)],
    ["that is no ELF file", (bytes) => bytes.fill("#")],
  ])("compiles where the package brings a program %s", async (_, change) => {
    await ship(change);
    const path = await locate();
    expect(path.startsWith(join(cache, "glovebox/"))).toBe(true);
    expect(spawnSync(path).status).toBe(7);
  });

  test.skipIf(!hasCompiler)("compiles once, and leaves nothing else in the cache", async () => {
    const [first, second] = [await locate(), await locate()];
    expect(second).toBe(first);
    expect(await readdir(join(cache, "glovebox"))).toHaveLength(1);
  });

  test.skipIf(!hasCompiler)("compiles anew after the sources changed", async () => {
    const first = await locate();
    await writeFile(join(folder, "native/launcher/main.c"), "int main(void) { return 8; }\n");
    const second = await locate();
    expect(second).not.toBe(first);
    expect(spawnSync(second).status).toBe(8);
  });

  test("says what is missing where the sources do not compile", async () => {
    await writeFile(join(folder, "native/launcher/main.c"), "nonsense\n");
    await expect(locate()).rejects.toMatchObject({
      code: "PROVIDER_UNAVAILABLE",
      details: { hint: expect.stringContaining("apt-get install gcc") as string },
    });
    expect(await readdir(join(cache, "glovebox"))).toEqual([]);
  });

  test("refuses a cache folder that others can write to", async () => {
    await chmod(cache, 0o777);
    await expect(locate()).rejects.toThrow(/can be written to by another user/);
  });

  test("takes the program that GLOVEBOX_LAUNCHER names", async () => {
    const path = join(folder, "other");
    await copyFile(process.execPath, path);
    expect(await locate({ GLOVEBOX_LAUNCHER: path })).toBe(path);
  });

  test("refuses a GLOVEBOX_LAUNCHER that can't be run", async () => {
    await expect(locate({ GLOVEBOX_LAUNCHER: "/etc/hostname" })).rejects.toThrow(
      /no program for this machine/,
    );
  });
});
