/**
 * @module
 * `glovebox shell` and `coderun` without a terminal: lines, scripts, lines from a pipe.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
  type CliOptions,
  type CliResult,
} from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap()) ?? skipWithoutMountedFolders();
const folder = temporaryFolder();
const project = join(folder.path, "project");

beforeAll(() => {
  mkdirSync(join(project, "sub"), { recursive: true });
  writeFileSync(join(project, "names.txt"), "Grace\nAda\n");
  writeFileSync(join(project, "hello.py"), 'import sys\nprint("python", sys.argv[1:])\n');
  writeFileSync(join(project, "tool"), "#!/usr/bin/env bash\necho tool $#\n");
  writeFileSync(join(project, "main.c"), "int main(void) { return 5; }\n");
  chmodSync(join(project, "tool"), 0o755);
  chmodSync(folder.path, 0o755);
});
afterAll(() => {
  folder.remove();
});

const env = { XDG_STATE_HOME: join(folder.path, "state"), SECRET: "of this machine" };
const shell = async (args: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  glovebox(["shell", ...args], { cwd: project, env, ...options });
const coderun = async (args: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  glovebox(["coderun", ...args], { cwd: project, env, ...options });

describe.skipIf(gap !== undefined)(`a line${gap === undefined ? "" : ` (${gap})`}`, () => {
  test.each<[line: string, stdout: string, exitCode: number]>([
    ["cat names.txt | sort | head -n 1", "Ada\n", 0],
    ["sort < names.txt > sorted && cat sorted; rm sorted", "Ada\nGrace\n", 1],
    ["echo $(cat names.txt | wc -l) *.txt ${X:-none}", "2 names.txt none\n", 0],
    ["for i in 1 2; do echo $i; done | tac", "2\n1\n", 0],
    ["yes | head -n 1; set -o pipefail; yes | head -n 1", "y\ny\n", 141],
    ["./hello.py 'a b' | cat; hello.py; ./tool x y", "python ['a b']\npython []\ntool 2\n", 0],
    ["main.c", "", 5],
    ["cd sub; pwd | grep -o 'project.*'; ls ..; touch x", /* the workspace is sub now */ "", 1],
    ["bash -c 'kill -9 $$'; echo $?", "137\n", 0],
    ["echo to stderr >&2 | cat", "", 0],
    ["cat <<E | tr a-z A-Z\nhi\nE", "HI\n", 0],
    ["sleep 60 & jobs; kill %1; wait; echo over", "[1] running  sleep 60\nover\n", 0],
    ["export A=1; B=2 env | grep -E '^(A|B|SECRET)=' | sort", "A=1\nB=2\n", 0],
    ["id -u | cat /dev/stdin | tee /dev/stdout | sort -u", "1000\n", 0],
    ["exit 3; echo no", "", 3],
  ])("%s", async (line, stdout, exitCode) => {
    const result = await shell(["-c", line]);
    if (stdout !== "") expect(result.stdout).toBe(stdout);
    expect(result.exitCode, result.stderr).toBe(exitCode);
  });

  test("runs nothing where one of its commands is not there, and names it", async () => {
    const { stdout, stderr, exitCode } = await shell(["-c", "echo begun > begun; ls | nosuch"]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 127 });
    expect(stderr).toMatch(/^glovebox: `nosuch`: not found.* Nothing was run\.\n$/);
    expect(existsSync(join(project, "begun"))).toBe(false);
  });

  test("each command is in a sandbox of its own", async () => {
    const { stdout } = await shell([
      "-c",
      "sleep 5 | ps ax | grep -c slee[p]; touch /tmp/a; ls /tmp",
    ]);
    expect(stdout).toBe("0\n");
  });

  test("with --one-sandbox they are in the same one", async () => {
    const { stdout } = await shell(["--one-sandbox", "-c", "touch /tmp/a; ls /tmp | cat"]);
    expect(stdout).toBe("a\n");
  });

  test("programs may write where the workspace says so, and redirections to nothing else", async () => {
    const options = ["--workspace", ".:rw", "-c"];
    expect((await shell([...options, "touch made; ls made; rm made"])).exitCode).toBe(0);
    expect((await shell(["-c", "touch made"])).exitCode).toBe(1);
    expect((await shell(["--workspace", ".", "-c", "echo > made"])).exitCode).toBe(2);
    expect((await shell(["-c", "echo > ../made"])).exitCode).toBe(2);
    const copy = await shell(["--workspace", ".:copy", "-c", "ls"]);
    expect(copy.stderr).toContain("--workspace: a shell has no `:copy`");
    expect(copy.exitCode).toBe(2);
  });

  test("--pipefail is a flag before the line, and a word behind it", async () => {
    expect((await shell(["--pipefail", "-c", "false | cat"])).exitCode).toBe(1);
    const { stdout, exitCode } = await shell(["-c", "false | cat; echo $1", "--pipefail"]);
    expect({ stdout, exitCode }).toEqual({ stdout: "--pipefail\n", exitCode: 0 });
  });

  test("arguments are those behind it", async () => {
    const { stdout } = await shell(["-c", 'echo $# "$2"', "one", "two words"]);
    expect(stdout).toBe("2 two words\n");
  });

  test("stdin is the first command's", async () => {
    const { stdout } = await shell(["-c", "tr a-z A-Z | cat"], { stdin: "typed" });
    expect(stdout).toBe("TYPED");
  });

  test("much goes through a pipeline, and is whole", async () => {
    const line = "head -c 100000000 /dev/zero | tr '\\0' x | cat | wc -c";
    expect((await shell(["-c", line])).stdout).toBe("100000000\n");
  });

  test("a builtin and a bash are parts of a pipeline as programs are", async () => {
    const line = "history | cat; echo a | while read x; do echo $x; done | (cat; echo b) | cat";
    expect((await shell(["-c", line])).stdout).toBe("a\nb\n");
  });

  test("where output has a limit it is counted in pipelines, too", async () => {
    const line = "head -c 5000 /dev/zero | wc -c";
    expect((await shell(["--output", "1000B", "-c", line])).stdout).toBe("1000\n");
  });

  test.each(["echo 'open", "if true", "| x", "echo $(", "cat <<E"])("%s is told", async (line) => {
    const { stderr, exitCode } = await shell(["-c", line]);
    expect(stderr).toMatch(/^glovebox: the line is not understood: /);
    expect(exitCode).toBe(2);
  });

  test("Ctrl-C ends what runs, and the rest of the line", async () => {
    const child = startCli(["shell", "-c", "echo begun; sleep 60 | cat; echo more"], {
      cwd: project,
      env,
    });
    await untilText(child.stdout, "begun");
    child.kill("SIGINT");
    const { exitCode, stdout } = await resultOf(child);
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: "" });
  });

  test("nothing is left of one that was killed", async () => {
    const line = "echo begun; sleep 4321 | sleep 4321 | cat";
    const child = startCli(["shell", "-c", line], { cwd: project, env });
    await untilText(child.stdout, "begun");
    child.kill("SIGKILL");
    await once(child, "close");
    await expect.poll(() => processesOf("sleep 4321"), { timeout: 10_000 }).toEqual([]);
  });
});

