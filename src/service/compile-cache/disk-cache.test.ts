import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CompiledProgram } from "./compile-cache.ts";
import { compileKey, type CompileInputs } from "./compile-key.ts";
import { cacheFolderFault, createDiskCache } from "./disk-cache.ts";

const program: CompiledProgram = {
  files: [
    { path: ".glovebox-a.out", content: Buffer.from([0x7f, 0x45, 0, 255]), executable: true },
    { path: "sub/empty", content: Buffer.alloc(0), executable: false },
  ],
  stdout: Buffer.from("note\n"),
  stderr: Buffer.from("warning: zwölf\n"),
};
const sized = (bytes: number): CompiledProgram => ({
  files: [{ path: "a", content: Buffer.alloc(bytes, 1), executable: false }],
  stdout: Buffer.alloc(0),
  stderr: Buffer.alloc(0),
});
const key = (digit: string): string => digit.repeat(64);

let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "glovebox-cache-test-"));
  folder = join(parent, "cache");
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});

const open = (maxBytes = 10_000) => createDiskCache({ folder, maxBytes });

test("what was put is had again, by another process too", async () => {
  expect(await open().get(key("a"))).toBeUndefined();
  await open().put(key("a"), program);
  expect(await open().get(key("a"))).toEqual(program);
  expect(await open().get(key("b"))).toBeUndefined();
});

test("what is on its way to the disk is there already", async () => {
  const cache = open();
  const putting = cache.put(key("a"), program);
  expect(existsSync(join(folder, key("a")))).toBe(false);
  expect(await cache.get(key("a"))).toBe(program);
  await putting;
  expect(await cache.get(key("a"))).toEqual(program);
});

test("only its owner may read it", async () => {
  await open().put(key("a"), program);
  const paths = [folder, join(folder, key("a"))];
  for (const path of paths) {
    const { mode } = await import("node:fs").then(({ statSync }) => statSync(path));
    expect(mode & 0o077).toBe(0);
  }
});

test("what was used longest ago goes first", async () => {
  const cache = open(3000);
  await cache.put(key("a"), sized(1000));
  await cache.put(key("b"), sized(1000));
  const past = new Date(Date.now() - 60_000);
  utimesSync(join(folder, key("a")), past, past);
  utimesSync(join(folder, key("b")), past, past);
  await cache.get(key("a"));
  await cache.put(key("c"), sized(1000));
  expect(readdirSync(folder).sort()).toEqual([key("a"), key("c")]);
});

test("several processes keep one bound together", async () => {
  const caches = Array.from({ length: 4 }, () => open());
  for (let round = 0; round < 40; round++) {
    const text = round.toString(16).padStart(64, "0");
    await caches[round % caches.length]?.put(text, sized(900));
  }
  const bytes = readdirSync(folder).map((name) => readFileSync(join(folder, name)).byteLength);
  const total = bytes.reduce((sum, each) => sum + each, 0);
  // Each may have written an eighth since it looked.
  expect(total).toBeLessThan(10_000 * (1 + caches.length / 8) + 1_000);
});

test("what is larger than the whole cache is not kept", async () => {
  await open(500).put(key("a"), sized(1000));
  expect(existsSync(folder)).toBe(false);
});

test("a part that a killed writer left goes, a new one stays", async () => {
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, ".old"), "");
  writeFileSync(join(folder, ".new"), "");
  const past = new Date(Date.now() - 2 * 60 * 60 * 1000);
  utimesSync(join(folder, ".old"), past, past);
  await open().put(key("a"), program);
  expect(readdirSync(folder).sort()).toEqual([".new", key("a")]);
});

describe("what somebody else may have written is not taken:", () => {
  const entry = (): string => join(folder, key("a"));
  test.each<[string, () => void]>([
    ["a flipped bit", () => flip(-1)],
    ["a flipped bit in the header", () => flip(80)],
    ["a cut file", () => writeFileSync(entry(), readFileSync(entry()).subarray(0, -1))],
    ["an empty file", () => writeFileSync(entry(), "")],
    ["one with more behind it", () => writeFileSync(entry(), "x", { flag: "a" })],
    [
      "the entry of another key",
      () => writeFileSync(entry(), readFileSync(join(folder, key("b")))),
    ],
    ["a file that all may write to", () => chmodSync(entry(), 0o666)],
    [
      "a link",
      () => {
        rmSync(entry());
        symlinkSync(join(folder, key("b")), entry());
      },
    ],
    [
      "a folder",
      () => {
        rmSync(entry());
        mkdirSync(entry());
      },
    ],
  ])("%s", async (_what, damage) => {
    await open().put(key("a"), program);
    await open().put(key("b"), program);
    damage();
    expect(await open().get(key("a"))).toBeUndefined();
    expect(await open().get(key("b"))).toEqual(program);
  });

  function flip(at: number): void {
    const bytes = readFileSync(entry());
    const index = at < 0 ? bytes.length + at : at;
    bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index);
    writeFileSync(entry(), bytes);
  }
});

test("into a folder that others may write to nothing is put", async () => {
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  await open().put(key("a"), program);
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder is looked at for who names one", async () => {
  expect(await cacheFolderFault(folder)).toBeUndefined();
  chmodSync(folder, 0o777);
  expect(await cacheFolderFault(folder)).toContain("chmod 700");
  writeFileSync(join(parent, "file"), "");
  expect(await cacheFolderFault(join(parent, "file/below"))).toMatch(/ENOTDIR|EEXIST/);
});

test("a folder that can't be made is no failure", async () => {
  writeFileSync(folder, "a file");
  await open().put(key("a"), program);
  expect(await open().get(key("a"))).toBeUndefined();
});

describe("the key", () => {
  const inputs: CompileInputs = {
    toolchain: "gcc 12",
    provider: "linux",
    commands: [["cc", "main.c"]],
    env: { A: "1", B: "2" },
    network: "none",
    files: [
      { path: "main.c", content: Buffer.from("int main;") },
      { path: "b.h", content: Buffer.from("") },
    ],
  };
  test("is the same whatever the order of variables and files", () => {
    const turned = { ...inputs, env: { B: "2", A: "1" }, files: [...inputs.files].reverse() };
    expect(compileKey(turned)).toBe(compileKey(inputs));
    expect(compileKey(inputs)).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, Partial<CompileInputs>]>([
    ["the toolchain", { toolchain: "gcc 13" }],
    ["the provider", { provider: "docker" }],
    ["a flag", { commands: [["cc", "-O2", "main.c"]] }],
    ["how words are cut", { commands: [["cc main.c"]] }],
    ["a variable", { env: { A: "1" } }],
    ["the network", { network: "all" }],
    ["a file's name", { files: [{ path: "x.c", content: Buffer.from("int main;") }] }],
    ["a file's content", { files: [{ path: "main.c", content: Buffer.from("int other;") }] }],
    [
      "a file's mode",
      { files: [{ path: "main.c", content: Buffer.from("int main;"), executable: true }] },
    ],
  ])("changes with %s", (_what, parts) => {
    const files = parts.files === undefined ? inputs.files : [...parts.files, inputs.files[1]!];
    expect(compileKey({ ...inputs, ...parts, files })).not.toBe(compileKey(inputs));
  });
});
