import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultLimits } from "../../core/limits.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { containerUser } from "./container-user.ts";
import { completeDaemon } from "../../../test/helpers/docker/daemon-info.ts";

const rootsFolder = "/usr";
const ordinary = /^19\d{8}:19\d{8}$/;
const mapped = "1000:1000";

type Workspace = SandboxSpec["policy"]["workspace"];

const userOf = (workspace: Workspace, security: readonly string[] = []): Promise<string> =>
  containerUser(
    { policy: { network: { mode: "none" }, workspace }, limits: defaultLimits },
    { ...completeDaemon, security },
  );

test("without a folder nobody, and another in each sandbox", async () => {
  const users = await Promise.all(Array.from({ length: 10 }, () => userOf({ kind: "scratch" })));
  expect(new Set(users).size).toBeGreaterThan(1);
  for (const user of users) expect(user).toMatch(ordinary);
});

test.each(["rootless", "userns"])(
  "where the completeDaemon maps users (%s), one that it has",
  async (how) => {
    expect(await userOf({ kind: "scratch" }, ["seccomp", how])).toBe(mapped);
  },
);

describe.skipIf(process.platform !== "linux")("in a folder", () => {
  let folder: string;
  const own = { uid: process.getuid!() || 1234, gid: process.getgid!() || 1235 };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "glovebox-user-test-"));
    if (process.getuid!() === 0) chownSync(folder, own.uid, own.gid);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const mount = (hostPath: string, access: "ro" | "rw"): Workspace => ({
    ...{ kind: "mount", hostPath, access },
  });

  test.each(["ro", "rw"] as const)("of an ordinary user, its owner (%s)", async (access) => {
    expect(await userOf(mount(folder, access))).toBe(`${own.uid}:${own.gid}`);
  });

  test("of root's, nobody, who may read it", async () => {
    expect(await userOf(mount(rootsFolder, "ro"))).toMatch(ordinary);
    expect(await userOf(mount(rootsFolder, "ro"), ["rootless"])).toBe(mapped);
  });

  test("of root's that it shall write to, is refused: it would have to be root", async () => {
    await expect(userOf(mount(rootsFolder, "rw"))).rejects.toMatchObject({
      code: "POLICY_UNENFORCEABLE",
      details: { controls: ["privileges"] },
    });
  });

  test("that is not there, is refused", async () => {
    await expect(userOf(mount(join(folder, "none"), "ro"))).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringMatching(/ENOENT/) as string,
    });
  });
});
