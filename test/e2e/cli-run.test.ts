import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipWithoutMountedFolders } from "../helpers/mounted-folders.ts";
import { skipUnless } from "../helpers/require.ts";
import { examples, glovebox, linuxGap, temporaryFolder } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap());
const mountGap = skipWithoutMountedFolders();
const folder = temporaryFolder();
const project = join(folder.path, "project");

beforeAll(() => {
  mkdirSync(join(project, "lib"), { recursive: true });
  writeFileSync(join(project, "data.txt"), "from the host\n");
  writeFileSync(join(project, "main.py"), "from lib.sum import add\nprint(add(40, 2))\n");
  writeFileSync(join(project, "lib/sum.py"), "def add(a, b):\n    return a + b\n");
  writeFileSync(join(project, "tool"), "#!/usr/bin/env bash\necho tool $#\n");
  writeFileSync(join(project, "main.c"), '#include "lib/sum.h"\nint main(void) { return SUM; }\n');
  writeFileSync(join(project, "lib/sum.h"), "#define SUM 42\n");
  writeFileSync(join(folder.path, "outside.py"), "print(1)\n");
  // The sandbox's user must be able to read a mounted folder, whoever runs the tests.
  chmodSync(folder.path, 0o755);
});

afterAll(() => {
  folder.remove();
});

describe.skipIf(gap !== undefined)(`glovebox run FILE${gap ? ` (${gap})` : ""}`, () => {
  test.each(["py", "js", "sh", "c", "cpp"])(
    "runs hello.%s with its arguments",
    async (extension) => {
      const { stdout, stderr, exitCode } = await glovebox([
        "run",
        join(examples, `hello.${extension}`),
        "Ada Lovelace",
      ]);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      expect(stdout).toMatch(/^Hello, Ada Lovelace, from .* in a sandbox!\n$/);
    },
  );

  test("gives all words after FILE to the program", async () => {
    const code = "import sys; print(sys.argv[1:])";
    writeFileSync(join(folder.path, "args.py"), code);
    const words = ["--json", "--", "-l", "x y", "", "*"];
    const { stdout } = await glovebox(["run", "args.py", ...words], { cwd: folder.path });
    expect(stdout).toBe("['--json', '--', '-l', 'x y', '', '*']\n");
  });

  test("tells the language by the #! line where there is no extension", async () => {
    const { stdout } = await glovebox(["run", "tool", "a", "b"], { cwd: project });
    expect(stdout).toBe("tool 2\n");
  });

  test("sees FILE and the files of --file, and nothing else of the folder", async () => {
    const code =
      "import os; print(sorted(os.path.join(d, f) for d, _, fs in os.walk('.') for f in fs))";
    writeFileSync(join(project, "list.py"), code);
    const args = ["run", "--file", "lib/sum.py", "--file", "./data.txt", "list.py"];
    const { stdout } = await glovebox(args, { cwd: project });
    expect(stdout).toBe("['./data.txt', './lib/sum.py', './list.py']\n");
  });

  test("ends with the compiler's words and code where compiling fails", async () => {
    const { exitCode, stdout, stderr } = await glovebox(["run", "main.c"], { cwd: project });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain("lib/sum.h");
    const linked = await glovebox(["run", "--file", "lib/sum.h", "main.c"], { cwd: project });
    expect(linked.exitCode).toBe(42);
  });

  test("runs a file of --workspace in place", async () => {
    const args = ["run", "--workspace", project, join(project, "main.py")];
    expect(await glovebox(args)).toMatchObject({ exitCode: 0, stdout: "42\n" });
    const { stdout } = await glovebox(["run", "--json", ...args.slice(1)]);
    expect(JSON.parse(stdout)).toMatchObject({ language: "python", run: { stdout: "42\n" } });
  });
});

describe.skipIf(gap !== undefined)("glovebox run -l LANG", () => {
  test("runs a piece of code with arguments", async () => {
    const code = "import sys; print(6 * int(sys.argv[1]))";
    const result = await glovebox(["run", "-l", "python", "-c", code, "7"]);
    expect(result).toMatchObject({ exitCode: 0, stdout: "42\n", stderr: "" });
  });

  test("reads code from stdin, and leaves none of it to the program", async () => {
    const stdin = 'echo "code, then: $(cat)"';
    const result = await glovebox(["run", "-l", "bash", "-"], { stdin });
    expect(result).toMatchObject({ exitCode: 0, stdout: "code, then: \n" });
  });
});

