import { describe, expect, test } from "vitest";
import { glovebox } from "./cli-fixture.ts";

/** Nothing that could isolate: no launcher, and no daemon. */
const bare = {
  GLOVEBOX_LAUNCHER: "/nonexistent/launcher",
  DOCKER_HOST: "unix:///nonexistent/docker.sock",
};

describe("where nothing can isolate", () => {
  test.each([
    ["run", ["run", "-l", "bash", "-c", "echo ran"]],
    ["languages", ["languages"]],
    ["serve", ["serve", "--port", "0"]],
  ])("%s says why of both, and how to mend it", async (_name, args) => {
    const { exitCode, stdout, stderr } = await glovebox(args, { env: bare });
    expect(stderr).toMatch(/^glovebox: nothing can isolate a program here\./);
    expect(stderr).toMatch(
      /linux: GLOVEBOX_LAUNCHER names .*to mend it: Unset GLOVEBOX_LAUNCHER\./,
    );
    expect(stderr).toMatch(
      /docker: cannot talk to the daemon at unix:\/\/\/nonexistent.*to mend it: /,
    );
    expect(stderr).toMatch(/`glovebox doctor` tells more\.\n$/);
    expect({ exitCode, stdout }).toEqual({ exitCode: 125, stdout: "" });
  });

  test("doctor says so too", async () => {
    const { exitCode, stdout, stderr } = await glovebox(["doctor"], { env: bare });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(stdout).toMatch(/^linux can't serve: .*\n {2}remedy: Unset GLOVEBOX_LAUNCHER\n/);
    expect(stdout).toMatch(/^docker can't serve: .*\n {2}remedy: /m);
    expect(stdout).toMatch(/no program can be isolated here\n$/);
  });

  test("doctor --json says so too", async () => {
    const { exitCode, stdout } = await glovebox(["doctor", "--json"], { env: bare });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      provider: null,
      available: false,
      ok: false,
      passedOver: [{ provider: "linux" }, { provider: "docker" }],
    });
  });
});

describe("a provider that was named", () => {
  test.each([
    ["linux", ["--provider", "linux"], /^glovebox: linux: GLOVEBOX_LAUNCHER names /],
    ["docker", ["--provider", "docker"], /^glovebox: docker: cannot talk to the daemon at /],
    ["docker by its image", ["--image", "a:1"], /^glovebox: docker: cannot talk to the daemon at /],
  ])("%s gives way to no other", async (_name, flags, message) => {
    const args = ["run", ...flags, "-l", "bash", "-c", "echo ran"];
    const { exitCode, stdout, stderr } = await glovebox(args, { env: bare });
    expect(stderr).toMatch(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 125, stdout: "" });
  });

  test("is what doctor looks at", async () => {
    const { exitCode, stdout } = await glovebox(["doctor", "--provider", "docker"], { env: bare });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^provider docker, \S+ \S+, user .*\ndaemon +at unix:/);
    expect(stdout).toMatch(/no sandbox can be started here: cannot talk to the daemon/);
  });
});

describe("glovebox images", () => {
  test.each<[string[], number, RegExp]>([
    [["ls"], 125, /docker: cannot talk to the daemon at unix:\/\/\/nonexistent/],
    [["pull", "python"], 125, /docker: cannot talk to the daemon/],
    [["pull", "pyhton"], 2, /no language is called "pyhton".*NAME:TAG\. Did you mean `python`/],
    [["pull", "--all", "python"], 2, /--all: can't be used together with LANG/],
    [["build", "python"], 2, /`python:3` is not built here, it is fetched: `glovebox images pull/],
    [["rm"], 2, /LANG: is missing: name what to remove, or write --all/],
    [["pull", "--fast"], 2, /unknown option '--fast'\. See `glovebox images pull --help`/],
    [["tidy"], 2, /unknown command 'tidy'\. See `glovebox images --help`/],
    [["ls", "--docker-host", "ssh://a"], 2, /docker: .*`ssh:\/\/a`: ssh:\/\/ is not supported/],
  ])("%j fails with %i and one line", async (args, code, message) => {
    const { exitCode, stdout, stderr } = await glovebox(["images", ...args], { env: bare });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^glovebox: [^\n]+\n$/);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
  });

  test.each([
    [["images", "--help"], "pull"],
    [["help", "images"], "build"],
    [["images", "ls", "--help"], "--json"],
    [["images", "pull", "--help"], "--all"],
  ])("the help of %j is on stdout, in at most 100 columns", async (args, word) => {
    const { exitCode, stdout, stderr } = await glovebox(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain(word);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
