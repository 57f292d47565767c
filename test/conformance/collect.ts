/**
 * @module
 * Files that commands leave, on their way out: all that was asked for, nothing else, and no link
 * followed.
 */
import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { maxSkippedPaths } from "../../src/core/collected.ts";
import { collect, collectAfter, sorted, textsOf } from "./collect-files.ts";
import { describeCollectMounted, describeCollectTurns } from "./collect-turns.ts";
import { execIn, file, python, sh, withSandbox } from "./harness.ts";
import type { Suite } from "./harness.ts";

const MIB = 1024 * 1024;

export function describeCollect(suite: Suite): void {
  describeContents(suite);
  describePaths(suite);
  describeBounds(suite);
  describeSkipped(suite);
  describeCollectTurns(suite);
  describeCollectMounted(suite);
}

function describeContents(suite: Suite): void {
  const { must } = suite;
  must("collects what was given and what commands made, sorted", async () => {
    const files = [file("given.txt", "given"), file("sub/given.txt", "given too")];
    const script =
      "printf more >> sub/given.txt; mkdir -p a/b none; printf deep > a/b/c; : > empty";
    const collected = await collectAfter(suite, sh(script), {}, { files });
    expect(Object.entries(textsOf(collected))).toEqual([
      ["a/b/c", "deep"],
      ["empty", ""],
      ["given.txt", "given"],
      ["sub/given.txt", "given toomore"],
    ]);
    expect(collected).toMatchObject({ skipped: [], isComplete: true });
  });

  must("collects every byte as it is", async () => {
    const sizes = [1, 4095, 32 * 1024, 32 * 1024 + 1, 200_000, 5 * MIB];
    const files = sizes.map((size) => file(`size-${size}`, randomBytes(size)));
    const collected = await collectAfter(suite, ["true"], {}, { files });
    expect(collected.isComplete).toBe(true);
    for (const { path, content } of files) {
      const out = collected.files.find((each) => each.path === path);
      expect(Buffer.compare(out!.content, content), path).toBe(0);
    }
  });

  must("collects whether a file can be executed", async () => {
    const { files } = await collectAfter(suite, sh("echo x > yes; echo x > no; chmod +x yes"));
    const modes = files.map(({ path, executable }) => [path, executable]);
    expect(modes).toEqual([
      ["no", false],
      ["yes", true],
    ]);
  });

  must("collects files with odd names", async () => {
    const names = ["with space", "ü€😀", "-n", "...", "$(id)", "*", "\\", "x".repeat(255)];
    const script = "import sys\nfor n in sys.argv[1:]: open(n, 'w').write(n)";
    const collected = await collectAfter(suite, ["python3", "-c", script, ...names]);
    expect(textsOf(collected)).toEqual(Object.fromEntries(names.map((name) => [name, name])));
  });

  must("collects a file that has several names under each of them", async () => {
    const collected = await collectAfter(suite, sh("echo x > one; ln one two"));
    expect(textsOf(collected)).toEqual({ one: "x\n", two: "x\n" });
  });
}

function describePaths(suite: Suite): void {
  const { must } = suite;
  const files = ["a/1", "a/b/2", "a/b/c/3", "ab/4", "5"].map((path) => file(path, path));
  const rows: [what: string, paths: readonly string[], found: readonly string[]][] = [
    ["a file", ["a/b/2"], ["a/b/2"]],
    ["a folder", ["a/b"], ["a/b/2", "a/b/c/3"]],
    ["several paths", ["5", "ab", "a/1"], ["5", "a/1", "ab/4"]],
    ["paths that lie in each other", ["a/b", "a", "a/b/2", "a"], ["a/1", "a/b/2", "a/b/c/3"]],
    ["all and more", ["5", "."], ["5", "a/1", "a/b/2", "a/b/c/3", "ab/4"]],
    ["what is not there", ["no", "a/no/no", "5/no", "ab"], ["ab/4"]],
    ["nothing", [], []],
  ];
  for (const [what, paths, found] of rows) {
    must(`collects ${what}`, async () => {
      const collected = await collectAfter(suite, ["true"], { paths }, { files });
      expect(collected.files.map(({ path }) => path)).toEqual(found);
      expect(collected).toMatchObject({ skipped: [], isComplete: true });
    });
  }

  must("collects nothing for a path that can't be asked for, and goes on", async () => {
    await withSandbox(suite, { files }, async (sandbox) => {
      for (const path of ["", "/etc/passwd", "../x", "a/../../x", "a//1", "a\0", "./a"]) {
        const collecting = collect(sandbox, { paths: ["5", path] });
        await expect(collecting, path).rejects.toMatchObject({ code: "INVALID_REQUEST" });
      }
      for (const maxFiles of [-1, 0.5, Infinity, NaN]) {
        const collecting = collect(sandbox, { maxFiles });
        await expect(collecting).rejects.toMatchObject({ code: "INVALID_REQUEST" });
      }
      expect(textsOf(await collect(sandbox, { paths: ["5"] }))).toEqual({ "5": "5" });
    });
  });
}

