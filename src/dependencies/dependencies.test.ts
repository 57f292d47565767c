import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Question } from "../core/permission.ts";
import { keyOf, openDependencyCache } from "./cache.ts";
import { findDependencies, type Dependencies } from "./find-dependencies.ts";
import { ecosystems } from "./ecosystems.ts";
import { inlineMetadata } from "./inline-metadata.ts";
import { privateEndpoints, registryGate, registryInside } from "./registry.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-dependencies-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const find = (more: object): Dependencies | undefined =>
  findDependencies({ ...{ language: "python", command: undefined, code: "", folder }, ...more });

describe("what a program needs", () => {
  test("is told by the files of its own folder, the manifest first", () => {
    expect(find({})).toBeUndefined();
    writeFileSync(join(folder, "pyproject.toml"), "# nothing\n");
    expect(find({})).toBeUndefined();
    writeFileSync(join(folder, "pyproject.toml"), "[project]\n");
    expect(find({})?.from).toBe("pyproject.toml");
    for (const name of [
      "requirements.txt",
      "requirements-dev.txt",
      "constraints.txt",
      "other.txt",
    ]) {
      writeFileSync(join(folder, name), "a\n");
    }
    const found = find({});
    expect(found?.files.map(({ path }) => path)).toEqual([
      ...["requirements.txt", "constraints.txt", "requirements-dev.txt"],
    ]);
    expect(find({ language: "perl" })).toBeUndefined();
    expect(find({ folder: undefined })).toBeUndefined();
  });

  test.each([
    ["cargo run -q", "Cargo.toml", '[dependencies]\na = "1"\n', "cargo"],
    [
      "cargo +nightly test",
      "Cargo.toml",
      "[target.'cfg(unix)'.dependencies]\na = \"1\"\n",
      "cargo",
    ],
    ["cargo run", "Cargo.toml", '[package]\nname = "a"\n[dev-dependencies]\na = "1"\n', undefined],
    ["cargo new a", "Cargo.toml", '[dependencies]\na = "1"\n', undefined],
    ["ruby x.rb", "Gemfile", 'source "https://a.example"\ngem "a"\n', "gem"],
    ["ruby x.rb", "Gemfile", 'source "https://a.example"\n# gem "a"\n', undefined],
    ["bundle install", "Gemfile", 'gem "a"\n', undefined],
    ["go run .", "go.mod", "module a\nrequire a.example/b v1.0.0\n", "go"],
    ["go mod tidy", "go.mod", "module a\nrequire a.example/b v1.0.0\n", undefined],
    ["php x.php", "composer.json", '{"require": {"a/b": "1"}}', undefined],
  ])("of `%s` with a %s", (command, name, text, id) => {
    writeFileSync(join(folder, name), text);
    expect(find({ language: undefined, command })?.ecosystem.id).toBe(id);
  });

  test.each([
    ['{"require": {"php": "^8", "ext-json": "*"}}', undefined],
    ['{"require": {"php": "^8", "a/b": "1"}}', "composer"],
    ["{", "composer"],
  ])("of PHP with %s", (text, id) => {
    writeFileSync(join(folder, "composer.json"), text);
    expect(find({ language: "php" })?.ecosystem.id).toBe(id);
  });

  const many = 500_000;
  const letters = `{"dependencies": "${"a".repeat(many * 10)}", "require": "${"a".repeat(many * 10)}"}`;
  test.each<[string, string, string, string | undefined]>([
    ["python", "requirements.txt", "\n".repeat(many), undefined],
    ["python", "requirements.txt", `${"\r\t ".repeat(many)}#`, undefined],
    ["ruby", "Gemfile", `${"\n".repeat(many)}gem "a"`, "gem"],
    ["go", "go.mod", "\n ".repeat(many), undefined],
    ["javascript", "package.json", letters, undefined],
    ["php", "composer.json", letters, "composer"],
  ])("of a hostile manifest of %s is told in time: %s", (language, name, text, id) => {
    writeFileSync(join(folder, name), text);
    const startedMs = performance.now();
    expect(find({ language })?.ecosystem.id).toBe(id);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test("of a hostile Cargo.toml and a hostile script is told in time", () => {
    writeFileSync(join(folder, "Cargo.toml"), `${"\n".repeat(many)}[target.${".".repeat(many)}`);
    const startedMs = performance.now();
    expect(find({ language: undefined, command: "cargo run" })).toBeUndefined();
    expect(find({ code: "# /// script\n".repeat(many) })).toBeUndefined();
    expect(find({ code: "# /// script\nx\n".repeat(many) })).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test("of a command is that of its language", () => {
    writeFileSync(join(folder, "package.json"), "{}");
    expect(find({ language: "javascript" })).toBeUndefined();
    writeFileSync(join(folder, "package.json"), '{"dependencies": {"a": "1"}}');
    expect(find({ language: undefined, command: "node" })?.ecosystem.id).toBe("npm");
    expect(find({ language: undefined, command: "app.mjs" })?.ecosystem.id).toBe("npm");
    expect(find({ language: undefined, command: "app.mjs --x" })?.ecosystem.id).toBe("npm");
    for (const command of ["ls", "npm install", "nodejs-x", "python3 -m pip install a"]) {
      expect(find({ language: undefined, command })).toBeUndefined();
    }
    mkdirSync(join(folder, "node_modules"));
    expect(find({ language: undefined, command: "node" })).toBeUndefined();
    expect(find({ language: "javascript" })?.ecosystem.id).toBe("npm");
  });

  test("all manifests together are bounded", () => {
    writeFileSync(join(folder, "requirements.txt"), "a\n");
    for (const name of ["requirements-a.txt", "requirements-b.txt"]) {
      writeFileSync(join(folder, name), "");
      truncateSync(join(folder, name), 10 * 1024 ** 2);
    }
    expect(() => find({})).toThrow("requirements-b.txt: can't be read: it makes more than 16 MiB");
  });

  test.skipIf(process.getuid?.() !== 0)(
    "what another user put beside a program in a folder of all is not taken",
    () => {
      const manifest = join(folder, "requirements.txt");
      writeFileSync(manifest, "a\n");
      chownSync(manifest, 1, 1);
      expect(find({})?.from).toBe("requirements.txt");
      chmodSync(folder, 0o1777);
      expect(() => find({})).toThrow("it is another user's");
      chownSync(manifest, 0, 0);
      expect(find({})?.from).toBe("requirements.txt");
    },
  );

  test("a folder in its place is no manifest", () => {
    mkdirSync(join(folder, "requirements.txt"));
    expect(() => find({})).toThrow("it is no file");
  });

  test.each([
    ["# /// script\n# dependencies = []\n# ///\n", "dependencies = []"],
    [
      "#!/usr/bin/env python3\nx = 1\n# /// script\n# a = 1\n#\n# b = 2\n# ///\nmore\n",
      "a = 1\n\nb = 2",
    ],
    ["# /// script\r\n# a = 1\r\n# ///\r\n", "a = 1\r"],
    ["# /// script\n# a = 1\n", undefined],
    ["# /// other\n# a = 1\n# ///\n", undefined],
    ["x = '''\n# nothing\n'''", undefined],
    ["# /// script\n# a = 1\n# ///\n# b = 2\n# ///\n", "a = 1\n///\nb = 2"],
    ["# /// script\n# a = 1\n# ///\n# no more\n", "a = 1"],
    ["# /// script\n# a = 1\nx\n# /// script\n# b = 2\n# ///", "b = 2"],
    ["# /// script\n# ///\n", undefined],
  ])("%j says of itself %j", (code, metadata) => {
    expect(inlineMetadata(code)?.replace(/\n$/, "")).toBe(metadata);
  });

  test("anybody's file is looked at in time that grows as it does", () => {
    const [blank, begun] = [`${"\n".repeat(1e6)}#`, "# /// script\n".repeat(1e5)];
    const startedMs = performance.now();
    expect(inlineMetadata(begun)).toBeUndefined();
    for (const { id, declares } of ecosystems) {
      // What is no JSON is left to the tools.
      expect(declares(blank), id).toBe(id === "npm" || id === "composer");
    }
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });
});

describe("what was installed", () => {
  const content = (text: string) => [
    { path: "a/b.py", content: Buffer.from(text), executable: false },
    { path: "bin/run", content: Buffer.from("#!"), executable: true },
  ];

  test("is found by all that it depends on", () => {
    writeFileSync(join(folder, "requirements.txt"), "a");
    const [one] = [find({})];
    const place = { registry: "https://a.example/", tool: "1" };
    if (one === undefined) throw new Error("not found");
    const keys = [
      keyOf(one, place),
      keyOf(one, { ...place, registry: "https://b.example/" }),
      keyOf(one, { ...place, tool: "2" }),
      keyOf({ ...one, files: [{ path: "requirements.txt", content: Buffer.from("b") }] }, place),
      keyOf({ ...one, files: [...one.files, { path: "c", content: Buffer.from("") }] }, place),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyOf(one, place)).toBe(keys[0]);
  });

  test("is kept whole, and the first of two stays", async () => {
    const cache = openDependencyCache(join(folder, "cache"));
    expect(cache.find("pip-1")).toBeUndefined();
    const place = await cache.put("pip-1", content("one"));
    await cache.put("pip-1", content("two"));
    expect(cache.find("pip-1")).toBe(place);
    expect(readFileSync(join(place, "a/b.py"), "utf8")).toBe("one");
    expect(readdirSync(join(folder, "cache"))).toEqual(["pip-1"]);
  });

  test("a path that leads out of it is written nowhere", async () => {
    const cache = openDependencyCache(join(folder, "cache"));
    writeFileSync(join(folder, "kept"), "mine");
    const bad = [{ path: "../../kept", content: Buffer.from("theirs"), executable: false }];
    await expect(cache.put("pip-1", bad)).rejects.toThrow();
    expect(readFileSync(join(folder, "kept"), "utf8")).toBe("mine");
    expect(readdirSync(join(folder, "cache"))).toEqual([]);
  });

  test("what killed runs left goes with the next; what live ones write stays", async () => {
    const cache = openDependencyCache(join(folder, "cache"));
    const [dead, alive] = [".new-999999999-1-a", `.new-${process.pid}-0-b`];
    mkdirSync(join(folder, "cache", dead), { recursive: true });
    await cache.put("pip-1", content("one"));
    expect(existsSync(join(folder, "cache", dead))).toBe(false);
    expect(alive).toContain(String(process.pid));
  });

  test("an entry that was used today is not taken from under a run", async () => {
    const cache = openDependencyCache(join(folder, "cache"));
    await cache.put("pip-old", content("one"));
    await cache.put("pip-new", content("two"));
    for (const name of ["pip-old", "pip-new"]) {
      writeFileSync(join(folder, "cache", name, "size"), String(3 * 1024 ** 3));
    }
    const longAgo = new Date(Date.now() - 72 * 60 * 60 * 1000);
    utimesSync(join(folder, "cache/pip-old"), longAgo, longAgo);
    await cache.put("pip-third", content("three"));
    expect(readdirSync(join(folder, "cache")).sort()).toEqual(["pip-new", "pip-third"]);
  });
});

describe("an installation", () => {
  const never = new AbortController().signal;
  const asks = async (places: readonly string[], subject: Question["subject"]): Promise<boolean> =>
    (await registryGate(places).decide({ subject }, never)).isAllowed;
  const tcp = (host: string, port: number) =>
    ({ kind: "net", protocol: "tcp", host, port }) as const;

  test("reaches its registry and its hosts, at their ports, and nothing else", async () => {
    const places = ["https://pypi.org/simple/", "files.pythonhosted.org", "http://10.0.0.5:8080/x"];
    for (const subject of [
      tcp("pypi.org", 443),
      tcp("files.pythonhosted.org", 443),
      tcp("10.0.0.5", 8080),
    ]) {
      expect(await asks(places, subject)).toBe(true);
    }
    for (const subject of [
      ...[
        tcp("pypi.org", 80),
        tcp("evil.pypi.org", 443),
        tcp("10.0.0.5", 80),
        tcp("host.internal", 443),
      ],
      { kind: "net", protocol: "udp", host: "pypi.org", port: 443 } as const,
      { kind: "read", path: "/etc/shadow" } as const,
      { kind: "env", name: "TOKEN" } as const,
      { kind: "forward", port: 80 } as const,
    ]) {
      expect(await asks(places, subject)).toBe(false);
    }
  });

  test("reaches a named registry in a private network by what its name leads to", async () => {
    const gate = registryGate(["https://npm.corp.example/"], ["10.0.0.5:443"]);
    const isAllowed = async (host: string, port: number): Promise<boolean> =>
      (await gate.decide({ subject: tcp(host, port) }, never)).isAllowed;
    expect(await isAllowed("10.0.0.5", 443)).toBe(true);
    expect(await isAllowed("10.0.0.5", 80)).toBe(false);
    expect(await isAllowed("10.0.0.6", 443)).toBe(false);
    const addresses = ["10.0.0.5", "fd00::5", "93.184.216.34", "169.254.169.254", "127.0.0.1"];
    const resolve = () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.length })));
    expect(await privateEndpoints("https://npm.corp.example/", resolve)).toEqual([
      ...["10.0.0.5:443", "fd00::5:443", "127.0.0.1:443"],
    ]);
    for (const each of ["http://localhost/", "http://10.0.0.5/", "http://nothing.invalid/"]) {
      expect(await privateEndpoints(each)).toEqual([]);
    }
  });

  test.each([
    ["http://127.0.0.1:4873/", "http://host.internal:4873/"],
    ["http://localhost/a", "http://host.internal/a"],
    ["http://[::1]:1/", "http://host.internal:1/"],
    ["https://npm.example.com/x/", "https://npm.example.com/x/"],
  ])("sees %s as %s", async (registry, inside) => {
    expect(registryInside(registry)).toBe(inside);
    const { hostname, port, protocol } = new URL(inside);
    const usual = protocol === "https:" ? 443 : 80;
    expect(await asks([registry], tcp(hostname, port === "" ? usual : Number(port)))).toBe(true);
  });
});
