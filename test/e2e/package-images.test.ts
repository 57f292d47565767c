/**
 * @module
 * Packages whose programs come from an image: of a registry, with whalebrew's labels, and built from a
 * Dockerfile, as msh had them.
 */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { writeLayout } from "../helpers/images/layout.ts";
import { imagesGap, programLayer } from "../helpers/images/programs.ts";
import { serveLayout, type LayoutRegistry } from "../helpers/images/registry.ts";
import { skipUnless } from "../helpers/require.ts";
import { glovebox, linuxGap, temporaryFolder, type CliResult } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap()) ?? skipUnless("images", imagesGap());
const folder = temporaryFolder();
const work = join(folder.path, "work");
mkdirSync(work);
afterAll(() => {
  folder.remove();
});

const env = {
  XDG_STATE_HOME: join(folder.path, "state"),
  XDG_DATA_HOME: join(folder.path, "data"),
};
mkdirSync(env.XDG_DATA_HOME);

function write(name: string, text: string): string {
  const file = join(folder.path, name);
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

describe.skipIf(gap !== undefined)(`packages of images ${gap ?? ""}`, () => {
  const layout = join(folder.path, "layout");
  let registry: LayoutRegistry;
  const image = (): string => `${registry.address}/acme/tool:1`;
  const cli = (...args: readonly string[]): Promise<CliResult> =>
    glovebox(args, { env, cwd: work });
  beforeAll(async () => {
    const settings = {
      Entrypoint: ["sh", "-c", 'echo "$OF_IMAGE $TOKEN $@"; ls', "shout"],
      Labels: {
        "io.whalebrew.name": "shout",
        "io.whalebrew.config.environment": '["TOKEN"]',
        "io.whalebrew.config.volumes": '["~/.none:/root/.none:ro"]',
        "io.whalebrew.config.missing_volumes": "skip",
      },
    };
    writeLayout(layout, {
      layers: [gzipSync(programLayer(), { level: 1 })],
      env: ["PATH=/bin", "OF_IMAGE=yes"],
      settings,
    });
    registry = await serveLayout(layout);
    writeFileSync(join(work, "seen.txt"), "");
  });
  afterAll(() => {
    registry.stop();
  });

  test("an image with whalebrew's labels is a package", async () => {
    const into = join(folder.path, "bin");
    const added = await cli("package", "add", "--image", image(), "--into", into, "-y");
    expect([added.exitCode, added.stderr]).toEqual([0, expect.stringContaining("added")]);
    const ran = await glovebox([join(into, "shout"), "loud", "er"], {
      ...{ cwd: work, env: { ...env, TOKEN: "secret" } },
    });
    expect(ran).toMatchObject({ exitCode: 0, stdout: "yes secret loud er\nseen.txt\n" });
    const audit = await cli("package", "audit", join(into, "shout"));
    expect(audit.stdout).toContain("* Connect to any host");
    expect(audit.stdout).toContain('* Read the file or directory "~/.none"');
  });

  test("whalebrew's own file runs as it is, and its image is fetched when it is approved", async () => {
    const file = write("tool", `#!/usr/bin/env whalebrew\nimage: ${image()}\n`);
    expect(await cli("package", "approve", "-y", file)).toMatchObject({ exitCode: 0 });
    expect(await cli(file, "x")).toMatchObject({ stdout: "yes  x\nseen.txt\n" });
  });

  test("a script runs in an image, beside the folder", async () => {
    const file = write(
      "script",
      `#!/usr/bin/env glovebox\nglovebox: 1\nname: script\nimage: ${image()}\ncommand: [sh, -c, 'id -u; cat seen.txt | ls; touch x']\n`,
    );
    expect(await cli("package", "approve", "-y", file)).toMatchObject({ exitCode: 0 });
    const ran = await cli(file);
    expect(ran.stdout).toMatch(/^\d+\nseen.txt\n$/);
    expect(ran.stderr).toContain("Read-only file system");
  });

  test("an image that can't be had keeps the package from being approved", async () => {
    const none = `${registry.address}/acme/none:1`;
    const file = write("none", `#!/usr/bin/env whalebrew\nimage: ${none}\n`);
    const told = await cli("package", "approve", "-y", file);
    expect(told.exitCode).not.toBe(0);
    expect(told.stderr).toContain("could not be fetched");
    expect(await cli(file)).toMatchObject({ exitCode: 126 });
  });
});

const dockerGap = dockerSkipReason();

describe.skipIf(dockerGap !== undefined)(`Dockerfiles as packages ${dockerGap ?? ""}`, () => {
  let daemon: DockerdUser;
  beforeAll(async () => {
    daemon = await sharedDockerd();
    if (process.getuid?.() === 0) chownSync(work, 1000, 1000);
    chmodSync(folder.path, 0o755);
  }, DOCKERD_TIMEOUT_MS);

  test("msh's run as they are: built once, on the folder, with arguments", async () => {
    const file = write(
      "say",
      '#!/usr/bin/env msh\nFROM tiny:1\nENV GREETING=hello\nENTRYPOINT ["sh", "-c", "echo $GREETING $@; echo made > made.txt", "say"]\n',
    );
    const cli = (...args: readonly string[]): Promise<CliResult> =>
      glovebox(args, { cwd: work, env: { ...env, DOCKER_HOST: daemon.host } });
    const approved = await cli("package", "approve", "-y", file);
    expect(approved).toMatchObject({ exitCode: 0 });
    expect(approved.stderr).toContain("building");
    expect(await cli(file, "you")).toMatchObject({ exitCode: 0, stdout: "hello you\n" });
    expect((await cli("package", "audit", file)).stdout).toContain("| FROM tiny:1");
  });
});