describe.skipIf(gap !== undefined)("glovebox run -- CMD", () => {
  test("sees the current folder, and can't write to it", async () => {
    const script = "pwd; cat data.txt; echo x > new.txt";
    const { exitCode, stdout, stderr } = await glovebox(["run", "--", "sh", "-c", script], {
      cwd: project,
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "/workspace\nfrom the host\n" });
    expect(stderr).toMatch(/Read-only file system/);
    expect(existsSync(join(project, "new.txt"))).toBe(false);
  });

  test.skipIf(mountGap !== undefined)("writes to a folder that is :rw, as the caller", async () => {
    const script = "echo made inside > made.txt";
    const args = ["run", "--workspace", `${project}:rw`, "--", "sh", "-c", script];
    expect(await glovebox(args)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readFileSync(join(project, "made.txt"), "utf8")).toBe("made inside\n");
  });

  test("inherits nothing of our environment but what --env names", async () => {
    const args = [
      "run",
      "-e",
      "A=1 2",
      "--env",
      "PASSED",
      "--",
      "sh",
      "-c",
      'echo "$A,$PASSED,$KEPT"',
    ];
    const env = { PASSED: "yes", KEPT: "secret" };
    expect((await glovebox(args, { env, cwd: project })).stdout).toBe("1 2,yes,\n");
  });

  test("hands stdin and output through byte by byte", async () => {
    const stdin = Buffer.alloc(8 * 1024 ** 2, Buffer.from([0, 255, 10, 13, 128]));
    const result = await glovebox(["run", "--", "cat"], { stdin, cwd: project });
    expect(result.exitCode).toBe(0);
    expect(result.stdoutBytes.equals(stdin)).toBe(true);
  });

  test.each<[string, number]>([
    ["exit 0", 0],
    ["exit 3", 3],
    ["exit 255", 255],
    ["kill -SEGV $$", 139],
    ["kill -KILL $$", 137],
    ["/workspace/data.txt", 126],
    ["/no/such/program", 127],
  ])("ends with the program's code: %s is %i", async (script, expected) => {
    const { exitCode } = await glovebox(["run", "--", "sh", "-c", script], { cwd: project });
    expect(exitCode).toBe(expected);
  });

  test.each<[string, number]>([
    ["no-such-program", 127],
    ["/workspace/data.txt", 126],
  ])("says that %s can't be started: %i", async (command, expected) => {
    const { exitCode, stderr } = await glovebox(["run", "--", command], { cwd: project });
    expect(exitCode).toBe(expected);
    expect(stderr).toContain(command);
  });
});

describe.skipIf(gap !== undefined)("a limit of glovebox run", () => {
  const shell = (flags: string[], script: string): string[] => [
    "run",
    ...flags,
    "-l",
    "bash",
    "-c",
    script,
  ];
  const hog = "import time\nhoard = bytearray(256 * 1024 ** 2)\ntime.sleep(5)";

  test.each<[string[], number, string]>([
    [shell(["--timeout", "300ms"], "sleep 20"), 124, "stopped: ran longer than 300ms (--timeout)"],
    [
      shell(["--cpu", "500ms"], "while :; do :; done"),
      124,
      "stopped: used more than 500ms of CPU time (--cpu)",
    ],
    [
      ["run", "--memory", "64MiB", "-l", "python", "-c", hog],
      137,
      "killed: used more than 64MiB of memory (--memory)",
    ],
    [
      shell(["--output", "1KiB", "--on-output-limit", "kill"], "yes"),
      137,
      "stopped: wrote more than 1KiB of output (--output)",
    ],
    [
      shell(["--disk", "1MiB"], "head -c 4M /dev/zero > big"),
      1,
      "failed: wrote files of more than 1MiB (--disk)",
    ],
  ])("%j ends it with %i, and names itself", async (args, expected, note) => {
    const { exitCode, stderr } = await glovebox(args);
    expect(stderr).toContain(`glovebox: ${note}\n`);
    expect(exitCode).toBe(expected);
  });

  test("says nothing with --quiet", async () => {
    const args = shell(["-q", "--timeout", "300ms"], "sleep 20");
    expect(await glovebox(args)).toMatchObject({ exitCode: 124, stdout: "", stderr: "" });
  });

  test("drops and counts output over the limit, and lets the program go on", async () => {
    const script = "head -c 5000 /dev/zero; echo done > done; cat done >&2";
    const result = await glovebox(shell(["--output", "1KiB"], script));
    expect(result.exitCode).toBe(0);
    expect(result.stdoutBytes).toEqual(Buffer.alloc(1024));
    expect(result.stderr).toBe(
      "done\nglovebox: dropped 3976 bytes of stdout: over 1KiB (--output)\n",
    );
  });
});