function processesOf(command: string): readonly string[] {
  const list = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return list.split("\n").filter((line) => line === command);
}

describe.skipIf(gap !== undefined)("a script", () => {
  const write = (text: string): string => {
    const file = join(project, "script");
    writeFileSync(file, `#!/usr/bin/env -S glovebox shell\n${text}`);
    chmodSync(file, 0o755);
    return file;
  };

  test("runs by its first line, with arguments and functions", async () => {
    const file = write('greet() { echo "hello $1"; }\ngreet "$1" | tr a-z A-Z\nexit 4\n');
    const path = `${dirname(program)}:${process.env["PATH"] ?? ""}`;
    const options = {
      cwd: project,
      encoding: "utf8",
      env: { ...process.env, PATH: path, GLOVEBOX_NO_BUILD: "1" },
    } as const;
    expect(() => execFileSync(file, ["you"], options)).toThrow(
      expect.objectContaining({ status: 4, stdout: "HELLO YOU\n" }),
    );
  });

  test("runs nothing where one of its commands is not there", async () => {
    const { stdout, exitCode } = await shell([write("echo begun\nls\nif true; then nosuch; fi\n")]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 127 });
  });

  test.each([
    ["echo > made", "read-only"],
    ["echo > names.txt", "read-only"],
    ["cd ..", "leads out of the workspace"],
    ["cat < ../state", "outside of the workspace"],
    ["permissions list", "is not for scripts"],
  ])("may not %s", async (line, text) => {
    const { stderr, exitCode } = await shell([write(`${line}\n`)]);
    expect(stderr).toContain(text);
    expect(exitCode).toBe(2);
    expect(readFileSync(join(project, "names.txt"), "utf8")).toBe("Grace\nAda\n");
  });

  test("knows nothing of the environment, and of other folders", async () => {
    const { stdout } = await shell([write('echo "[$SECRET]" ../* /root/.b* /etc/host*\n')]);
    expect(stdout).toBe("[] ../* /root/.b* /etc/host*\n");
  });

  test("writes where it may", async () => {
    const { exitCode } = await shell(["--workspace", ".:rw", write("ls > list\n")]);
    expect(exitCode).toBe(0);
    expect(readFileSync(join(project, "list"), "utf8")).toContain("names.txt\n");
  });

  test("writes nothing by a package that may, either", async () => {
    const file = join(folder.path, "write-it");
    const head = "#!/usr/bin/env glovebox\nglovebox: 1\nname: write-it\n";
    writeFileSync(file, `${head}command: tee\nworkspace: rw\n`);
    const into = join(folder.path, "bin");
    const add = ["package", "add", "-y", file, "--into", into];
    expect(await glovebox(add, { cwd: project, env })).toMatchObject({ exitCode: 0 });
    const script = write("echo a | write-it made\n");
    expect((await shell([script])).stderr).toContain("Read-only file system");
    expect(existsSync(join(project, "made"))).toBe(false);
    expect(await shell(["--workspace", ".:rw", script])).toMatchObject({ exitCode: 0 });
    rmSync(join(project, "made"));
  });

  test("makes no command of a package that it runs", async () => {
    const text = "#!/usr/bin/env glovebox\nglovebox: 1\nname: wc\ncommand: [echo, forged]\n";
    writeFileSync(join(project, "wc"), `${text}workspace: none\n`);
    expect((await shell([write("./wc < names.txt\n")])).stdout).toBe("forged\n");
    expect((await shell(["-c", "wc -l < names.txt"])).stdout).toBe("2\n");
    rmSync(join(project, "wc"));
  });

  test("that can't be read is told", async () => {
    const { stderr, exitCode } = await shell(["nothing-here"]);
    expect(stderr).toContain("FILE: `nothing-here` can't be read: ENOENT");
    expect(exitCode).toBe(2);
  });
});

