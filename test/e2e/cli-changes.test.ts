import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { isKernelAtLeast } from "../../src/providers/linux/enforcement.ts";
import { findProgram } from "../helpers/find-program.ts";
import { skipWithoutMountedFolders } from "../helpers/mounted-folders.ts";
import { skipUnless } from "../helpers/require.ts";
import {
  glovebox,
  linuxGap,
  program,
  resultOf,
  startCli,
  temporaryFolder,
  untilText,
  type CliResult,
} from "./cli-fixture.ts";

const oldKernel = isKernelAtLeast(release(), [6, 6])
  ? undefined
  : `Linux ${release()} can't copy a folder: needs 6.6`;
const gap = skipUnless("linux", linuxGap()) ?? skipWithoutMountedFolders() ?? oldKernel;
const folder = temporaryFolder();
const project = join(folder.path, "project");
const state = join(folder.path, "state");
const kept = join(state, "glovebox/changes");
const env = { XDG_STATE_HOME: state };

beforeEach(() => {
  rmSync(project, { recursive: true, force: true });
  rmSync(state, { recursive: true, force: true });
  mkdirSync(join(project, "sub/deep"), { recursive: true });
  writeFileSync(join(project, "text"), "old\n");
  writeFileSync(join(project, "other"), "other\n");
  writeFileSync(join(project, "sub/inner"), "inner\n");
  writeFileSync(join(project, "sub/deep/far"), "far\n");
  // The sandbox's user must get to it, whoever runs the tests.
  chmodSync(folder.path, 0o755);
});

afterAll(() => {
  folder.remove();
});

/** Name, kind, mode and content of all that is in a folder. */
function pictureOf(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: "latin1" });
  const entries = names.sort().map((name) => {
    const file = Buffer.from(join(path, name), "latin1");
    const status = lstatSync(file);
    const content = status.isFile()
      ? readFileSync(file, "latin1")
      : status.isSymbolicLink()
        ? `-> ${readlinkSync(file)}`
        : "";
    return [name, `${(status.mode & 0o7777).toString(8)} ${content}`] as const;
  });
  return Object.fromEntries(entries);
}

async function runOnCopy(script: string, ...flags: readonly string[]): Promise<CliResult> {
  const words = ["run", "--workspace", `${project}:copy`, ...flags, "--", "sh", "-c", script];
  return glovebox(words, { env });
}

const changes = async (...words: readonly string[]): Promise<CliResult> =>
  glovebox(["changes", ...words], { env });

const keptIds = (): readonly string[] => (existsSync(kept) ? readdirSync(kept) : []);

