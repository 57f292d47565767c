/**
 * @module
 * `glovebox languages` and its subcommands.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { isRequired, skipUnless } from "../helpers/require.ts";
import {
  glovebox,
  linuxGap,
  program,
  resultOf,
  temporaryFolder,
  untilText,
  type CliProcess,
  type CliResult,
} from "./cli-fixture.ts";

const folder = temporaryFolder();
const env: Record<string, string> = {};
for (const [name, below] of [
  ["XDG_DATA_HOME", "data"],
  ["XDG_CACHE_HOME", "cache"],
  ["TMPDIR", "tmp"],
] as const) {
  env[name] = join(folder.path, below);
  mkdirSync(env[name]);
}
afterAll(() => {
  folder.remove();
});

const linux = ["--provider", "linux"];
const languages = (...args: readonly string[]): Promise<CliResult> =>
  glovebox(["languages", ...args], { env });
const temporary = (): readonly string[] => readdirSync(join(folder.path, "tmp"));

describe("wrong usage of `languages`", () => {
  test.each([
    [["install"], /LANG: name languages, or write --all/],
    [["install", "--all", "lua"], /LANG: name languages, or write --all, not both/],
    [["install", "klingon"], /^glovebox: LANG: `klingon` is unknown/],
    [["install", "lua@"], /LANG: .*after @ comes a version/],
    [["install", "lua", "--method", "magic"], /--method: .*apt, tree, npm, image/],
    [["install", "lua@5.4", "--method", "tree"], /--method: .*one version only/],
    [["install", "lua", "--method", "tree", "--provider", "process"], /needs `--provider linux`/],
    [["install", "deno", "--method", "tree"], /`tree` has no TypeScript \(Deno\)/],
    [["install", "lua", "--method", "npm"], /`npm` has no Lua/],
    [
      ["install", "lua", "--provider", "process"],
      /--provider: `process` .*needs `--provider linux`/,
    ],
    [["remove"], /LANG: /],
    [["remove", "lua", "--provider", "process"], /no trees or images/],
  ])("%j", async (args, message) => {
    const { exitCode, stdout, stderr } = await languages(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });
});

const gap = skipUnless("linux", linuxGap());

describe.skipIf(gap !== undefined)(`\`languages\` with the provider linux ${gap ?? ""}`, () => {
  test("shows each language in 80 columns, with its version or what brings it", async () => {
    const { exitCode, stdout } = await languages(...linux);
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^LANGUAGE +TITLE +VERSION/);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const own = lines.filter((line) => /^\w/.test(line));
    expect(own.length).toBeGreaterThan(50);
    for (const line of own.slice(1)) {
      const id = line.split(" ", 1)[0] ?? "";
      expect(line).toMatch(
        new RegExp(`  (\\d[\\w.+-]*|installed|glovebox languages install ${id})$`),
      );
    }
  });

  test("--json has the same", async () => {
    const { stdout } = await languages(...linux, "--json");
    const document = JSON.parse(stdout) as { languages: Record<string, unknown>[] };
    const node = document.languages.find(({ id }) => id === "javascript");
    expect(node).toMatchObject({
      highlight: "JavaScript",
      installed: true,
      install: "glovebox languages install javascript",
      runtimes: [{ version: expect.any(String) as string, image: null, size_bytes: null }],
    });
  });

  const hasLua = isInstalled("lua5.4");
  const noApt = process.getuid?.() === 0 && hasLua ? undefined : "needs root and lua5.4";
  test.skipIf(noApt !== undefined)(
    `installs by apt what is there already ${noApt ?? ""}`,
    async () => {
      const { exitCode, stdout, stderr } = await languages("install", "lua", ...linux);
      expect(stdout).toMatch(/^lua 5\.4\.\d+\n$/);
      expect(stderr).toContain("all packages are there");
      expect(exitCode).toBe(0);
      const removed = await languages("remove", "lua", ...linux);
      expect(removed).toMatchObject({ exitCode: 0, stdout: "" });
      expect(removed.stderr).toContain("apt-get remove lua5.4");
      const quiet = await languages("install", "lua", "-q", ...linux);
      expect(quiet).toMatchObject({ exitCode: 0, stdout, stderr: "" });
    },
  );

  test.skipIf(!isInstalled("dpkg"))("advises to remove nothing that the system needs", async () => {
    const { exitCode, stdout, stderr } = await languages("remove", "bash", "sed", ...linux);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toMatch(/bash comes from packages that this system .* needs: it stays/);
    expect(stderr).not.toContain("apt-get remove");
  });

  test.skipIf(!isInstalled("dpkg"))("of all it says in one line that packages stay", async () => {
    const { exitCode, stdout, stderr } = await languages("remove", "--all", ...linux);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toMatch(/^glovebox: what this system's own packages brought stays; [^\n]*\n$/);
  });

  test.skipIf(!isInstalled("sed") || process.getuid?.() === 0)(
    "makes no copy of what the system has, as an ordinary user",
    async () => {
      const { exitCode, stdout, stderr } = await languages("install", "sed", ...linux);
      expect({ exitCode, stdout }).toEqual({
        exitCode: 0,
        stdout: expect.stringMatching(/^sed \d[\d.]*\n$/) as string,
      });
      expect(stderr).toBe(
        "glovebox: sed: this system has it; for a copy in a tree add --method tree\n",
      );
    },
  );

  test.skipIf(!isInstalled("g++"))("prepares C++ into the user's own cache", async () => {
    const { exitCode, stdout } = await languages("prepare", "cpp", ...linux);
    expect(stdout).toMatch(/^cpp \d+\.\d+\.\d+, prepared\n$/);
    expect(exitCode).toBe(0);
    expect(readdirSync(join(folder.path, "cache/glovebox/prepared"))).toHaveLength(1);
  });
});

/** On a busy machine; twice the time that it takes alone. */
const TREE_TIMEOUT_MS = 280_000;
/** Two minutes and 40 MB from a mirror: only where somebody demands it. */
const notDemanded = isRequired("trees") ? undefined : "(runs with GLOVEBOX_REQUIRE=trees)";
const noTrees = gap ?? notDemanded ?? skipUnless("trees", await treesGap());

