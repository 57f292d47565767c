import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Command } from "../../core/command.ts";
import { defaultLimits } from "../../core/limits.ts";
import { homePath, workspacePath } from "../../core/sandbox.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { createProcessProvider } from "./index.ts";
import { ownIdentity } from "./process-identity.ts";

const never = new AbortController().signal;
const provider = createProcessProvider();

const spec: SandboxSpec = {
  policy: { network: { mode: "all" }, workspace: { kind: "scratch" } },
  limits: defaultLimits,
  files: [],
  hostPrograms: [],
  enforcement: "best-effort",
};

const command = (argv: readonly string[], parts: Partial<Command> = {}): Command => ({
  argv,
  env: { PATH: "/usr/bin:/bin" },
  cwd: workspacePath,
  stdin: "empty",
  limits: defaultLimits,
  onOutputLimit: "truncate",
  onOutput: () => undefined,
  ...parts,
});

const sh = (script: string): readonly string[] => ["/bin/sh", "-c", script];

// A temporary folder of our own: what is in it is this test's.
let temporary: string;
let outerTemporary: string | undefined;
beforeEach(async () => {
  outerTemporary = process.env["TMPDIR"];
  temporary = await mkdtemp(join(tmpdir(), "process-provider-test-"));
  process.env["TMPDIR"] = temporary;
});
afterEach(async () => {
  if (outerTemporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = outerTemporary;
  await rm(temporary, { recursive: true });
});

describe("create", () => {
  test("makes a folder that only its owner can enter", async () => {
    const sandbox = await provider.create(spec, never);
    const [name = ""] = await readdir(temporary);
    expect((await stat(join(temporary, name))).mode & 0o777).toBe(0o700);
    await sandbox.destroy();
    expect(await readdir(temporary)).toEqual([]);
  });

  test.each([
    ["strict enforcement", { ...spec, enforcement: "strict" }, "POLICY_UNENFORCEABLE"],
    ["a path that leaves the workspace", withFiles("../out"), "INVALID_REQUEST"],
    ["an absolute path", withFiles("/etc/passwd"), "INVALID_REQUEST"],
    ["two files at one path", withFiles("a", "a"), "SANDBOX_FAILED"],
    ["a file that is also a folder", withFiles("a", "a/b"), "SANDBOX_FAILED"],
  ] as [string, SandboxSpec, string][])(
    "refuses %s and leaves nothing",
    async (_what, bad, code) => {
      await expect(provider.create(bad, never)).rejects.toMatchObject({ code });
      expect(await readdir(temporary)).toEqual([]);
    },
  );

  test("says which controls are missing", async () => {
    const created = provider.create({ ...spec, enforcement: "strict" }, never);
    await expect(created).rejects.toMatchObject({
      details: {
        provider: "process",
        controls: expect.arrayContaining(["files", "network"]) as [],
      },
    });
  });

  test("says that the temporary folder is missing", async () => {
    process.env["TMPDIR"] = join(temporary, "none");
    await expect(provider.create(spec, never)).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
    expect(await provider.probe()).toMatchObject({ available: false });
  });
});

function withFiles(...paths: readonly string[]): SandboxSpec {
  return { ...spec, files: paths.map((path) => ({ path, content: Buffer.from("x") })) };
}

describe("destroy", () => {
  test("removes folders that the program made unwritable", async () => {
    const sandbox = await provider.create(spec, never);
    await sandbox.exec(command(sh("mkdir -p a/b; touch a/b/c; chmod 000 a/b a .")), never);
    await sandbox.destroy();
    expect(await readdir(temporary)).toEqual([]);
  });

  test("does not follow a link to a folder of the host", async () => {
    const kept = join(temporary, "kept");
    await mkdir(kept);
    await writeFile(join(kept, "file"), "");
    const sandbox = await provider.create(spec, never);
    await sandbox.exec(command(sh(`ln -s ${kept} link; mkdir d; chmod 000 d .`)), never);
    await sandbox.destroy();
    expect(await readdir(temporary)).toEqual(["kept"]);
    expect(await readdir(kept)).toEqual(["file"]);
  });
});

describe("exec", () => {
  test("gives the program a home and a temporary folder inside its own", async () => {
    const sandbox = await provider.create(spec, never);
    const env = { PATH: "/usr/bin:/bin", HOME: homePath, TMPDIR: "/tmp" };
    const script = 'echo > "$HOME/x"; echo > "$TMPDIR/y"; echo "$HOME $TMPDIR"';
    let text = "";
    const onOutput: Command["onOutput"] = (_stream, chunk) => {
      text += chunk.toString();
    };
    await sandbox.exec(command(sh(script), { env, onOutput }), never);
    await sandbox.destroy();
    const [home = "", tmp = ""] = text.trim().split(" ");
    expect([home.startsWith(temporary), tmp.startsWith(temporary)]).toEqual([true, true]);
  });

  test("ends a program whose reader failed, and tells that failure", async () => {
    const sandbox = await provider.create(spec, never);
    const failure = new Error("the reader is gone");
    const onOutput = (): Promise<void> => Promise.reject(failure);
    await expect(sandbox.exec(command(["yes"], { onOutput }), never)).rejects.toBe(failure);
    await sandbox.destroy();
  });

  test("waits a moment only for a child that left the group with the output", async () => {
    const sandbox = await provider.create(spec, never);
    let text = "";
    const onOutput: Command["onOutput"] = (_stream, chunk) => {
      text += chunk.toString();
    };
    const script = "setsid sh -c 'echo $$; exec sleep 64' & sleep 0.2; exit 5";
    const startedMs = performance.now();
    const { outcome } = await sandbox.exec(command(sh(script), { onOutput }), never);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(outcome).toEqual({ kind: "exited", exitCode: 5 });
    process.kill(Number(text), "SIGKILL");
    await sandbox.destroy();
  });

  test("takes one command at a time", async () => {
    const sandbox = await provider.create(spec, never);
    const first = sandbox.exec(command(["sleep", "60"]), never);
    await expect(sandbox.exec(command(["true"]), never)).rejects.toMatchObject({
      code: "SANDBOX_FAILED",
    });
    await sandbox.destroy();
    expect((await first).outcome).toEqual({ kind: "canceled" });
  });

  test.each([
    ["fails", (stdin: PassThrough) => stdin.destroy(new Error("reset"))],
    ["is closed before its end", (stdin: PassThrough) => stdin.destroy()],
  ])("a stdin that %s is at its end for the program", async (_how, breakIt) => {
    const sandbox = await provider.create(spec, never);
    const stdin = new PassThrough();
    stdin.write("some");
    // Streams tell their failure to all who listen; the door that owns it is one of them.
    stdin.on("error", () => undefined);
    const onOutput = (): void => {
      breakIt(stdin);
    };
    const { outcome } = await sandbox.exec(command(["cat"], { stdin, onOutput }), never);
    expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
    await sandbox.destroy();
  });

  test("does not claim a CPU time that it can't measure", async () => {
    const sandbox = await provider.create(spec, never);
    const { usage } = await sandbox.exec(command(["true"]), never);
    expect(Object.keys(usage)).toEqual(["wallTimeMs"]);
    await sandbox.destroy();
  });
});

test("sweep removes folders of dead owners only", async () => {
  const sandbox = await provider.create(spec, never);
  const [live = ""] = await readdir(temporary);
  const [namespace = "", , start = ""] = (await ownIdentity()).split("-");
  const child = spawn("true");
  await once(child, "close");
  const names = {
    dead: `glovebox-process-${namespace}-${child.pid}-1-aaaaaa`,
    reusedPid: `glovebox-process-${namespace}-${process.pid}-1-aaaaaa`,
    otherNamespace: `glovebox-process-1-${child.pid}-${start}-aaaaaa`,
    otherName: "glovebox-process-notes",
    foreign: `foreign-${namespace}-${child.pid}-1-aaaaaa`,
  };
  for (const name of Object.values(names)) {
    await mkdir(join(temporary, name, "sub"), { recursive: true });
  }
  await provider.sweep();
  const { otherNamespace, otherName, foreign } = names;
  expect((await readdir(temporary)).sort()).toEqual(
    [live, otherNamespace, otherName, foreign].sort(),
  );
  await sandbox.destroy();
});
