/**
 * @module
 * Images without a daemon: `images` and `run --image` with the provider linux.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { debianTree } from "../helpers/docker/images.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { file, tarOf, writeLayout } from "../helpers/images/layout.ts";
import { imagesGap, programLayer } from "../helpers/images/programs.ts";
import { serveLayout, type LayoutRegistry } from "../helpers/images/registry.ts";
import { skipUnless } from "../helpers/require.ts";
import {
  glovebox,
  linuxGap,
  resultOf,
  startCli,
  temporaryFolder,
  type CliResult,
} from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap()) ?? skipUnless("images", imagesGap());
const linux = ["--provider", "linux"];

describe.skipIf(gap !== undefined)(`images of the provider linux ${gap ?? ""}`, () => {
  const folder = temporaryFolder();
  const layout = join(folder.path, "layout");
  let registry: LayoutRegistry;
  /** A fresh one for each test. */
  let data: string;
  let tests = 0;
  beforeAll(async () => {
    const layers = [programLayer(), tarOf([file("hello", "from the image\n")])];
    writeLayout(layout, {
      layers: layers.map((tar) => gzipSync(tar, { level: 1 })),
      env: ["PATH=/bin", "OF_IMAGE=yes", "LANG=of the image"],
    });
    registry = await serveLayout(layout);
  });
  beforeEach(() => {
    data = join(folder.path, `data${++tests}`);
    mkdirSync(data);
  });
  afterAll(() => {
    registry.stop();
    folder.remove();
  });

  const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
    glovebox(args, { env: { XDG_DATA_HOME: data, ...env }, cwd: folder.path });
  const images = (name: string, ...args: readonly string[]): Promise<CliResult> =>
    cli(["images", name, ...args, ...linux]);
  const tool = (): string => `${registry.address}/tool:1`;
  const trees = (): readonly string[] =>
    readdirSync(join(data, "glovebox/images")).filter((name) => name.startsWith("sha256-"));
  const staging = (): readonly string[] => readdirSync(join(data, "glovebox/images/staging"));

  test("pulls from a registry of this machine, runs, lists and removes", async () => {
    const pulled = await images("pull", tool());
    expect(pulled).toMatchObject({ exitCode: 0 });
    expect(pulled.stdout).toMatch(/^127\.0\.0\.1:\d+\/tool:1, [\d.]+ MB, in [\d.]+ s\n$/);

    const script = "cat /hello; echo $OF_IMAGE $LANG $HOME; id -un; pwd; exit 3";
    const run = ["run", ...linux, "--image", tool(), "--workspace", layout];
    expect(await cli([...run, "--", "sh", "-c", script])).toMatchObject({
      exitCode: 3,
      stdout: "from the image\nyes C.UTF-8 /home/sandbox\nsandbox\n/workspace\n",
    });

    const { stdout } = await images("ls", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      images: [{ image: tool(), present: true, id: expect.stringMatching(/^sha256:/) as string }],
    });
    expect((await images("ls")).stdout).toContain(tool());

    expect(await images("rm", tool())).toMatchObject({
      exitCode: 0,
      stdout: `removed ${tool()}\n`,
    });
    expect(trees()).toEqual([]);
    expect(staging()).toEqual([]);
    expect((await images("rm", tool())).stderr).toContain("was not there");
  });

  test("a list without images says how to get one", async () => {
    const { exitCode, stdout, stderr } = await images("ls");
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(stdout).toMatch(/^LANGUAGE +IMAGE +SIZE/);
    expect(stderr).toBe(
      "glovebox: no image is here; get one: glovebox images pull NAME --provider linux\n",
    );
    expect((await images("ls", "--json")).stderr).toBe("");
  });

  test("a missing image is told with the command that gets it, and never fetched by itself", async () => {
    const { exitCode, stderr } = await cli([
      "run",
      ...linux,
      "--image",
      tool(),
      "-l",
      "bash",
      "-c",
      ":",
    ]);
    expect(exitCode).toBe(125);
    expect(stderr).toContain(`glovebox images pull ${tool()} --provider linux`);
    expect(existsSync(join(data, "glovebox/images"))).toBe(false);
  });

  test("a language runs in an image that has it", async () => {
    await images("pull", tool());
    const run = ["run", ...linux, "--image", tool(), "-l", "bash", "-c", ":"];
    // It has no bash.
    expect(await cli(run)).toMatchObject({ exitCode: 127 });
  });

  test("says why an image can't be fetched", async () => {
    const unknown = await images("pull", `${registry.address}/none:1`);
    expect(unknown).toMatchObject({ exitCode: 1, stdout: "" });
    expect(unknown.stderr).toMatch(/could not be fetched: .*manifest unknown.*skopeo login 127/);
    const nobody = await images("pull", "127.0.0.1:1/tool:1");
    expect(nobody.stderr).toMatch(/could not be fetched: .*connection refused/);
    const { stderr } = await cli(["images", "pull", tool(), ...linux], { PATH: "/nonexistent" });
    expect(stderr).toContain("apt-get install skopeo");
    expect(staging()).toEqual([]);
  });

  test.each([
    [["pull"], /LANG: is missing/],
    [["build", "glovebox/x:1"], /is not built here/],
    [["build", "lua"], /is in no registry.*glovebox languages install lua --method tree$/m],
    [["pull", "lua"], /is in no registry.*glovebox languages install lua --method tree`/],
    [["build", "python"], /is fetched: `glovebox images pull python --provider linux`/],
    [["pull", "a:1", "b:1", "--from", "oci:/a:b"], /--from: .*Name that one/],
    [["pull", "a:1", "--from", "/a"], /--from: .* is not oci:FOLDER:TAG/],
  ])("%j is refused", async (args, message) => {
    const { exitCode, stderr } = await images(args[0] ?? "", ...args.slice(1));
    expect(exitCode).toBeGreaterThan(0);
    expect(stderr).toMatch(message);
  });

  test("two pulls at the same time end well, and names share a tree until the last goes", async () => {
    const from = ["--from", `oci:${layout}:image`];
    const results = await Promise.all([
      images("pull", "first:1", ...from),
      images("pull", "second:1", ...from),
      images("pull", tool()),
    ]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(trees()).toHaveLength(1);
    await images("rm", "first:1", tool());
    expect(trees()).toHaveLength(1);
    // Docker Hub's short name and the whole one are the same.
    await images("rm", "docker.io/library/second:1");
    expect(trees()).toEqual([]);
    expect(staging()).toEqual([]);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends a pull in order, with %i", async (signal, exitCode) => {
    const stalling = await serveLayout(layout);
    try {
      const asked = stalling.stall();
      const name = `${stalling.address}/tool:1`;
      const words = ["images", "pull", name, "other:1", ...linux];
      const child = startCli(words, { env: { XDG_DATA_HOME: data } });
      const result = resultOf(child);
      const { closed } = await asked;
      child.kill(signal);
      await closed;
      // The next one has no turn any more.
      expect(await result).toMatchObject({ exitCode, stdout: "" });
      expect((await result).stderr).not.toContain("failed");
      expect(staging()).toEqual([]);
    } finally {
      stalling.stop();
    }
  });

  test("what a killed pull left goes with the next run", async () => {
    const stalling = await serveLayout(layout);
    try {
      const asked = stalling.stall();
      const name = `${stalling.address}/tool:1`;
      const child = startCli(["images", "pull", name, ...linux], { env: { XDG_DATA_HOME: data } });
      const { closed } = await asked;
      child.kill("SIGKILL");
      // skopeo dies with it.
      await closed;
      expect(staging()).toHaveLength(1);
      await cli(["run", ...linux, "--", "true"]);
      expect(staging()).toEqual([]);
    } finally {
      stalling.stop();
    }
  });

  const noTree =
    dockerSkipReason() ?? (process.getuid?.() === 0 ? undefined : "root makes the tree");
  test.skipIf(noTree !== undefined)(
    `runs python, node and gcc of a whole Debian ${noTree ?? ""}`,
    async () => {
      const { tar } = await debianTree();
      const packed = join(folder.path, "debian.tar.gz");
      await promisify(execFile)("sh", ["-c", `gzip -1 <"$0" >"$1"`, tar, packed], {
        timeout: 120_000,
      });
      const source = writeLayout(join(folder.path, "debian"), { layers: [await readFile(packed)] });
      const pulled = await images("pull", "debian:whole", "--from", source);
      expect(pulled).toMatchObject({ exitCode: 0 });
      const run = (language: string, code: string): Promise<CliResult> =>
        cli(["run", ...linux, "--image", "debian:whole", "-l", language, "-c", code]);
      const c = '#include <stdio.h>\nint main(void) { puts("c"); }';
      expect((await run("python", "import ssl, json; print(6 * 7)")).stdout).toBe("42\n");
      expect((await run("javascript", "console.log(process.platform)")).stdout).toBe("linux\n");
      expect((await run("c", c)).stdout).toBe("c\n");
    },
    280_000,
  );
});
