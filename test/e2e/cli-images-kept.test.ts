/**
 * @module
 * What the store of the provider linux keeps: one tree for each image that has a name, and nothing that
 * a registry could replace.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Provider } from "../../src/core/provider.ts";
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { makeFolders, treeFolder, withStaging } from "../../src/providers/linux/images/folders.ts";
import { writeName } from "../../src/providers/linux/images/names.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { file, tarOf, writeLayout } from "../helpers/images/layout.ts";
import { imagesGap, programLayer } from "../helpers/images/programs.ts";
import { skipUnless } from "../helpers/require.ts";
import {
  glovebox,
  linuxGap,
  resultOf,
  startCli,
  temporaryFolder,
  untilText,
  type CliResult,
} from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap()) ?? skipUnless("images", imagesGap());
const linux = ["--provider", "linux"];
const never = (): AbortSignal => new AbortController().signal;

describe.skipIf(gap !== undefined)(`kept images of the provider linux ${gap ?? ""}`, () => {
  const folder = temporaryFolder();
  /** A fresh one for each test. */
  let data: string;
  let provider: Provider;
  let tests = 0;
  const sources: string[] = [];
  beforeAll(() => {
    const bash = "#!/bin/sh\necho GNU bash, version 1.2.3\n";
    for (const text of ["one", "two"]) {
      const layers = [programLayer([file("bin/bash", bash, 0o755)]), tarOf([file("hello", text)])];
      const packed = layers.map((tar) => gzipSync(tar, { level: 1 }));
      const path = join(folder.path, `layout-${text}`);
      sources.push(writeLayout(path, { layers: packed, env: ["PATH=/bin"] }));
    }
  });
  beforeEach(async () => {
    data = join(folder.path, `data${++tests}`);
    mkdirSync(data);
    const env = { ...process.env, XDG_DATA_HOME: data };
    provider = createLinuxProvider({ launcherPath: await locateLauncher(), env });
  });
  afterAll(() => {
    folder.remove();
  });

  const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
    glovebox(args, { env: { XDG_DATA_HOME: data, ...env }, cwd: folder.path });
  const load = async (name: string, source = sources[0] ?? ""): Promise<readonly string[]> => {
    const steps: string[] = [];
    await provider.images?.load?.(name, source, ({ text }) => steps.push(text), never());
    return steps;
  };
  const store = (): string => join(data, "glovebox/images");
  const trees = (): readonly string[] =>
    readdirSync(store()).filter((name) => name.startsWith("sha256-"));
  const names = (): readonly string[] => readdirSync(join(store(), "names"));

  test("pulling a moved tag leaves one tree", async () => {
    await load("tool:1");
    const [first] = trees();
    await load("tool:1", sources[1]);
    expect(trees()).toHaveLength(1);
    expect(trees()).not.toContain(first);
    await load("other:1", sources[1]);
    await load("tool:1");
    expect(trees()).toHaveLength(2);
    expect(readdirSync(join(store(), "staging"))).toEqual([]);
  });

  test("but not under a program that runs in the old one, which goes after it", async () => {
    await load("tool:1");
    const words = ["run", ...linux, "--image", "tool:1", "--", "sh", "-c"];
    const child = startCli([...words, "echo begun; read -r line; cat /hello"], {
      env: { XDG_DATA_HOME: data },
      cwd: folder.path,
    });
    const result = resultOf(child);
    await untilText(child.stdout, "begun");
    await load("tool:1", sources[1]);
    await provider.sweep();
    expect(trees()).toHaveLength(2);
    child.stdin.end("go on\n");
    expect(await result).toMatchObject({ exitCode: 0, stdout: "begun\none" });
    await provider.sweep();
    expect(trees()).toHaveLength(1);
  });

  test("an image that came is there, also where the old one can't go", async () => {
    await load("tool:1");
    // Where others could change it, no tree is removed.
    const onProgress = (): void => chmodSync(store(), 0o755);
    await provider.images?.load?.("tool:1", sources[1] ?? "", onProgress, never());
    chmodSync(store(), 0o700);
    expect(trees()).toHaveLength(2);
    await provider.sweep();
    expect(trees()).toHaveLength(1);
  });

  test.each([[["images", "rm", "--all"]], [["languages", "remove", "bash"]]])(
    "Ctrl-C ends %j after the image that is being removed",
    async (words) => {
      const count = 300;
      await makeFolders(store());
      for (let tag = 1; tag <= count; tag++) {
        const id = `sha256:${String(tag).padStart(64, "0")}`;
        mkdirSync(join(treeFolder(store(), id), "rootfs"), { recursive: true });
        const description = { entries: [], env: {}, sizeBytes: 1 };
        writeFileSync(join(treeFolder(store(), id), "image.json"), JSON.stringify(description));
        const name = `docker.io/library/bash:${tag}`;
        await withStaging(store(), (staging) => writeName(store(), staging, { name, id }));
      }
      const options = { env: { XDG_DATA_HOME: data }, cwd: folder.path };
      const child = startCli([...words, ...linux], options);
      const result = resultOf(child);
      await untilText(child.stdout, "removed ");
      child.kill("SIGINT");
      expect(await result).toMatchObject({ exitCode: 130, stderr: "" });
      expect(trees().length).toBeGreaterThan(0);
      expect(names()).toHaveLength(trees().length);
    },
  );

  test.each([
    [["bash@slim"], "bash:slim"],
    [["bash", "--method", "image"], "bash:5"],
  ])("`languages install` of %j shows what is in that image", async (words, image) => {
    await load(image);
    await load("bash:4");
    const { exitCode, stdout } = await cli(["languages", "install", ...words, ...linux]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `bash 1.2.3 (${image})\n` });
  });

  test("a tree that was never named goes with the next run", async () => {
    await load("tool:1");
    // As after a kill -9 between the two.
    for (const name of names()) rmSync(join(store(), "names", name));
    await cli(["run", ...linux, "--", "true"]);
    expect(trees()).toEqual([]);
  });

  test("each layer is told once", async () => {
    const steps = await load("tool:1");
    expect(steps.filter((text) => text.startsWith("Unpacking"))).toEqual([
      "Unpacking layer 1 of 2",
      "Unpacking layer 2 of 2",
    ]);
  });

  test("who pulls and who removes at the same time leave no name without a tree", async () => {
    for (let round = 0; round < 5; round++) {
      await load("other:1");
      await Promise.all([load("tool:1"), provider.images?.remove("other:1", never())]);
      expect(trees()).toHaveLength(1);
      expect(await provider.images?.find("tool:1", never())).toBeDefined();
      await provider.images?.remove("tool:1", never());
      expect([trees(), names()]).toEqual([[], []]);
    }
  });

  describe("what is made here", () => {
    const made = "localhost/glovebox/bash:debian";
    /** Comes first in PATH, and tells when somebody is asked for an image. */
    const askedFile = (): string => join(data, "asked");
    const stub = (): Record<string, string> => {
      const bin = join(data, "bin");
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, "skopeo"), `#!/bin/sh\necho "$@" >>'${askedFile()}'\nexit 1\n`);
      chmodSync(join(bin, "skopeo"), 0o755);
      return { PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    };

    test("is asked for at no registry, by its name or with all others", async () => {
      await load(made);
      await load("r.example/tool:1");
      const all = await cli(["images", "pull", "--all", ...linux], stub());
      expect(all.stderr).toContain("fetching r.example/tool:1\n");
      const one = await cli(["images", "pull", made, ...linux], stub());
      expect(one).toMatchObject({ exitCode: 2, stdout: "" });
      expect(one.stderr).toMatch(/in no registry.*glovebox languages install bash/);
      await expect(provider.images?.pull(made, () => undefined, never())).rejects.toMatchObject({
        code: "INVALID_REQUEST",
        message: expect.stringContaining("glovebox languages install bash --method tree") as string,
      });
      const asked = readFileSync(askedFile(), "utf8").trimEnd().split("\n");
      expect(asked).toHaveLength(1);
      expect(asked[0]).toMatch(/ docker:\/\/r\.example\/tool:1$/);
    });

    test("is not a stranger's image whose name is like it", async () => {
      for (const name of ["glovebox/bash:debian", "docker.io/localhost/glovebox/bash:debian"]) {
        await load(name);
      }
      const run = ["run", ...linux, "-l", "bash@1.2.3", "-c", ":"];
      expect(await cli(run)).toMatchObject({ exitCode: 125, stdout: "" });
      await load(made);
      expect(await cli(run)).toMatchObject({ exitCode: 0, stdout: "GNU bash, version 1.2.3\n" });
    });

    test("is made by the command that its absence names", async () => {
      const { exitCode, stderr } = await cli(["run", ...linux, "--image", made, "--", "true"]);
      expect(exitCode).toBe(125);
      expect(stderr).toContain("glovebox languages install bash --method tree");
      expect(stderr).not.toContain("images pull");
    });
  });

  test("what --from names must be there", async () => {
    const { exitCode, stderr } = await cli([
      "images",
      "pull",
      "a:1",
      ...linux,
      "--from",
      "oci:x:y",
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`--from: "${join(folder.path, "x")}" is not there`);
    expect(stderr).not.toContain("login");
  });
});
