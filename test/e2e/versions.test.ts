/**
 * @module
 * Several versions of a language side by side, in images, as the command line and HTTP choose them.
 */
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { file, writeLayout } from "../helpers/images/layout.ts";
import { imagesGap, programLayer } from "../helpers/images/programs.ts";
import { skipUnless } from "../helpers/require.ts";
import { glovebox, linuxGap, serveCli, temporaryFolder, type CliResult } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap()) ?? skipUnless("images", imagesGap());
const linux = ["--provider", "linux"];

/** As real images: each has its own interpreter, which says its version. */
const versions = { "bash:1": "1.0.7", "bash:2.5": "2.5.0" };

describe.skipIf(gap !== undefined)(`versions side by side ${gap ?? ""}`, () => {
  const folder = temporaryFolder();
  const env = { XDG_DATA_HOME: join(folder.path, "data") };
  const cli = (...args: readonly string[]): Promise<CliResult> =>
    glovebox(args, { env, cwd: folder.path });
  /** What a program sees of the version that runs it: nothing, on this machine itself. */
  const code = "cat /interpreter 2>/dev/null || echo this machine";
  const run = (language: string, ...flags: readonly string[]): Promise<CliResult> =>
    cli("run", ...linux, ...flags, "-l", language, "-c", code);

  beforeAll(async () => {
    mkdirSync(env.XDG_DATA_HOME);
    for (const [name, version] of Object.entries(versions)) {
      const script = `#!/bin/sh
        if [ "$1" = --version ]; then echo "GNU bash, version ${version}(1)-release"; exit; fi
        exec /bin/sh "$@"\n`;
      const interpreter = file("bin/bash", script, 0o755);
      const from = writeLayout(join(folder.path, version), {
        layers: [programLayer([interpreter, file("interpreter", `${name}\n`)])],
        env: ["PATH=/bin"],
      });
      expect(await cli("images", "pull", name, ...linux, "--from", from)).toMatchObject({
        exitCode: 0,
      });
    }
  });
  afterAll(() => {
    folder.remove();
  });

  test.each([
    ["bash@1", "bash:1\n"],
    ["bash@1.0.7", "bash:1\n"],
    ["bash@2", "bash:2.5\n"],
    ["Bash@v2.5", "bash:2.5\n"],
    ["bash@5", "this machine\n"],
    ["bash@*", "this machine\n"],
    ["bash", "this machine\n"],
  ])("`run -l %s` runs it in %j", async (language, stdout) => {
    expect(await run(language)).toMatchObject({ exitCode: 0, stdout, stderr: "" });
  });

  test("`run -l LANG@VERSION` goes with each form, and the report names the version", async () => {
    const file = join(folder.path, "main.py");
    const { stdout } = await glovebox(["run", ...linux, "--json", "-l", "bash@1", "-"], {
      env,
      stdin: code,
    });
    expect(JSON.parse(stdout)).toMatchObject({ version: "1.0.7", run: { stdout: "bash:1\n" } });
    await writeFile(file, code);
    for (const flags of [[], ["--workspace", folder.path]]) {
      const words = ["run", ...linux, ...flags, "-l", "bash@2", file];
      expect(await cli(...words)).toMatchObject({ exitCode: 0, stdout: "bash:2.5\n" });
    }
  });

  test.each([
    ["bash@3", "or get it: glovebox languages install bash@3"],
    ["bash@2.50", "or get it: glovebox languages install bash@2.50"],
    ["bash@v4", "or get it: glovebox languages install bash@4"],
    // That can't be an image.
    ["bash@9 9", "or leave the version out"],
  ])("`run -l %s` fails with what is there and how to get it", async (language, way) => {
    const { exitCode, stdout, stderr } = await run(language);
    expect([exitCode, stdout]).toEqual([125, ""]);
    expect(stderr).toMatch(/ has 5\.[\d.]+, 2\.5\.0 \(bash:2\.5\), 1\.0\.7 \(bash:1\)\. Use one /);
    expect(stderr.trimEnd().endsWith(way)).toBe(true);
  });

  test.each([
    // No registry has images of it.
    ["sed@1", 125, /has 4\.[\d.]+\. Use one of these, or leave the version out$/m],
    ["bash@", 2, /after @ comes a version/],
    ["bahs@1", 2, /Did you mean `bash`/],
  ])("`run -l %s` fails with %i", async (language, exitCode, message) => {
    const result = await run(language);
    expect(result).toMatchObject({ exitCode, stdout: "" });
    expect(result.stderr).toMatch(message);
  });

  test("a version and an image can't be asked for together", async () => {
    const { exitCode, stderr } = await run("bash@1", "--image", "bash:2.5");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("`bash@1` can't be used with --image");
    expect(await run("bash@*", "--image", "bash:2.5")).toMatchObject({ stdout: "bash:2.5\n" });
  });

  test("`languages` lists them, the one first that is used by itself, then the newest", async () => {
    const { stdout } = await cli("languages", ...linux);
    expect(stdout).toMatch(
      /^bash +Bash +5\.[\d.]+\n +2\.5\.0 \(bash:2\.5, .*\)\n +1\.0\.7 \(bash:1, .*\)\n/m,
    );
  });

  test.each([
    ["bash@1", "bash 1.0.7 (bash:1)\n"],
    ["bash@2", "bash 2.5.0 (bash:2.5)\n"],
    ["bash@5", /^bash 5\.[\d.]+\n$/],
  ])("`languages prepare %s` is about that one", async (language, stdout) => {
    const result = await cli("languages", "prepare", language, ...linux);
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    expect(result.stdout).toMatch(stdout);
  });

  test("`languages prepare` of a version that is not there fails with what is", async () => {
    const { exitCode, stdout, stderr } = await cli("languages", "prepare", "bash@3", ...linux);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/ has 5\.[\d.]+, .*2\.5\.0 \(bash:2\.5\).*install bash@3\n$/);
  });

  test("`languages install` asks no registry for an image that is there", async () => {
    const words = ["languages", "install", "bash@1", ...linux];
    // Without skopeo it could not.
    const result = await glovebox(words, { env: { ...env, PATH: "/nonexistent" } });
    expect(result).toMatchObject({
      exitCode: 0,
      stdout: "bash 1.0.7 (bash:1)\n",
      stderr:
        "glovebox: bash: bash:1 is there; to get it anew: glovebox images pull bash:1 --provider linux\n",
    });
  });

  describe("over HTTP", () => {
    let url: string;
    let stop: () => Promise<CliResult>;
    beforeAll(async () => {
      ({ url, stop } = await serveCli([...linux, "--allowed-images", "bash:2*"], { env }));
    });
    afterAll(async () => {
      expect((await stop()).exitCode).toBe(0);
    });

    const execute = async (more: object): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${url}/v1/execute`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ language: "bash", code, ...more }),
      });
      return { status: response.status, body: await response.json() };
    };

    test.each([
      [{ version: "1" }, "1.0.7", "bash:1\n"],
      [{ version: "2.5" }, "2.5.0", "bash:2.5\n"],
      [{ version: "5" }, expect.stringMatching(/^5/) as string, "this machine\n"],
      [{ image: "bash:2.5" }, null, "bash:2.5\n"],
      [{ image: "bash:2.5", version: "1" }, null, "bash:2.5\n"],
    ])("%j is run", async (more, version, stdout) => {
      expect(await execute(more)).toMatchObject({
        status: 200,
        body: { version, run: { stdout } },
      });
    });

    test.each([
      [{ version: "3" }, 422, "LANGUAGE_NOT_INSTALLED", /2\.5\.0 \(bash:2\.5\).* bash@3$/],
      [{ image: "bash:1" }, 403, "NOT_ALLOWED", /allowed: bash:2\*/],
      [{ image: "bash:1", version: "1" }, 403, "NOT_ALLOWED", /allowed: bash:2\*/],
      // Allowed, and not there: a server fetches nothing.
      [{ image: "bash:2.6" }, 422, "IMAGE_NOT_FOUND", /images pull bash:2\.6 --provider linux$/],
    ])("%j is refused with %i", async (more, status, code, message) => {
      const answer = await execute(more);
      expect(answer).toMatchObject({ status, body: { error: { code } } });
      expect((answer.body as { error: Error }).error.message).toMatch(message);
    });

    test("/v1/languages lists them", async () => {
      const response = await fetch(`${url}/v1/languages`);
      const { languages } = (await response.json()) as { languages: { id: string }[] };
      expect(languages.find(({ id }) => id === "bash")).toMatchObject({
        runtimes: [
          { image: null },
          { version: "2.5.0", image: "bash:2.5" },
          { version: "1.0.7", image: "bash:1" },
        ],
      });
    });
  });
});