describe.skipIf(noTrees !== undefined)(`Debian trees ${noTrees ?? ""}`, () => {
  const started: CliProcess[] = [];
  const install = (...flags: readonly string[]): CliProcess => {
    const words = ["languages", "install", "lua", "--method", "tree", ...linux, ...flags];
    const child = spawn(process.execPath, [program, ...words], {
      env: { ...process.env, GLOVEBOX_NO_BUILD: "1", ...env },
      stdio: "pipe",
      timeout: TREE_TIMEOUT_MS - 10_000,
      killSignal: "SIGTERM",
    });
    started.push(child);
    return child;
  };
  // What a failed test left: it tidies up.
  afterEach(async () => {
    for (const child of started) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  });

  test(
    "Ctrl-C leaves nothing but the packages; then a tree is made, used, listed and removed",
    async () => {
      const left = `glovebox-tree-${readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")}-4194999-1-ab`;
      mkdirSync(join(folder.path, "tmp", left, "tmp"), { recursive: true });
      const stopped = install("-v");
      const stoppedResult = resultOf(stopped);
      await untilText(stopped.stderr, "installing essential packages");
      expect(temporary()).toHaveLength(1);
      expect(temporary()).not.toContain(left);
      // The host's own /dev/shm and /proc lie below the tree now, and only the child may see that.
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(folder.path);
      stopped.kill("SIGINT");
      expect(await stoppedResult).toMatchObject({ exitCode: 130, stdout: "" });
      expect(temporary()).toEqual([]);

      const made = await resultOf(install("-v"));
      expect(made.stderr).toContain("Need to get 0 B");
      expect(made).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(
          /^lua 5\.\d\.\d+ \(localhost\/glovebox\/lua:debian\)\n$/,
        ) as string,
      });
      expect(temporary()).toEqual([]);

      const code = 'print(os.getenv("PATH"))';
      const run = [
        "run",
        ...linux,
        "--image",
        "localhost/glovebox/lua:debian",
        "-l",
        "lua",
        "-c",
        code,
      ];
      expect(await glovebox(run, { env })).toMatchObject({ exitCode: 0, stderr: "" });
      const list = await languages(...linux);
      expect(list.stdout).toMatch(/5\.\d\.\d+ \(made here, [\d.]+ MB\)\n/);
      const again = await resultOf(install());
      expect(again).toMatchObject({ exitCode: 0, stdout: made.stdout });
      expect(again.stderr).toContain("glovebox languages remove lua");

      const removed = await languages("remove", "lua", ...linux);
      expect(removed.stdout).toMatch(/^removed localhost\/glovebox\/lua:debian \([\d.]+ MB\)\n$/);
      const images = join(folder.path, "data/glovebox/images");
      expect(readdirSync(images).sort()).toEqual(["names", "staging"]);
      expect(readdirSync(join(images, "names"))).toEqual([]);
      expect(temporary()).toEqual([]);
    },
    TREE_TIMEOUT_MS,
  );
});

function isInstalled(program: string): boolean {
  return hasPrograms([program]);
}

function hasPrograms(programs: readonly string[]): boolean {
  return programs.every((name) =>
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].some((path) => {
      try {
        return readdirSync(path).includes(name);
      } catch {
        return false;
      }
    }),
  );
}

/** Why no tree can be made here; packages come from the host's own sources. */
async function treesGap(): Promise<string | undefined> {
  const needed = ["mmdebstrap", "skopeo", "apt-get"];
  if (process.getuid?.() !== 0) needed.push("fakechroot", "fakeroot");
  const missing = needed.filter((name) => !isInstalled(name));
  if (missing.length > 0) return `${missing.join(", ")} is missing`;
  const words = ["indextargets", "--no-release-info", "--format", "$(URI)", "Identifier: Packages"];
  const uris = execFileSync("apt-get", words, { encoding: "utf8", timeout: 20_000 });
  const base = /^(https?:\S+\/dists\/[^/]+\/)main\//m.exec(uris)?.[1];
  if (base === undefined) return "apt has no source with a main component";
  const signal = AbortSignal.timeout(10_000);
  const reached = await fetch(`${base}InRelease`, { method: "HEAD", signal }).catch(
    () => undefined,
  );
  return reached?.ok === true ? undefined : `${base} can't be reached`;
}
