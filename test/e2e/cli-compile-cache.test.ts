/**
 * @module
 * What compilers made, kept for the next run, and files that come out, as a user of the command line
 * sees both.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { skipUnless } from "../helpers/require.ts";
import { glovebox, linuxGap, temporaryFolder } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap());
const folder = temporaryFolder();
let number = 0;
/** Of one test. */
let home: string;

beforeEach(() => {
  home = join(folder.path, String(number++));
  mkdirSync(home);
  chmodSync(folder.path, 0o755);
});
afterAll(() => {
  folder.remove();
});

const compiled = (): string => join(home, "glovebox/compiled");

/** The document of one run of C code. */
async function runC(code: string, flags: readonly string[] = [], args: readonly string[] = []) {
  const words = ["run", "--provider", "linux", "--json", ...flags, "-l", "c", "-c", code, ...args];
  const { stdout, stderr } = await glovebox(words, { env: { XDG_CACHE_HOME: home } });
  const document = JSON.parse(stdout) as {
    compile_cache: string;
    compile: { exit_code: number; stderr: string };
    run: { stdout: string; exit_code: number } | null;
  };
  return { ...document, stderr };
}

const hello = '#include <stdio.h>\nint main(int n, char **v) { printf("%d %s", n, v[n - 1]); }\n';

describe.skipIf(gap !== undefined)(`the compile cache${gap ? ` (${gap})` : ""}`, () => {
  test("a second run of a source does not compile, and is the same", async () => {
    const first = await runC(hello, [], ["a b"]);
    const second = await runC(hello, [], ["a b"]);
    expect([first.compile_cache, second.compile_cache]).toEqual(["miss", "hit"]);
    expect(second.run).toMatchObject({ stdout: "2 a b", exit_code: 0 });
    expect(second.run).toMatchObject({ stdout: first.run?.stdout });
    expect((await runC(hello, [], ["other"])).run?.stdout).toBe("2 other");
  });

  test("says again what the compiler said", async () => {
    const code = "#warning look here\nint main(void) { return 3; }\n";
    const [first, second] = [await runC(code), await runC(code)];
    expect(second.compile_cache).toBe("hit");
    expect(first.compile.stderr).toContain("look here");
    expect(second.compile.stderr).toBe(first.compile.stderr);
    expect(second.run?.exit_code).toBe(3);
  });

  test.each<[string, string, readonly string[]]>([
    ["another source", hello.replace("%d", "%i"), []],
    ["another variable", hello, ["-e", "CPATH=/tmp"]],
    ["the network", hello, ["--network", "all"]],
  ])("%s is compiled by itself", async (_what, code, flags) => {
    await runC(hello);
    expect((await runC(code, flags)).compile_cache).toBe("miss");
  });

  test("--no-compile-cache asks nothing and keeps nothing", async () => {
    expect((await runC(hello, ["--no-compile-cache"])).compile_cache).toBe("off");
    expect(existsSync(compiled())).toBe(false);
    await runC(hello);
    expect((await runC(hello, ["--no-compile-cache"])).compile_cache).toBe("off");
  });

  test("what does not compile is not kept", async () => {
    for (let round = 0; round < 2; round++) {
      const { compile_cache, compile, run } = await runC("int main(void) { return missing; }");
      expect({ compile_cache, run }).toEqual({ compile_cache: "miss", run: null });
      expect(compile.exit_code).toBe(1);
    }
    expect(existsSync(compiled())).toBe(false);
  });

  test("a program that changes what was compiled changes it for itself alone", async () => {
    const code = `#include <stdio.h>
#include <unistd.h>
int main(void) {
    if (unlink(".glovebox-a.out")) return 1;
    FILE *file = fopen(".glovebox-a.out", "w");
    if (!file || fputs("#!/bin/sh\\necho taken over\\n", file) < 0 || fclose(file)) return 2;
    puts("as it was");
}`;
    for (const use of ["miss", "hit", "hit"]) {
      const { compile_cache, run } = await runC(code);
      expect(run).toMatchObject({ stdout: "as it was\n", exit_code: 0 });
      expect(compile_cache).toBe(use);
    }
  });

  test("a damaged entry is compiled anew, and nobody else can read or change one", async () => {
    await runC(hello);
    const [name = ""] = readdirSync(compiled());
    const path = join(compiled(), name);
    expect(statSync(compiled()).mode & 0o077).toBe(0);
    expect(statSync(path).mode & 0o077).toBe(0);
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
    writeFileSync(path, bytes);
    expect((await runC(hello)).compile_cache).toBe("miss");
    expect((await runC(hello)).compile_cache).toBe("hit");
  });
});

const leaver = `
import os
os.makedirs("out/deep")
open("out/plot.svg", "w").write("<svg/>")
open("out/deep/data.bin", "wb").write(bytes([0, 255]))
open("out/empty", "w").close()
os.symlink("/etc/passwd", "out/link")
os.mkfifo("out/pipe")
open("beside.txt", "w").write("beside")
`;