describe.skipIf(gap !== undefined)("lines from a pipe", () => {
  test("run one after the other, and read nothing of what follows", async () => {
    const stdin = "X=1\ncat\nfor i in a\ndo echo $i\ndone\necho $X | cat\nexit 6\necho no\n";
    const { stdout, exitCode } = await shell([], { stdin });
    expect({ stdout, exitCode }).toEqual({ stdout: "a\n1\n", exitCode: 6 });
  });

  test("one that is not there fails alone", async () => {
    const { stdout, exitCode } = await shell([], { stdin: "nosuch\necho next\n" });
    expect({ stdout, exitCode }).toEqual({ stdout: "next\n", exitCode: 0 });
  });
});

describe.skipIf(gap !== undefined)("coderun", () => {
  test("is a program of its own name", () => {
    const options = {
      cwd: project,
      encoding: "utf8",
      env: { ...process.env, GLOVEBOX_NO_BUILD: "1" },
    } as const;
    const file = join(dirname(program), "coderun");
    expect(execFileSync(file, ["--", "./tool", "a b"], options)).toBe("tool 1\n");
  });

  test.each([
    [["-l", "debug", "./tool"], "tool 0\n", 0],
    [["-l=INFO", "--", "./hello.py", "a;b"], "python ['a;b']\n", 0],
    [["--l", "error", "-p", "linux", "sort", "names.txt"], "Ada\nGrace\n", 0],
    [["false"], "", 1],
    [["nosuch"], "", 127],
    [["-h"], "", 0],
    [["-l", "loud", "ls"], "", 2],
    [["-x", "ls"], "", 2],
    [["-p"], "", 2],
    [["-p", "nosuch", "ls"], "", 2],
  ])("%j", async (args, stdout, exitCode) => {
    const result = await coderun(args);
    expect({ stdout: result.stdout, exitCode: result.exitCode }, result.stderr).toEqual({
      ...{ stdout, exitCode },
    });
  });

  test("without words reads lines", async () => {
    expect((await coderun([], { stdin: "echo hi\n" })).stdout).toBe("hi\n");
  });
});

test("nothing of any of them is left beside the project's own files", () => {
  const made = ["list", "script", "sorted"];
  const left = readdirSync(project).filter((name) => !made.includes(name));
  expect(left.sort()).toEqual(["hello.py", "main.c", "names.txt", "sub", "tool"]);
});
