import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, afterAll, describe, expect, test } from "vitest";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { startRegistry, type Registry } from "../helpers/docker/registry.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { glovebox, program, resultOf, startCli, untilText, type CliResult } from "./cli-fixture.ts";

const gap = dockerSkipReason();

describe.skipIf(gap !== undefined)(`the CLI with docker${gap ? ` (${gap})` : ""}`, () => {
  let daemon: DockerdUser;
  let registry: Registry | undefined;
  /** In the registry, and not at the daemon. */
  let pullable: string;
  /** Nowhere. */
  let missing: string;
  beforeAll(async () => {
    daemon = await sharedDockerd();
    registry = await startRegistry(daemon);
    pullable = `${registry.address}/tiny:1`;
    missing = `${registry.address}/none:1`;
  }, DOCKERD_TIMEOUT_MS);
  afterAll(() => registry?.stop());

  /** With the daemon where the environment says. */
  const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
    glovebox(args, { env: { DOCKER_HOST: daemon.host, ...env } });
  const forget = async (image: string): Promise<void> => {
    await cli(["images", "rm", image]);
  };
  const isThere = async (image: string): Promise<boolean> =>
    (await daemon.docker("images", "--quiet", image)) !== "";

  test("runs a language in its image, and a command in an image of one's choice", async () => {
    const code = await cli(["run", "--provider", "docker", "-l", "python", "-c", "print(6 * 7)"]);
    expect(code).toMatchObject({ exitCode: 0, stdout: "42\n" });
    const args = [
      "run",
      "--image",
      "tiny:1",
      "--workspace",
      "/usr",
      "--",
      "sh",
      "-c",
      "echo $0; exit 3",
    ];
    expect(await cli(args)).toMatchObject({ exitCode: 3, stdout: "sh\n" });
  });

  test("finds the daemon by --docker-host, and takes an OCI runtime by name", async () => {
    const where = ["--docker-host", daemon.host];
    const run = ["run", ...where, "--oci-runtime", "runc", "-l", "bash", "-c", "echo here"];
    expect(await cli(run, { DOCKER_HOST: "unix:///nonexistent" })).toMatchObject({
      exitCode: 0,
      stdout: "here\n",
    });
    const missing = await cli(["run", "--oci-runtime", "runx", "-l", "bash", "-c", "echo here"]);
    expect(missing).toMatchObject({ exitCode: 125, stdout: "" });
    expect(missing.stderr).toMatch(/no OCI runtime `runx`: use one of .*`runc`/);
  });

  /** Ends in a user namespace in which no other can be made, as root or as somebody else there. */
  const withoutNamespaces = (as: readonly string[], args: readonly string[]) =>
    promisify(execFile)(
      "unshare",
      [
        "--user",
        ...as,
        ...["sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$0" "$@"'],
        ...[process.execPath, program, ...args],
      ],
      {
        env: { ...process.env, GLOVEBOX_NO_BUILD: "1", DOCKER_HOST: daemon.host },
        timeout: 40_000,
      },
    );

  test.each([
    ["by a look at the host", ["--map-user=1000", "--keep-caps"]],
    ["by the failure of the run", ["--map-root-user"]],
  ])("auto takes it where linux can't serve, known %s", async (_how, as) => {
    const args = ["run", "-l", "bash", "-c", "read line; echo got $line"];
    const running = withoutNamespaces(as, args);
    running.child.stdin?.end("input\n");
    expect((await running).stdout).toBe("got input\n");
    const doctor = await withoutNamespaces(as, ["doctor"]).catch((error: unknown) => error);
    expect((doctor as { stdout: string }).stdout).toMatch(
      /^linux can't serve: namespaces: .*\n {2}remedy: .*\nauto chooses docker: .*\n\nprovider docker,/,
    );
  });

  test("doctor shows the daemon and each of its OCI runtimes", async () => {
    const { stdout } = await cli(["doctor", "--provider", "docker"]);
    expect(stdout).toMatch(/^provider docker, /);
    expect(stdout).toContain(daemon.host);
    expect(stdout).toMatch(/^OCI runtime runc +a sandbox was started, used$/m);
  });

  test("languages tells the versions that the images have", async () => {
    const { exitCode, stdout } = await cli(["languages", "--provider", "docker", "--json"]);
    expect(exitCode).toBe(0);
    const { languages } = JSON.parse(stdout) as {
      languages: { id: string; installed: boolean }[];
    };
    const installed = languages.filter((language) => language.installed).map(({ id }) => id);
    expect(installed).toEqual(expect.arrayContaining(["bash", "c", "cpp", "javascript", "python"]));
  });

  test("images ls shows what is there", async () => {
    const { exitCode, stdout } = await cli(["images", "ls"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^c, cpp.* +gcc:14 +\d+\.\d [MG]B$/m);
    expect(stdout).toMatch(/^- +debian:stable-slim +/m);
    const one = JSON.parse((await cli(["images", "ls", "--json", "python"])).stdout) as object;
    expect(one).toMatchObject({
      images: [{ image: "python:3", languages: ["python"], present: true }],
    });
  });

  test("images pull fetches one, goes on after one that fails, and rm removes it", async () => {
    await forget(pullable);
    const pulled = await cli(["images", "pull", missing, pullable]);
    expect(pulled.exitCode).toBe(1);
    expect(pulled.stderr).toMatch(
      /glovebox: docker: the image `\S+\/none:1` .*could not be pulled/,
    );
    expect(pulled.stderr).toMatch(/^glovebox: 1 of 2 images failed$/m);
    expect(pulled.stdout).toMatch(/^\S+\/tiny:1, \S+ .B, in \S+ s\n$/);
    expect(await isThere(pullable)).toBe(true);

    const quiet = await cli(["images", "pull", "-q", pullable]);
    expect(quiet).toMatchObject({ exitCode: 0, stderr: "" });

    expect(await cli(["images", "rm", pullable])).toMatchObject({
      exitCode: 0,
      stdout: `removed ${pullable}\n`,
    });
    expect(await isThere(pullable)).toBe(false);
    expect((await cli(["images", "rm", pullable])).stderr).toContain("was not there");
  });

  test("images pull without names fetches nothing: that would be all languages", async () => {
    const { exitCode, stderr } = await cli(["images", "pull"]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^glovebox: LANG: is missing: .*--all for \d+ images\.\n$/);
  });

  test("a run fetches what is missing, unless it may not", async () => {
    await forget(pullable);
    const run = ["run", "--workspace", "/usr", "--image", pullable];
    const command = ["--", "echo", "ran"];
    const never = await cli([...run, "--pull", "never", ...command]);
    expect(never).toMatchObject({ exitCode: 125, stdout: "" });
    expect(never.stderr).toContain(`glovebox images pull ${pullable}`);

    const missing = await cli([...run, ...command]);
    expect(missing).toMatchObject({ exitCode: 0, stdout: "ran\n" });
    expect(missing.stderr).toContain(`glovebox: ${pullable}  Pulling from tiny`);

    const quiet = await cli([...run, "-q", "--pull", "always", ...command]);
    expect(quiet).toMatchObject({ exitCode: 0, stdout: "ran\n", stderr: "" });
  });

  test("serve runs in it, lets a request choose, and stops with nothing left", async () => {
    const child = startCli(["serve", "--port", "0", "--provider", "docker"], {
      env: {
        DOCKER_HOST: daemon.host,
        GLOVEBOX_ALLOWED_PROVIDERS: "docker",
        GLOVEBOX_IMAGES_ALLOWED: "tiny:*",
        GLOVEBOX_DOCKER_POOL_SIZE: "1",
      },
    });
    const result = resultOf(child);
    const greeting = await untilText(child.stdout, "curl");
    const [, url = ""] = /listens on (\S+)/.exec(greeting) ?? [];
    const execute = async (more: object): Promise<unknown> => {
      const response = await fetch(`${url}/v1/execute`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ language: "bash", code: "echo ran", ...more }),
      });
      return response.json();
    };
    expect(await execute({})).toMatchObject({ run: { stdout: "ran\n" } });
    expect(await execute({ provider: "docker" })).toMatchObject({ run: { stdout: "ran\n" } });
    expect(await execute({ provider: "linux" })).toMatchObject({ error: { code: "NOT_ALLOWED" } });
    expect(await execute({ image: "bare:1" })).toMatchObject({ error: { code: "NOT_ALLOWED" } });
    // It has no bash.
    expect(await execute({ image: "tiny:1" })).toMatchObject({ run: { exit_code: 127 } });
    const info = (await (await fetch(`${url}/v1/info`)).json()) as object;
    expect(info).toMatchObject({ providers: [{ name: "docker", available: true }] });
    child.kill("SIGTERM");
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/"provider":"docker".*"OCI runtime runc"/);
    // Other tests have containers at the same daemon.
    const owners = await daemon.docker("ps", "--all", "--format", '{{.Label "glovebox.owner"}}');
    expect(owners).not.toContain(`-${child.pid ?? 0}-`);
  });
});