describe.skipIf(gap !== undefined)(`files that a program leaves${gap ? ` (${gap})` : ""}`, () => {
  const runPython = (flags: readonly string[]) =>
    glovebox(["run", "--provider", "linux", ...flags, "-l", "python", "-c", leaver], {
      cwd: home,
      env: { XDG_CACHE_HOME: home },
    });

  test("--out brings them into a new folder, without links and pipes", async () => {
    const { exitCode, stderr } = await runPython(["--out", "results"]);
    expect(exitCode).toBe(0);
    const out = join(home, "results");
    expect(readdirSync(out, { recursive: true }).sort()).toEqual([
      ...["deep", "deep/data.bin", "empty", "plot.svg"],
    ]);
    expect(readFileSync(join(out, "plot.svg"), "utf8")).toBe("<svg/>");
    expect([...readFileSync(join(out, "deep/data.bin"))]).toEqual([0, 255]);
    expect(statSync(join(out, "plot.svg")).mode & 0o111).toBe(0);
    expect(stderr).toContain('left out "out/link": it is a link');
    expect(stderr).toContain('left out "out/pipe": it is neither a file nor a folder');
  });

  test("--artifact names others, which keep their folders", async () => {
    const wanted = ["--artifact", "beside.txt", "--artifact", "out/deep"];
    const { exitCode } = await runPython(["--out", "results", ...wanted]);
    expect(exitCode).toBe(0);
    expect(readdirSync(join(home, "results"), { recursive: true }).sort()).toEqual([
      ...["beside.txt", "out", "out/deep", "out/deep/data.bin"],
    ]);
  });

  test("what git and editors of the caller would act on is left out", async () => {
    const code = `
import os
for name in (".git/config", "sub/.GIT/config", "HEAD", ".envrc", ".vscode/tasks.json", "fine/git"):
    os.makedirs(os.path.dirname("out/" + name) or ".", exist_ok=True)
    open("out/" + name, "w").write("x")`;
    const { stderr } = await glovebox(
      ["run", "--provider", "linux", "--out", "new", "-l", "python", "-c", code],
      { cwd: home },
    );
    expect(readdirSync(join(home, "new"), { recursive: true }).sort()).toEqual([
      "fine",
      "fine/git",
    ]);
    expect(stderr.match(/left out .*: programs of yours would act on it/g)).toHaveLength(5);
  });

  test("says which files were not there", async () => {
    const { exitCode, stderr } = await runPython(["--out", "new", "--artifact", "nope"]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('"nope" was not there');
  });

  test("a run that a limit ended says that its files are gone", async () => {
    const code = "import os, time; os.mkdir('out'); open('out/x', 'w'); time.sleep(60)";
    const { exitCode, stderr } = await glovebox(
      [
        "run",
        "--provider",
        "linux",
        "--timeout",
        "300ms",
        "--out",
        "new",
        "-l",
        "python",
        "-c",
        code,
      ],
      { cwd: home },
    );
    expect(exitCode).toBe(124);
    expect(stderr).toContain("brought no files back");
    expect(readdirSync(join(home, "new"))).toEqual([]);
  });

  test("--json has them in the document", async () => {
    const { stdout } = await runPython(["--json"]);
    expect((JSON.parse(stdout) as { artifacts: unknown }).artifacts).toEqual({
      files: [
        { path: "out/deep/data.bin", content: "AP8=", encoding: "base64", executable: false },
        { path: "out/empty", content: "", encoding: "utf8", executable: false },
        { path: "out/plot.svg", content: "<svg/>", encoding: "utf8", executable: false },
      ],
      skipped: [
        { path: "out/link", reason: "link" },
        { path: "out/pipe", reason: "special" },
      ],
      truncated: false,
    });
  });

  test.each<[string, readonly string[], RegExp]>([
    ["a folder with something in it", ["--out", "."], /--out: `\.` is not empty/],
    ["a path that leads out", ["--out", "new", "--artifact", "../x"], /--artifact: `\.\.\/x`/],
    ["no place to bring them to", ["--artifact", "x"], /--artifact: .*Add --out DIR/],
  ])("%s is refused, and nothing is run", async (_what, flags, message) => {
    writeFileSync(join(home, "there"), "");
    const { exitCode, stdout, stderr } = await runPython(flags);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });

  test.each([
    [".:rw", /--out: can't be used where the workspace is a folder of yours/],
    [".", /--out: nothing can be written to the workspace: .* read-only/],
  ])("the workspace %s of the caller takes no --out", async (workspace, message) => {
    writeFileSync(join(home, "main.py"), "print(1)");
    const { exitCode, stderr } = await glovebox(
      ["run", "--provider", "linux", "--workspace", workspace, "--out", "new", "main.py"],
      { cwd: home },
    );
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(join(home, "new"))).toBe(false);
  });
});
