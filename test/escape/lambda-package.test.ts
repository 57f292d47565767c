/**
 * @module
 * What goes up to AWS of a folder that somebody else made, and may be changing meanwhile: what is in it,
 * and never what it leads to.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { makePackage } from "../../src/providers/lambda/package.ts";

const temporary = mkdtempSync(join(tmpdir(), "lambda-package-test-"));
const SECRET = "the secret of somebody else";
let outside: string;
let folder: string;

beforeEach(() => {
  outside = mkdtempSync(join(temporary, "outside-"));
  folder = mkdtempSync(join(temporary, "folder-"));
  writeFileSync(join(outside, "key"), SECRET);
  write("main.py", "print(1)\n");
});
afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
});

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** Names and contents of what goes up, but for our own bootstrap. */
async function packed(): Promise<Readonly<Record<string, string>>> {
  const policy = {
    network: { mode: "all" },
    workspace: { kind: "mount", hostPath: folder, access: "ro" },
  } as const;
  const { zip } = await makePackage({ policy, files: [] }, undefined, new AbortController().signal);
  const rows = Object.entries(unzipSync(zip))
    .filter(([name]) => !name.startsWith("glovebox_runtime/"))
    .map(([name, content]) => [name, Buffer.from(content).toString()]);
  return Object.fromEntries(rows) as Record<string, string>;
}

const names = async (): Promise<readonly string[]> => Object.keys(await packed()).sort();

describe("links", () => {
  test("that lead out are left out, and none is followed", async () => {
    symlinkSync(join(outside, "key"), join(folder, "absolute"));
    symlinkSync("../../../../../../../../etc/passwd", join(folder, "up"));
    symlinkSync(outside, join(folder, "there"));
    symlinkSync("..", join(folder, "above"));
    symlinkSync("there/key", join(folder, "through"));
    symlinkSync("main.py", join(folder, "inside"));
    symlinkSync(".", join(folder, "round"));
    const found = await packed();
    expect(found).toEqual({
      ...{ "main.py": "print(1)\n", inside: "main.py", round: ".", through: "there/key" },
    });
  });

  // Each of them was a way out before it was opened without following links.
  test.each([
    ["a file", "data", "link", (): void => symlinkSync(join(outside, "key"), join(folder, "link"))],
    ["a folder", "sub", "way", (): void => symlinkSync(outside, join(folder, "way"))],
  ])(
    "%s that becomes one while it is read shows nothing of what it leads to",
    async (_what, name, link, makeLink) => {
      if (name === "data") write(name, "harmless");
      else write(`${name}/key`, "harmless");
      makeLink();
      write(".gitignore", `/${link}\n/spare\n`);
      const swapping = spawn(process.execPath, ["-e", swapper, name, link], {
        cwd: folder,
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        await once(swapping.stdout, "data");
        for (let round = 0; round < 150; round++) {
          expect(JSON.stringify(await packed())).not.toContain(SECRET);
        }
      } finally {
        swapping.kill("SIGKILL");
        await once(swapping, "close");
      }
    },
  );
});

/** Lets two names change places until it is killed. */
const swapper = `
const { renameSync } = require("node:fs");
const [one, other] = process.argv.slice(1);
process.stdout.write("begun");
for (;;) {
  renameSync(one, "spare"); renameSync(other, one); renameSync("spare", other);
}`;

describe("what is named in a list", () => {
  test("stays here, however the list is written", async () => {
    write(".gitignore", "\ufeffsecret.txt\r\n*.pem\r\nsecrets/\r\n!secrets/key\r\n");
    write("sub/.gloveboxignore", ".env\n");
    for (const path of ["secret.txt", "a.pem", "deep/b.pem", "secrets/key", "sub/.env"]) {
      write(path, SECRET);
    }
    expect(await names()).toEqual([".gitignore", "main.py", "sub/.gloveboxignore"]);
  });

  test("git's own folders stay here in every folder, and no list brings them back", async () => {
    write(".gitignore", "!.git\n!.git/**\n");
    write(".git/config", SECRET);
    write("vendor/lib/.git/config", SECRET);
    write("module/.git", `gitdir: ${SECRET}`);
    write("vendor/lib/a.py", "");
    expect(await names()).toEqual([".gitignore", "main.py", "vendor/lib/a.py"]);
  });

  test("goes nowhere where the list can't be read", async () => {
    symlinkSync("gone", join(folder, ".gloveboxignore"));
    await expect(packed()).rejects.toThrow(/"\.gloveboxignore" in .* can't go .*: ENOENT/);
  });

  test.skipIf(process.getuid?.() === 0)(
    "as what may be read does, where it may not: an upload is whole, or none",
    async () => {
      write("private", SECRET);
      chmodSync(join(folder, "private"), 0o000);
      await expect(packed()).rejects.toThrow(/"private" in .* can't go .*: EACCES/);
      write(".gitignore", "private\n");
      expect(await names()).toEqual([".gitignore", "main.py"]);
    },
  );

  test("is found in time by patterns made to take long", async () => {
    write(".gitignore", `${"*a".repeat(40)}b\n${"**/a".repeat(40)}/b\n`);
    write("a".repeat(250), "");
    write(`${"a/".repeat(90)}c`, "");
    expect((await names()).length).toBe(4);
  });
});

describe("what is no file", () => {
  test("is left out, and holds nobody up: fifos, sockets, devices", async () => {
    execFileSync("mkfifo", [join(folder, "fifo")]);
    if (process.getuid?.() === 0) execFileSync("mknod", [join(folder, "zero"), "c", "1", "5"]);
    const server = createServer().listen(join(folder, "socket"));
    await once(server, "listening");
    try {
      expect(await names()).toEqual(["main.py"]);
    } finally {
      server.close();
    }
  });

  test("is no list either", async () => {
    execFileSync("mkfifo", [join(folder, "fifo")]);
    symlinkSync("fifo", join(folder, ".gitignore"));
    await expect(packed()).rejects.toThrow(/"\.gitignore" in .*: it is no file/);
  });
});

describe("names", () => {
  test.each([["__proto__"], ["glovebox_runtime"]])("%s is refused by name", async (name) => {
    write(name, "x");
    await expect(packed()).rejects.toThrow(`can be called \`${name}\``);
  });

  test("that are no text are refused, and shown so that they can't deceive", async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/\x1b[2J`), Buffer.from([0xff])]), "x");
    await expect(packed()).rejects.toThrow(/"\\u001b\[2J\ufffd" in .*: its name is not UTF-8/);
  });

  test("with controls, of other prototypes and of members are files as any other", async () => {
    const all = ["\x1b[31m", "a\nb", "constructor", "sub/__proto__", "toString", "-rf", "10", "9"];
    for (const name of all) write(name, name);
    expect(await packed()).toEqual({
      "main.py": "print(1)\n",
      ...Object.fromEntries(all.map((name) => [name, name])),
    });
  });
});

describe("sizes", () => {
  test("folders too deep to be opened are refused, and all are closed again", async () => {
    write(`${"d/".repeat(150)}f`, "");
    const before = readdirSync("/proc/self/fd").length;
    await expect(packed()).rejects.toThrow("folders 100 deep");
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
  });

  test("a file of more than a function has is refused unread", async () => {
    writeFileSync(join(folder, "huge"), "");
    truncateSync(join(folder, "huge"), 2 ** 40);
    await expect(packed()).rejects.toThrow("`huge` has 1099511627776 bytes");
  });
});