function describeBounds(suite: Suite): void {
  const { must } = suite;
  const files = ["a", "b", "c", "d"].map((path) => file(path, path.repeat(100)));

  must("collects as many files as were asked for, and says that there are more", async () => {
    await withSandbox(suite, { files }, async (sandbox) => {
      expect((await collect(sandbox, { maxFiles: 4 })).isComplete).toBe(true);
      const some = await collect(sandbox, { maxFiles: 3 });
      expect([some.files.length, some.isComplete]).toEqual([3, false]);
      const none = await collect(sandbox, { maxFiles: 0 });
      expect([none.files.length, none.isComplete]).toEqual([0, false]);
    });
  });

  must("collects as many bytes as were asked for, and names what is too large", async () => {
    await withSandbox(suite, { files }, async (sandbox) => {
      expect((await collect(sandbox, { maxBytes: 400 })).isComplete).toBe(true);
      const some = await collect(sandbox, { maxBytes: 399 });
      expect(some).toMatchObject({ isComplete: false, skipped: [{ reason: "tooLarge" }] });
      expect(some.files).toHaveLength(3);
      const one = await collect(sandbox, { paths: ["c", "b"], maxBytes: 100 });
      expect(one.files.length + one.skipped.length).toBe(2);
    });
  });

  must("collects empty files where no byte is left", async () => {
    const collected = await collectAfter(suite, sh(": > empty; echo x > full"), { maxBytes: 0 });
    expect(textsOf(collected)).toEqual({ empty: "" });
    expect(sorted(collected.skipped)).toEqual(["full tooLarge"]);
  });

  must("collects no sparse file that is too large", async () => {
    const script = "open('huge', 'w').truncate(1 << 40)\nopen('holes', 'w').truncate(1 << 20)";
    const collected = await collectAfter(suite, python(script));
    expect(sorted(collected.skipped)).toEqual(["huge tooLarge"]);
    expect(collected.files.map(({ path, content }) => [path, content.byteLength])).toEqual([
      ["holes", MIB],
    ]);
  });

  must("collects thousands of files", async () => {
    const script =
      "import os\nfor i in range(1000):\n  os.makedirs(f'd{i % 20}', exist_ok=True)\n  open(f'd{i % 20}/{i}', 'w').write(str(i))";
    const collected = await collectAfter(suite, python(script), { maxFiles: 2000 });
    expect(collected.isComplete).toBe(true);
    expect(collected.files).toHaveLength(1000);
    expect(collected.files.every(({ path, content }) => path.endsWith(`/${String(content)}`))).toBe(
      true,
    );
  });
}

function describeSkipped(suite: Suite): void {
  const { must } = suite;
  must("collects no link, and nothing through one", async () => {
    const script = [
      "mkdir real && echo x > real/file",
      "ln -s real/file file; ln -s real folder; ln -s nowhere broken; ln -s /etc/passwd passwd",
      "ln -s . real/loop; ln -s / root",
    ].join("\n");
    await withSandbox(suite, {}, async (sandbox) => {
      await execIn(suite, sandbox, sh(script));
      const collected = await collect(sandbox);
      expect(textsOf(collected)).toEqual({ "real/file": "x\n" });
      const links = ["broken", "file", "folder", "passwd", "real/loop", "root"];
      expect(sorted(collected.skipped)).toEqual(links.map((path) => `${path} link`));
      expect(collected.isComplete).toBe(true);
      const through = await collect(sandbox, { paths: ["folder/file", "passwd", "root/etc"] });
      expect(through.files).toEqual([]);
      expect(sorted(through.skipped)).toEqual(["folder link", "passwd link", "root link"]);
    });
  });

  must("collects no pipe and no socket, and waits for none", async () => {
    const script =
      "import os, socket\nos.mkfifo('pipe')\nsocket.socket(socket.AF_UNIX).bind('socket')\nopen('file', 'w')";
    const collected = await collectAfter(suite, python(script));
    expect(textsOf(collected)).toEqual({ file: "" });
    expect(sorted(collected.skipped)).toEqual(["pipe special", "socket special"]);
  });

  must("collects nothing that the program itself can't read", async () => {
    const script =
      "mkdir closed && echo x > closed/file && echo x > secret && chmod 0 closed secret";
    const collected = await collectAfter(suite, sh(script));
    expect(collected.files).toEqual([]);
    expect(sorted(collected.skipped)).toEqual(["closed unreadable", "secret unreadable"]);
  });

  must("collects no name that can't be shown, and names it all the same", async () => {
    const script = [
      "import os",
      "for n in (b'line\\nline', b'\\xff\\xfe', b'esc\\x1b[2J', b'\\xc2\\x85', b'good'): open(n, 'w')",
      "os.mkdir(b'bad\\r'); open(b'bad\\r/inside', 'w')",
    ].join("\n");
    const collected = await collectAfter(suite, python(script));
    expect(collected.files.map(({ path }) => path)).toEqual(["good"]);
    expect(collected.skipped.every(({ reason }) => reason === "name")).toBe(true);
    const names = collected.skipped.map(({ path }) => path);
    for (const name of ["line\uFFFDline", "\uFFFD\uFFFD", "esc\uFFFD[2J", "\uFFFD"]) {
      expect(names).toContain(name);
    }
    expect(names.some((name) => name.startsWith("bad\uFFFD"))).toBe(true);
  });

  must("collects down to 32 names in each other", async () => {
    const script =
      "import os\nfor i in range(40):\n  open('f', 'w').write(str(i))\n  os.mkdir('d'); os.chdir('d')";
    const collected = await collectAfter(suite, python(script));
    expect(collected.files).toHaveLength(32);
    const deepest = "d/".repeat(32);
    expect(sorted(collected.skipped)).toEqual([`${deepest}d name`, `${deepest}f name`]);
  });

  must("collects a bounded list of what was skipped", async () => {
    const script =
      "import os\nfor i in range(1100): os.symlink('x', f'link{i}')\nopen('file', 'w')";
    const collected = await collectAfter(suite, python(script));
    expect(collected.skipped).toHaveLength(maxSkippedPaths);
    expect(collected.files).toHaveLength(1);
  });
}
