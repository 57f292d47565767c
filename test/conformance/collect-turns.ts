/**
 * @module
 * Collecting and commands take turns; a mounted folder is collected like one of the sandbox's own.
 */
import { chown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { all, collect, collectAfter, sorted, textsOf } from "./collect-files.ts";
import { execIn, file, python, sh, waitForOutput, withSandbox } from "./harness.ts";
import type { Suite } from "./harness.ts";

export function describeCollectTurns(suite: Suite): void {
  const { must } = suite;
  const failed = { code: "SANDBOX_FAILED" };

  must("collects between commands, as often as asked", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      expect((await collect(sandbox)).files).toEqual([]);
      for (const content of ["1", "2", "3"]) {
        await execIn(suite, sandbox, sh(`printf ${content} > file; exit ${content}`));
        expect(textsOf(await collect(sandbox))).toEqual({ file: content });
      }
      await execIn(suite, sandbox, sh("echo x > other; kill -9 $$"));
      expect(Object.keys(textsOf(await collect(sandbox)))).toEqual(["file", "other"]);
    });
  });

  must("collects nothing while a command runs, and leaves it alone", async () => {
    await withSandbox(suite, { files: [file("f", "x")] }, async (sandbox) => {
      const { seen, onOutput } = waitForOutput("ready");
      const script = "echo ready; while [ ! -e go ]; do sleep 0.05; done; exit 7";
      const running = execIn(suite, sandbox, sh(`(sleep 0.5; : > go) & ${script}`), { onOutput });
      await seen;
      await expect(collect(sandbox)).rejects.toMatchObject(failed);
      expect((await running).outcome).toEqual({ kind: "exited", exitCode: 7 });
      expect(textsOf(await collect(sandbox))).toEqual({ f: "x", go: "" });
    });
  });

  must("runs nothing while it collects", async () => {
    await withSandbox(suite, { files: [file("f", "x")] }, async (sandbox) => {
      const collecting = collect(sandbox);
      await expect(execIn(suite, sandbox, ["true"])).rejects.toMatchObject(failed);
      await expect(collect(sandbox)).rejects.toMatchObject(failed);
      sandbox.kill("SIGKILL");
      expect(textsOf(await collecting)).toEqual({ f: "x" });
      expect((await execIn(suite, sandbox, sh("echo on"))).text).toBe("on\n");
    });
  });

  must("collects nothing from a stopped sandbox", async () => {
    await withSandbox(suite, { files: [file("f", "x")] }, async (sandbox) => {
      const limits = { wallTimeMs: 100 };
      const { outcome } = await execIn(suite, sandbox, ["sleep", "60"], { limits });
      expect(outcome.kind).toBe("limit");
      await expect(collect(sandbox)).rejects.toMatchObject(failed);
    });
    const sandbox = await withSandbox(suite, {}, (it) => Promise.resolve(it));
    await expect(collect(sandbox)).rejects.toMatchObject(failed);
  });

  must("collects nothing for a caller who has gone, and stops", async () => {
    await withSandbox(suite, { files: [file("f", "x")] }, async (sandbox) => {
      const reason = new Error("gone");
      await expect(sandbox.collect(all, AbortSignal.abort(reason))).rejects.toBe(reason);
      await expect(execIn(suite, sandbox, ["true"])).rejects.toMatchObject(failed);
    });
  });

  must("an abort ends what collects", async () => {
    const script =
      "import os\nfor i in range(500): open(f'f{i}', 'w').write('x')\nopen('big', 'w').truncate(1 << 27)";
    await withSandbox(suite, {}, async (sandbox) => {
      await execIn(suite, sandbox, python(script));
      const controller = new AbortController();
      const reason = new Error("gone");
      const request = { paths: ["."], maxFiles: 1000, maxBytes: 2 ** 28 };
      const collecting = sandbox.collect(request, controller.signal);
      controller.abort(reason);
      await expect(collecting).rejects.toBe(reason);
      await expect(collect(sandbox)).rejects.toMatchObject(failed);
    });
  });
}

export function describeCollectMounted(suite: Suite): void {
  const { must } = suite;
  for (const access of ["ro", "rw"] as const) {
    must(`collects from a mounted folder, ${access}`, async () => {
      const hostPath = await realpath(await mkdtemp(join(tmpdir(), "conformance-")));
      try {
        await mkdir(join(hostPath, "sub"));
        await writeFile(join(hostPath, "sub/given"), "given");
        await symlink("/etc/passwd", join(hostPath, "sub/out"));
        const { uid, gid } = suite.folderOwner;
        for (const path of ["sub/given", "sub", "."]) await chown(join(hostPath, path), uid, gid);
        const policy = { workspace: { kind: "mount", hostPath, access } } as const;
        const script = access === "rw" ? "echo made > made" : "true";
        const collected = await collectAfter(suite, sh(script), {}, { policy });
        const made = access === "rw" ? { made: "made\n" } : {};
        expect(textsOf(collected)).toEqual({ "sub/given": "given", ...made });
        expect(sorted(collected.skipped)).toEqual(["sub/out link"]);
      } finally {
        await rm(hostPath, { recursive: true });
      }
    });
  }
}
