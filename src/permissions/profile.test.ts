import { protectedEntries } from "../core/protected-paths.ts";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askablePaths } from "./askable-paths.ts";
import { locatePath } from "./locate-path.ts";
import { meaningOf } from "./meaning.ts";
import { profileEntries } from "./profile.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "glovebox-home-")));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});
const insideHome = "/home/sandbox";
const put = (path: string): void => {
  mkdirSync(join(home, path, ".."), { recursive: true });
  writeFileSync(join(home, path), "x");
};

test("no entry is there twice, and all lie below", () => {
  for (const entries of [profileEntries, protectedEntries]) {
    const paths = entries.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.filter((path) => path.startsWith("/") || /\.\.|\/$/.test(path))).toEqual([]);
  }
});

test("what is there may be asked for, at both places; home itself at its own", async () => {
  put(".aws/credentials");
  put(".env.local");
  put("real/npmrc");
  symlinkSync(join(home, "real/npmrc"), join(home, ".npmrc"));
  symlinkSync(join(home, "nowhere"), join(home, ".netrc"));
  const server = createServer().listen(join(home, "agent"));
  await once(server, "listening");
  const env = { SSH_AUTH_SOCK: join(home, "agent") };
  const found = askablePaths({ home, env, insideHome }).filter(({ hostPath }) =>
    hostPath.startsWith(home),
  );
  server.close();
  const both = (path: string): string[] => [join(home, path), join(insideHome, path)];
  const byPath = (one: { hostPath: string }, other: { hostPath: string }): number =>
    one.hostPath < other.hostPath ? -1 : 1;
  expect([...found].sort(byPath)).toEqual([
    { hostPath: home, kind: "folder", insidePaths: [home] },
    { hostPath: join(home, ".aws"), kind: "folder", insidePaths: both(".aws") },
    { hostPath: join(home, ".env.local"), kind: "file", insidePaths: both(".env.local") },
    { hostPath: join(home, "agent"), kind: "socket", insidePaths: both("agent") },
    { hostPath: join(home, "real/npmrc"), kind: "file", insidePaths: both(".npmrc") },
  ]);
});

test.each([
  [{ kind: "read", path: "/home/u/.aws/credentials" }, "AWS access keys"],
  [{ kind: "list", path: "/home/u/.ssh" }, "SSH keys"],
  [{ kind: "read", path: "/home/u/.env.local" }, "passwords and keys of projects"],
  [{ kind: "read", path: "/home/u/.awsome" }, "your files"],
  [{ kind: "read", path: "/etc/passwd" }, undefined],
  [{ kind: "socket", path: "/run/docker.sock" }, "full control of this machine"],
  [{ kind: "socket", path: "/tmp/ssh-1/agent" }, "signs in as you with your SSH keys"],
  [{ kind: "net", protocol: "tcp", host: "127.0.0.1", port: 1 }, "services of this machine itself"],
  [
    { kind: "net", protocol: "tcp", host: "10.0.0.5", port: 1 },
    "not on the Internet: your own network",
  ],
  [{ kind: "net", protocol: "tcp", host: "a.b", port: 1 }, undefined],
] as const)("%j means %s", (subject, meaning) => {
  const env = { SSH_AUTH_SOCK: "/tmp/ssh-1/agent" };
  expect(meaningOf(subject, { home: "/home/u", env })).toBe(meaning);
});

test("a path that a person writes is where its links lead, a folder with what is in it", () => {
  put("real/x");
  symlinkSync(join(home, "real"), join(home, "link"));
  expect(locatePath(join(home, "link"))).toBe(`${join(home, "real")}/`);
  expect(locatePath(join(home, "link/x"))).toBe(join(home, "real/x"));
  expect(locatePath(join(home, "link/new/deep"))).toBe(join(home, "real/new/deep"));
  expect(locatePath("/")).toBe("/");
});
