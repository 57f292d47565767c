/**
 * @module
 * What a program finds around it: arguments, environment, files, folders.
 */
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { homePath } from "../../src/core/sandbox.ts";
import { execIn, file, python, runOnce, sh, withSandbox } from "./harness.ts";
import type { Suite } from "./harness.ts";

const PATH = "/usr/local/bin:/usr/bin:/bin";

export function describeSurroundings(suite: Suite): void {
  describeWords(suite);
  describeFiles(suite);
  describeFolders(suite);
  describeTwoSandboxes(suite);
}

function describeWords(suite: Suite): void {
  const { must } = suite;
  must("passes arguments as they are", async () => {
    const args = [
      "",
      " ",
      "a b",
      "a\nb\t",
      "'\"`$HOME\\",
      "-n",
      "--",
      "*",
      "ü€😀",
      "x".repeat(100_000),
    ];
    const { text } = await runOnce(suite, sh(`printf '%s\\0' "$@"`, ...args));
    expect(text.split("\0").slice(0, -1)).toEqual(args);
  });

  must("passes exactly the environment that it is given", async () => {
    const env = { PATH, ONE: "1", EMPTY: "", ODD: "a\nb=c 'ü", Lower_1: "$PATH" };
    const { text } = await runOnce(suite, ["env", "-0"], { env });
    const lines = text.split("\0").slice(0, -1).sort();
    const expected = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    expect(lines).toEqual(expected.sort());
  });

  must("passes no file descriptor of its own", async () => {
    const script =
      "import os\nprint([fd for fd in map(int, os.listdir('/proc/self/fd')) if fd > 2 and os.path.exists(f'/proc/self/fd/{fd}')])";
    const { text } = await runOnce(suite, python(script));
    expect(text).toBe("[]\n");
  });

  must("looks programs up in the PATH of the command", async () => {
    const tool = { ...file("bin/tool", "#!/bin/sh\necho found\n"), executable: true };
    const command = { env: { PATH: `/workspace/bin:${PATH}` } };
    const { text } = await runOnce(suite, ["tool"], command, { files: [tool] });
    expect(text).toBe("found\n");
  });

  must("resets signals that Glovebox itself ignores or catches", async () => {
    const { outcome } = await runOnce(suite, sh("kill -PIPE $$; exit 1"));
    expect(outcome).toEqual({ kind: "signaled", signal: "SIGPIPE" });
  });
}

function describeFiles(suite: Suite): void {
  const { must } = suite;
  must(
    "puts files with their folders, content and mode into an otherwise empty workspace",
    async () => {
      const files = [
        file("main.txt", "main\n"),
        file("a/b/c/deep file ü.txt", "deep\n"),
        file("empty", ""),
        { ...file("a/tool", "#!/bin/sh\necho tool\n"), executable: true },
      ];
      const script = `find . -mindepth 1 -printf '%P %y %m\\n' | LC_ALL=C sort; cat "a/b/c/deep file ü.txt"; a/tool`;
      const { text } = await runOnce(suite, sh(script), {}, { files });
      expect(text.split("\n")).toEqual([
        "a d 755",
        "a/b d 755",
        "a/b/c d 755",
        "a/b/c/deep file ü.txt f 644",
        "a/tool f 755",
        "empty f 644",
        "main.txt f 644",
        "deep",
        "tool",
        "",
      ]);
    },
  );

  must("keeps a file's bytes", async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    const spec = { files: [file("data.bin", bytes)] };
    const limits = { outputBytes: "unlimited" } as const;
    const { stdout } = await runOnce(suite, ["cat", "data.bin"], { limits }, spec);
    expect(stdout.equals(bytes)).toBe(true);
  });

  must("lets the program change its files", async () => {
    const script = "echo more >> a/b.txt && mv a/b.txt c.txt && rmdir a && cat c.txt";
    const { text } = await runOnce(suite, sh(script), {}, { files: [file("a/b.txt", "first\n")] });
    expect(text).toBe("first\nmore\n");
  });

  must("a later command sees the files of an earlier one", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      await execIn(suite, sandbox, sh("mkdir out && echo kept > out/file && export GONE=1"));
      const { text } = await execIn(suite, sandbox, sh('cat out/file; echo "${GONE-unset}"'));
      expect(text).toBe("kept\nunset\n");
    });
  });

  must("shows a lent program of the host at its path and in PATH", async () => {
    const folder = await mkdtemp(join(tmpdir(), "conformance-"));
    try {
      const hostPath = join(folder, "tool");
      await writeFile(hostPath, "#!/bin/sh\necho lent\n");
      // The sandbox's user may be another one on the host.
      await chmod(hostPath, 0o755);
      await chmod(folder, 0o755);
      const hostPrograms = [{ hostPath, path: "/opt/glovebox/bin/tool" }];
      await withSandbox(suite, { hostPrograms }, async (sandbox) => {
        const env = { PATH: `${PATH}:/opt/glovebox/bin` };
        expect((await execIn(suite, sandbox, ["tool"], { env })).text).toBe("lent\n");
        expect((await execIn(suite, sandbox, ["/opt/glovebox/bin/tool"])).text).toBe("lent\n");
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

function describeFolders(suite: Suite): void {
  const { must } = suite;
  must("starts a command in its folder", async () => {
    const files = [file("sub/dir/here", "")];
    const { text } = await runOnce(suite, ["ls"], { cwd: "/workspace/sub/dir" }, { files });
    expect(text).toBe("here\n");
  });

  must("has its workspace at /workspace", async () => {
    const { text } = await runOnce(suite, ["pwd"]);
    expect(text).toBe("/workspace\n");
  });

  must("has an empty home and temporary folder that can be written", async () => {
    const env = { PATH, HOME: homePath, TMPDIR: "/tmp" };
    const script =
      'for f in "$HOME" "$TMPDIR"; do ls -A "$f"; echo ok > "$f/x" && cat "$f/x"; done';
    const { text } = await runOnce(suite, sh(script), { env });
    expect(text).toBe("ok\nok\n");
  });
}

function describeTwoSandboxes(suite: Suite): void {
  const { must } = suite;
  must("eight sandboxes at once do not see each other's files", async () => {
    const script = 'echo "$1" > "file-$1"; cat; cat file-*';
    const numbers = ["1", "2", "3", "4", "5", "6", "7", "8"];
    const results = await Promise.all(numbers.map((number) => runOnce(suite, sh(script, number))));
    expect(results.map(({ text }) => text)).toEqual(numbers.map((number) => `${number}\n`));
  });

  must("a sandbox does not see what another left in /tmp and /dev/shm", async () => {
    const script = "ls -A /tmp /dev/shm; touch /tmp/left-behind /dev/shm/left-behind";
    for (let round = 0; round < 2; round++) {
      const { text } = await runOnce(suite, sh(script));
      expect(text).not.toContain("left-behind");
    }
  });

  must("a program sees only the processes of its sandbox", async () => {
    const { text } = await runOnce(
      suite,
      sh("cd /proc; for p in [0-9]*; do echo $p; done | wc -l"),
    );
    expect(Number(text)).toBeLessThan(8);
  });
}
