/**
 * @module
 * Somebody who moves things in the workspace while a shell opens files there for its redirections.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openWorkspaceFile } from "../../src/shell/workspace-files.ts";

const folder = mkdtempSync(join(tmpdir(), "glovebox-shell-escape-"));
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const attempts = 3000;

/** `at` is a folder, then a link that leads out, then a folder again. */
const swap = `
  mkdir "$1/workspace/real"
  echo ready
  while :; do
    ln -sfn "$1/outside" "$1/workspace/at"
    rm -f "$1/workspace/at"
    mv "$1/workspace/real" "$1/workspace/at"
    mv "$1/workspace/at" "$1/workspace/real"
  done 2>/dev/null
`;

test(
  "a folder that becomes a link leads a redirection nowhere else",
  { timeout: 60_000 },
  async () => {
    const [workspace, outside] = [join(folder, "workspace"), join(folder, "outside")];
    mkdirSync(workspace);
    mkdirSync(outside);
    writeFileSync(join(outside, "secret"), "of this machine");
    const swapper = spawn("bash", ["-c", swap, "swap", folder], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await once(swapper.stdout, "data");
    const reach = { workspaceOf: () => workspace, isFree: false, canWrite: true };
    let opened = 0;
    try {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        try {
          closeSync(openWorkspaceFile("at/made", "write", { reach, folder: workspace }));
          opened += 1;
        } catch {
          // It was refused, or not there.
        }
        try {
          const fd = openWorkspaceFile("at/secret", "read", { reach, folder: workspace });
          const text = readFileSync(fd, "utf8");
          closeSync(fd);
          expect(text).not.toContain("of this machine");
        } catch (error) {
          if (!(error instanceof Error) || error.name !== "GloveboxError") throw error;
        }
      }
    } finally {
      swapper.kill("SIGKILL");
      await once(swapper, "close");
    }
    expect(readdirSync(outside)).toEqual(["secret"]);
    // Or nothing was tried.
    expect(opened).toBeGreaterThan(0);
  },
);

test("a workspace that holds Glovebox's own folders does not open them", () => {
  const workspace = join(folder, "workspace");
  const names = { XDG_CACHE_HOME: "cache", XDG_STATE_HOME: "state", XDG_CONFIG_HOME: "config" };
  const before = { ...process.env };
  const reach = { workspaceOf: () => workspace, isFree: false, canWrite: true };
  for (const [name, path] of Object.entries(names)) {
    process.env[name] = join(workspace, path);
    mkdirSync(join(workspace, path, "glovebox/deep"), { recursive: true });
  }
  try {
    for (const path of Object.values(names)) {
      for (const file of [`${path}/glovebox/run.yaml`, `${path}/x/../glovebox/deep/x`]) {
        mkdirSync(join(workspace, path, "x"), { recursive: true });
        expect(() => openWorkspaceFile(file, "append", { reach, folder: workspace })).toThrow(
          "can't be written from here",
        );
      }
    }
  } finally {
    process.env = before;
  }
});