describe.skipIf(gap !== undefined)(`--workspace DIR:copy${gap ? ` (${gap})` : ""}`, () => {
  const everything =
    "echo new > text && rm other && mkdir made && echo x > made/x && chmod 755 made/x && " +
    "ln -s x made/way && rm -r sub && mkdir sub && echo young > sub/young";
  const result = {
    made: "755 ",
    "made/way": "777 -> x",
    "made/x": "755 x\n",
    sub: "755 ",
    "sub/young": "644 young\n",
    text: "644 new\n",
  };

  test("changes nothing in DIR, and keeps what changed where nobody is asked", async () => {
    const before = pictureOf(project);
    const { stderr, exitCode } = await runOnCopy(everything);
    expect(exitCode).toBe(0);
    expect(pictureOf(project)).toEqual(before);
    const [id = ""] = keptIds();
    expect(stderr).toContain(`glovebox changes apply ${id}`);
    expect(stderr).toContain("M  text  4B -> 4B");

    expect((await changes("list")).stdout).toContain(id);
    expect((await changes("show", id)).stdout).toContain("-old\n+new\n");
    expect((await changes("apply", id)).exitCode).toBe(0);
    expect(pictureOf(project)).toEqual(result);
    expect(keptIds()).toEqual([]);
  });

  test("applies at once with --apply, with the program's exit code", async () => {
    const { exitCode } = await runOnCopy(`${everything}; exit 3`, "--apply");
    expect(exitCode).toBe(3);
    expect(pictureOf(project)).toEqual(result);
    expect(keptIds()).toEqual([]);
  });

  test("forgets all with --discard", async () => {
    const before = pictureOf(project);
    await runOnCopy(everything, "--discard");
    expect(pictureOf(project)).toEqual(before);
    expect(keptIds()).toEqual([]);
  });

  test("says nothing where nothing changed, though it was written to", async () => {
    const { stderr } = await runOnCopy("cat text > t; cat t > text; rm t; touch other", "--keep");
    expect(stderr).toBe("");
    expect(keptIds()).toEqual([]);
  });

  test("tells programs with --json", async () => {
    const { stdout } = await runOnCopy("echo new > text; rm other", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      exit_code: 0,
      changes: {
        state: "kept",
        folder: project,
        complete: true,
        changes: [
          { path: "other", effect: "deleted", after: null },
          { path: "text", effect: "changed", after: { kind: "file", mode: "644", size: 4 } },
        ],
      },
    });
    const discarded = await runOnCopy("echo new > text", "--json", "--discard");
    expect(JSON.parse(discarded.stdout)).toMatchObject({ changes: { state: "discarded" } });
  });

  test("sees the folder as it is, and may do there what it could in its own", async () => {
    const script =
      "cat text sub/deep/far && mv sub away && cat away/deep/far && ln text twin && ls -A";
    const { stdout, exitCode } = await runOnCopy(script, "--discard");
    expect({ stdout, exitCode }).toEqual({
      stdout: "old\nfar\nfar\naway\nother\ntext\ntwin\n",
      exitCode: 0,
    });
  });

  test("runs a program that lies in it", async () => {
    writeFileSync(join(project, "main.py"), "open('made', 'w').write('made')\n");
    const words = ["run", "--workspace", `${project}:copy`, "--apply", "main.py"];
    const { exitCode } = await glovebox(words, { env, cwd: project });
    expect(exitCode).toBe(0);
    expect(readFileSync(join(project, "made"), "utf8")).toBe("made");
  });

  test("writes no more than --disk", async () => {
    const script = "head -c 20000000 /dev/zero > big; echo $?; truncate -s 1T hole";
    const { stdout, stderr } = await runOnCopy(script, "--disk", "8MiB", "--keep");
    expect(stdout).toBe("1\n");
    expect(stderr).toContain("hole  left out: larger than --disk");
  });

  test("loses the changes with a sandbox that was ended, and says so", async () => {
    const before = pictureOf(project);
    const { stderr, exitCode } = await runOnCopy("rm -r *; sleep 60", "--timeout", "1s", "--apply");
    expect(exitCode).toBe(124);
    expect(stderr).toContain(`what it changed is lost, ${project} is as it was`);
    expect(pictureOf(project)).toEqual(before);
    expect(keptIds()).toEqual([]);
  });

  test("of a run that is killed leaves nothing in DIR", async () => {
    const before = pictureOf(project);
    const words = ["run", "--workspace", `${project}:copy`, "--apply", "--", "sh", "-c"];
    const child = startCli([...words, "rm -r *; echo gone; sleep 60"], { env });
    await untilText(child.stdout, "gone");
    const ended = resultOf(child);
    child.kill("SIGKILL");
    await ended;
    expect(pictureOf(project)).toEqual(before);
    expect((await changes("list")).stdout).toBe("Nothing is kept.\n");
  });

  test("is refused where it could not be kept to", async () => {
    const flags = ["--apply", "--", "true"];
    expect((await glovebox(["run", "--workspace", project, ...flags], { env })).exitCode).toBe(2);
    const words = ["run", "--workspace", `${folder.path}:copy`, "--", "true"];
    expect((await glovebox(words, { env })).stderr).toContain("where Glovebox keeps changes");
    const other = ["run", "--provider", "process", "--enforcement", "best-effort"];
    const refused = await glovebox([...other, "--workspace", `${project}:copy`, "--", "true"], {
      env,
    });
    expect(refused.exitCode).toBe(125);
    expect(refused.stderr).toContain("can't work on a copy");
  });

  describe("a program that means harm", () => {
    test("gets nothing written through its links", async () => {
      const outside = join(folder.path, "outside");
      writeFileSync(outside, "outside\n");
      const script = `ln -s ../outside out; ln -s /etc/passwd evil; rm text; ln -s ../outside text`;
      const { stderr, exitCode } = await runOnCopy(script, "--apply");
      expect(exitCode).toBe(125);
      expect(stderr).toContain("evil: leads out of the folder");
      expect(pictureOf(project)).toMatchObject({ text: "644 old\n" });
      const [id = ""] = keptIds();
      await changes("apply", "--all", id);
      expect(readlinkSync(join(project, "evil"))).toBe("/etc/passwd");
      // The links are there now, and so is what they lead to: a copy does not write through them.
      await runOnCopy("rm text; echo through > text; echo 1 > out", "--apply-all");
      expect(readFileSync(outside, "utf8")).toBe("outside\n");
    });

    test("gets no file that others act on, unless its user wants it", async () => {
      mkdirSync(join(project, ".git/hooks"), { recursive: true });
      const script = "echo evil > .git/hooks/pre-commit; echo evil > .envrc; echo fine > text";
      const { stderr } = await runOnCopy(script, "--apply");
      expect(stderr).toContain("! A  .git/hooks/pre-commit  5B; git runs it");
      expect(pictureOf(project)).toMatchObject({ text: "644 fine\n" });
      expect(readdirSync(join(project, ".git/hooks"))).toEqual([]);
      expect(existsSync(join(project, ".envrc"))).toBe(false);
    });

    test("gets no names onto the terminal that act there", async () => {
      const script = `echo 1 > "$(printf 'a\\033[2Jb\\nglovebox: fine\\342\\200\\256\\377')"`;
      const { stderr } = await runOnCopy(script, "--apply");
      expect(stderr).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
      expect(stderr).not.toMatch(/^glovebox: fine/m);
      expect(Object.keys(pictureOf(project))).toContain(
        Buffer.from("a\u001b[2Jb\nglovebox: fine\u202e").toString("latin1") + "\xff",
      );
    });

    test("gets no set-user-ID file, no device, no pipe", async () => {
      const script =
        "chmod 4755 text; mkfifo pipe; mknod null c 1 3; mknod gone c 0 0; chmod 0 other";
      await runOnCopy(script, "--apply-all");
      expect(Object.keys(pictureOf(project))).toEqual([
        "other",
        "sub",
        "sub/deep",
        "sub/deep/far",
        "sub/inner",
        "text",
      ]);
      expect(lstatSync(join(project, "text")).mode & 0o7000).toBe(0);
    });

    test("can't write where its changes are read, nor hide them", async () => {
      const script =
        "echo x > /.glovebox/changes/text; rm -r /.glovebox/changes; umount /workspace; " +
        "setfattr -n user.overlay.opaque -v y . ; echo new > text; sleep 30 & exit 0";
      const { stderr } = await runOnCopy(script, "--apply");
      expect(stderr).toContain("M  text");
      expect(pictureOf(project)).toMatchObject({ text: "644 new\n", "sub/inner": "644 inner\n" });
    });

    test("gets nowhere by a folder that somebody moves before the changes are applied", async () => {
      await runOnCopy("echo evil > sub/inner; echo evil > sub/new; rm -r sub/deep", "--keep");
      const away = join(folder.path, "away");
      renameSync(join(project, "sub"), away);
      symlinkSync(away, join(project, "sub"));
      const before = pictureOf(away);
      const { exitCode } = await changes("apply", "--all", keptIds()[0] ?? "");
      expect(exitCode).toBe(125);
      expect(pictureOf(away)).toEqual(before);
      rmSync(away, { recursive: true });
    });
  });

  test("does not overwrite what its user writes meanwhile", async () => {
    const words = ["run", "--workspace", `${project}:copy`, "--apply", "--", "sh", "-c"];
    const script = "echo theirs > text; echo theirs > other; echo started; read line";
    const child = startCli([...words, script], { env });
    const result = resultOf(child);
    await untilText(child.stdout, "started");
    writeFileSync(join(project, "text"), "mine\n");
    child.stdin.end("\n");
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(125);
    expect(stderr).toContain("text: it was changed in your folder since the run began");
    expect(pictureOf(project)).toMatchObject({ text: "644 mine\n", other: "644 theirs\n" });
  });

  test("brings back a tree of 5,000 files", async () => {
    const script =
      "mkdir -p n/a n/b; for i in $(seq 2500); do echo $i > n/a/$i; echo $i > n/b/$i; done; rm -r sub";
    const { stderr, exitCode } = await runOnCopy(script, "--apply");
    expect(exitCode).toBe(0);
    expect(stderr).toContain("A  n/  5000 files");
    expect(readdirSync(join(project, "n/b"))).toHaveLength(2500);
    expect(existsSync(join(project, "sub"))).toBe(false);
  });

  const git = findProgram("git");
  test.skipIf(git === undefined)("brings back what git has committed", async () => {
    const id = "-c user.name=a -c user.email=a@b -c safe.directory='*'";
    const script = `git init -q . && git ${id} add -A && git ${id} commit -qm one && git ${id} log --oneline`;
    await runOnCopy(script, "--apply-all");
    const inside = "git -c safe.directory='*' fsck && git -c safe.directory='*' status --short";
    const { stdout, exitCode } = await runOnCopy(inside, "--discard");
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 0 });
  });

  const script = findProgram("script");
  const noTerminal = script === undefined ? " (no program `script`)" : "";
  describe.skipIf(script === undefined)(`on a terminal${noTerminal}`, () => {
    /** Presses a key once it is asked, again and again: the first ones may come too early. */
    async function answer(key: string): Promise<string> {
      const words = `${program} run --workspace ${project}:copy -- sh -c 'echo new > text'`;
      const child = spawn(script ?? "", ["-qec", words, "/dev/null"], {
        env: { ...process.env, ...env, GLOVEBOX_NO_BUILD: "1", TERM: "xterm" },
        stdio: ["pipe", "pipe", "inherit"],
        timeout: 30_000,
      });
      let shown = "";
      child.stdout.on("data", (chunk: Buffer) => (shown += chunk.toString()));
      child.stdin.on("error", () => undefined);
      const press = setInterval(() => {
        if (shown.includes("[v]iew: ")) child.stdin.write(key);
      }, 100);
      await once(child, "close");
      clearInterval(press);
      return shown;
    }

    test("a applies", async () => {
      expect(await answer("a")).toContain("applied to");
      expect(pictureOf(project)).toMatchObject({ text: "644 new\n" });
      expect(keptIds()).toEqual([]);
    });

    test("d discards", async () => {
      await answer("d");
      expect(pictureOf(project)).toMatchObject({ text: "644 old\n" });
      expect(keptIds()).toEqual([]);
    });

    test("Ctrl-C loses nothing", async () => {
      const shown = await answer("\x03");
      expect(shown).toContain("the changes are kept as");
      expect(pictureOf(project)).toMatchObject({ text: "644 old\n" });
      expect(keptIds()).toHaveLength(1);
    });
  });
});
