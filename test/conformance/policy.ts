/**
 * @module
 * What a program may touch, and whether the provider says the truth about it.
 */
import {
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { controls, missingControls } from "../../src/core/enforcement.ts";
import type { WorkspaceMount } from "../../src/core/policy.ts";
import { execIn, python, runOnce, sh, specOf, withSandbox } from "./harness.ts";
import type { Suite } from "./harness.ts";

export function describePolicy(suite: Suite): void {
  describeEnforcement(suite);
  describeNetwork(suite);
  describeMounts(suite);
  describeSweep(suite);
}

function describeEnforcement(suite: Suite): void {
  const { must } = suite;
  must("its probe and its sandboxes say the same", async () => {
    const probe = await suite.provider().probe();
    expect(probe).toMatchObject({ provider: suite.provider().name, available: true });
    await withSandbox(suite, { enforcement: "best-effort" }, async ({ enforcement }) => {
      expect(enforcement).toEqual(probe.enforcement);
      expect(Object.keys(enforcement).sort()).toEqual([...controls].sort());
    });
  });

  must("strict enforcement runs nothing where a control is missing", async () => {
    const missing = missingControls((await suite.provider().probe()).enforcement);
    const spec = specOf(suite, { enforcement: "strict" });
    const created = suite.provider().create(spec, new AbortController().signal);
    if (missing.length > 0) {
      await expect(created).rejects.toMatchObject({
        code: "POLICY_UNENFORCEABLE",
        details: { controls: missing },
      });
    } else {
      const sandbox = await created;
      const { outcome } = await execIn(suite, sandbox, sh("exit 0")).finally(() =>
        sandbox.destroy(),
      );
      expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
    }
  });
}

const connect = (port: number): readonly string[] =>
  python(
    `import socket\ntry:\n  socket.create_connection(("127.0.0.1", ${port}), 3).close(); print("connected")\nexcept OSError as e: print("refused")`,
  );

async function withListener<T>(use: (port: number, count: () => number) => Promise<T>): Promise<T> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use((server.address() as AddressInfo).port, () => connections);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function describeNetwork(suite: Suite): void {
  const { must } = suite;
  must("without network a program can't reach a service of this machine", async () => {
    await withListener(async (port, count) => {
      expect((await runOnce(suite, connect(port))).text).toBe("refused\n");
      expect(count()).toBe(0);
    });
  });

  must("without network there is no route and no device but loopback", async () => {
    const script = "tail -n +2 /proc/net/route; tail -n +3 /proc/net/dev | cut -d: -f1";
    const { text } = await runOnce(suite, sh(script));
    expect(text.trim()).toBe("lo");
  });

  must("without network a program can talk to itself", async () => {
    const script = `
import socket
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
s.accept()[0].sendall(b"itself")
print(c.recv(10).decode())
`;
    const { text } = await runOnce(suite, python(script));
    expect(text).toBe("itself\n");
  });

  must("with all of the network a program reaches a service of this machine", async () => {
    const policy = { network: { mode: "all" } } as const;
    await withListener(async (port, count) => {
      expect((await runOnce(suite, connect(port), {}, { policy })).text).toBe("connected\n");
      expect(count()).toBe(1);
    });
  });
}

/** A folder with `given.txt` and `sub/`, mounted as the workspace. */
async function withMount<T>(
  { folderOwner }: Suite,
  access: WorkspaceMount["access"],
  use: (hostPath: string, policy: { workspace: WorkspaceMount & { kind: "mount" } }) => Promise<T>,
): Promise<T> {
  const hostPath = await realpath(await mkdtemp(join(tmpdir(), "conformance-")));
  try {
    await writeFile(join(hostPath, "given.txt"), "given\n");
    await mkdir(join(hostPath, "sub"));
    const { uid, gid } = folderOwner;
    for (const path of ["given.txt", "sub", "."]) await chown(join(hostPath, path), uid, gid);
    return await use(hostPath, { workspace: { kind: "mount", hostPath, access } });
  } finally {
    await rm(hostPath, { recursive: true });
  }
}

function describeMounts(suite: Suite): void {
  const { must } = suite;
  must("a mounted folder can be read", async () => {
    await withMount(suite, "ro", async (_hostPath, policy) => {
      const { text } = await runOnce(suite, sh("cat given.txt; ls"), {}, { policy });
      expect(text).toBe("given\ngiven.txt\nsub\n");
    });
  });

  must("a folder mounted read-only can't be changed", async () => {
    await withMount(suite, "ro", async (hostPath, policy) => {
      const script =
        "echo x >> given.txt; echo x > new; rm given.txt; mkdir dir; chmod 777 .; exit 0";
      const { stderr } = await runOnce(suite, sh(script), {}, { policy });
      expect(stderr.toString()).toContain("Read-only file system");
      expect(await readdir(hostPath)).toEqual(["given.txt", "sub"]);
      expect(await readFile(join(hostPath, "given.txt"), "utf8")).toBe("given\n");
    });
  });

  must("what a program writes into a mounted folder is the caller's", async () => {
    await withMount(suite, "rw", async (hostPath, policy) => {
      const script = "echo more >> given.txt && mkdir -p sub/new && echo made > sub/new/file";
      const { outcome, stderr } = await runOnce(suite, sh(script), {}, { policy });
      expect([outcome, stderr.toString()]).toEqual([{ kind: "exited", exitCode: 0 }, ""]);
      expect(await readFile(join(hostPath, "given.txt"), "utf8")).toBe("given\nmore\n");
      expect(await readFile(join(hostPath, "sub/new/file"), "utf8")).toBe("made\n");
      const { uid, gid } = await stat(join(hostPath, "sub/new/file"));
      expect({ uid, gid }).toEqual(suite.folderOwner);
    });
  });

  must("a mounted folder stays when its sandbox goes", async () => {
    await withMount(suite, "rw", async (hostPath, policy) => {
      await runOnce(suite, sh("rm given.txt"), {}, { policy });
      expect(await readdir(hostPath)).toEqual(["sub"]);
    });
  });
}

function describeSweep(suite: Suite): void {
  suite.must("a sweep leaves a sandbox alone whose owner runs", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      await execIn(suite, sandbox, sh("echo kept > file"));
      await suite.provider().sweep();
      expect((await execIn(suite, sandbox, ["cat", "file"])).text).toBe("kept\n");
    });
  });
}
