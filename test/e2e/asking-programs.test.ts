/**
 * @module
 * Programs that people run, held while it is decided what they may have: they work with what they were
 * allowed, and fail in their own words without.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../helpers/find-program.ts";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";
import { openTestTerminal } from "../helpers/terminal.ts";
import {
  runToItsEnd,
  type Ended,
  openWorld,
  worldUsers,
  type AskingWorld,
} from "./asking-fixture.ts";

const gap = skipUnless("linux", ownNetworkGap());
const root = join(import.meta.dirname, "../..");

/** Keys in the first half second of a question are not for it. */
const GUARD_MS = 600;

const needing = (programs: readonly string[]): string | undefined => {
  const missing = programs.filter((each) => findProgram(each) === undefined);
  const reason = missing.length === 0 ? undefined : `${missing.join(", ")} is missing`;
  return skipUnless("programs", reason);
};
const pipGap = skipUnless(
  "programs",
  canRun("/usr/bin/python3", ["-m", "pip", "--version"]) ? undefined : "pip is missing",
);
const goGap = needing(["go"]);
const gitGap = needing(["git"]);
const npmGap = needing(["npm"]);
const muslGap = needing(["musl-gcc"]);

/** Files of a folder at www.example.com:8080, as mirrors of packages and of Git have them. */
const mirrorScript = `
const { createServer } = require("node:http");
const { readFileSync, statSync } = require("node:fs");
const { join, normalize } = require("node:path");
const [folder, address] = process.argv.slice(1);
createServer((request, response) => {
  let path = join(folder, normalize("/" + request.url.split("?")[0]));
  try {
    if (statSync(path).isDirectory()) path = join(path, "index.html");
    const type = path.endsWith(".html") ? "text/html" : path.endsWith(".json") ? "application/json" : "application/octet-stream";
    response.setHeader("content-type", type);
    response.end(readFileSync(path));
  } catch {
    response.statusCode = 404;
    response.end();
  }
}).listen(8080, address, () => console.log("ready"));
`;

const fetchScript = `
const all = await Promise.all(Array.from({ length: 20 }, () =>
  fetch("http://www.example.com/many").then((it) => it.text())));
console.log(all.filter((it) => it === "hello from www.example.com\\n").length);
`;

const asyncioScript = `
import asyncio
async def one():
    reader, writer = await asyncio.open_connection("www.example.com", 7)
    writer.write(b"ping\\n")
    line = await reader.readline()
    writer.close()
    return line
async def main():
    print((await asyncio.gather(*(one() for _ in range(8)))).count(b"ping\\n"))
asyncio.run(main())
`;

const udpScript = `
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as it:
    it.settimeout(5)
    it.sendto(b"ping", ("www.example.com", 7))
    print(it.recvfrom(10)[0].decode())
`;

const goProgram = `package main

import ("fmt"; "io"; "net"; "sync")

func main() {
	var all sync.WaitGroup
	answers := make(chan string, 32)
	for i := 0; i < 32; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			connection, err := net.Dial("tcp", "www.example.com:7")
			if err != nil { fmt.Println(err); return }
			defer connection.Close()
			fmt.Fprint(connection, "ping")
			bytes := make([]byte, 4)
			io.ReadFull(connection, bytes)
			answers <- string(bytes)
		}()
	}
	all.Wait()
	fmt.Println(len(answers))
}
`;

const cProgram = `
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    char bytes[5] = "";
    if (getaddrinfo("www.example.com", "7", &hints, &found)) return 1;
    int fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (connect(fd, found->ai_addr, found->ai_addrlen)) { perror("connect"); return 2; }
    if (write(fd, "ping", 4) != 4 || read(fd, bytes, 4) != 4) return 3;
    puts(bytes);
}
`;

describe.skipIf(gap !== undefined).each(worldUsers)("programs of %s", (user) => {
  let world: AskingWorld;
  let stopMirror = async (): Promise<void> => undefined;
  const built = mkdtempSync(join(tmpdir(), "glovebox-programs-test-"));

  beforeAll(async () => {
    world = await openWorld(user);
    fillMirror(join(built, "mirror"));
    stopMirror = await startMirror(world, join(built, "mirror"));
  });
  afterAll(async () => {
    await stopMirror();
    await world.close();
    rmSync(built, { recursive: true, force: true });
  });

  const run = (...args: readonly string[]): Promise<Ended> =>
    runToItsEnd([...world.cli, "run", "--ask", "never", ...args], world.env);
  const bash = (script: string): readonly string[] => ["-l", "bash", "-c", script];
  /** Denied it fails, and the summary has the flag with which it works. */
  async function worksOnlyWith(flag: string, args: readonly string[], result: string) {
    const denied = await run(...args);
    expect(denied.stdout).not.toContain(result);
    expect(denied.stderr).toContain(`glovebox:   ${flag} `);
    const allowed = await run(flag, ...args);
    expect(allowed.stdout + allowed.stderr).toContain(result);
    expect(allowed.exitCode).toBe(0);
  }
  /** Asked once, however many of its threads wait. */
  async function asksOnce(args: readonly string[], question: string, result: string) {
    const terminal = openTestTerminal([...world.cli, "run", ...args], { env: world.env });
    try {
      await terminal.until(question);
      await terminal.until("more >");
      await new Promise((resolve) => setTimeout(resolve, GUARD_MS));
      terminal.type("s");
      await terminal.until(new RegExp(`^${result}$`, "m"));
      expect(await terminal.ended).toBe(0);
      expect(terminal.shown().split(" wants to ").length - 1).toBe(1);
    } finally {
      terminal.kill();
    }
  }

  test.each([
    ["curl", "--allow-net=www.example.com:80", "curl -sS -m 9 http://www.example.com/"],
    [
      "python's urllib",
      "--allow-net=www.example.com:80",
      "python3 -c 'import urllib.request as it; print(it.urlopen(\"http://www.example.com/\").read().decode())'",
    ],
  ])("%s", async (_name, flag, script) => {
    await worksOnlyWith(flag, bash(script), "hello from www.example.com");
  });

  test("python's asyncio", async () => {
    const args = ["-l", "python", "-c", asyncioScript];
    await worksOnlyWith("--allow-net=www.example.com:7", args, "8");
  });

  test("python over UDP", async () => {
    const args = ["-l", "python", "-c", udpScript];
    await worksOnlyWith("--allow-net=udp:www.example.com:7", args, "ping");
  });

  test("twenty fetches of node at once are one question", async () => {
    world.write("project/many.mjs", fetchScript, 0o644);
    await asksOnce(["many.mjs"], "connect to www.example.com:80", "20");
  });

  test.skipIf(goGap !== undefined)(
    `32 goroutines of a static binary are one question (${goGap ?? "go"})`,
    async () => {
      writeFileSync(join(built, "many.go"), goProgram);
      const env = {
        ...process.env,
        CGO_ENABLED: "0",
        GOCACHE: join(built, "go-cache"),
        GO111MODULE: "off",
      };
      const binary = join(world.project, "many-go");
      execFileSync("go", ["build", "-o", binary, join(built, "many.go")], { env, stdio: "pipe" });
      await asksOnce(["--", "./many-go"], "connect to www.example.com:7", "32");
    },
    180_000,
  );

  test.skipIf(muslGap !== undefined)(
    `a static C program with musl (${muslGap ?? "musl-gcc"})`,
    async () => {
      writeFileSync(join(built, "ping.c"), cProgram);
      const words = ["-static", "-o", join(world.project, "ping-c"), join(built, "ping.c")];
      execFileSync("musl-gcc", words, { stdio: "pipe" });
      await worksOnlyWith("--allow-net=www.example.com:7", ["--", "./ping-c"], "ping");
    },
  );

  test.skipIf(gitGap !== undefined)(`git over HTTP (${gitGap ?? "git"})`, async () => {
    const script = "git clone -q http://www.example.com:8080/repo.git && cat repo/README";
    await worksOnlyWith("--allow-net=www.example.com:8080", bash(script), "from the mirror");
  });

  test.skipIf(pipGap !== undefined)(`pip (${pipGap ?? "pip"})`, async () => {
    const index = "http://www.example.com:8080/simple";
    const script =
      `/usr/bin/python3 -m pip install -q --retries 0 --disable-pip-version-check --no-cache-dir --target t ` +
      `--index-url ${index} --trusted-host www.example.com tiny_thing && PYTHONPATH=t python3 -c 'import tiny_thing'`;
    await worksOnlyWith("--allow-net=www.example.com:8080", bash(script), "from the mirror");
  });

  test.skipIf(npmGap !== undefined)(`npm (${npmGap ?? "npm"})`, async () => {
    const registry = "http://www.example.com:8080/npm/";
    const script =
      `npm install --no-audit --no-fund --no-update-notifier --fetch-retries 0 --registry ${registry} ` +
      "tiny-thing && node -e 'require(\"tiny-thing\")'";
    await worksOnlyWith("--allow-net=www.example.com:8080", bash(script), "from the mirror");
  });

  test("a Glovebox in a Glovebox says that it can't, and leaves nothing", async () => {
    const nested = ["node", "bin/glovebox", "run", "-l", "bash", "-c", "echo inside"];
    const { stdout, stderr, exitCode } = await run("--workspace", root, "--", ...nested);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 125 });
    expect(stderr).toContain("nothing can isolate a program here. linux: ");
    expect(stderr).toContain("to mend it: start it outside of the sandbox that it is in");
    expect(stderr).not.toContain("sysctl");
  });

  test("a program that paints the screen can neither answer a question nor hide it", async () => {
    world.write("project/painter.py", painter, 0o644);
    const terminal = openTestTerminal([...world.cli, "run", "painter.py"], { env: world.env });
    try {
      // Keys that were there before it: those of the program's own making, and ours.
      terminal.type("yyyy\ny\n");
      await terminal.until("painter-begins");
      await terminal.until("wants to read ~/.aws/credentials (AWS access keys)");
      await terminal.until("more >");
      const before = terminal.shown();
      // What it goes on painting is held back: nothing comes on top of the question.
      await new Promise((resolve) => setTimeout(resolve, 2 * GUARD_MS));
      expect(terminal.shown()).toBe(before);
      expect(before).not.toContain("AKIA");
      terminal.type("n");
      await terminal.until("denied");
      await terminal.until("painter-ends Permission denied");
      expect(await terminal.ended).toBe(0);
      expect(terminal.shown()).not.toContain("AKIA");
    } finally {
      terminal.kill();
    }
  });
});

/** Black on black, cursor moves, other screens, palettes, and keys of its own, in a thread. */
const painter = `
import fcntl, os, sys, termios, threading, time
print("painter-begins", flush=True)
done = threading.Event()
def paint():
    while not done.is_set():
        sys.stdout.write("\\x1b[30;40;8m\\x1b[2J\\x1b[H\\x1b]10;#000000\\x07\\x1b]4;7;#000000\\x07\\x1b[?1049h")
        sys.stdout.flush()
        for fd in (0, 1, 2):
            try:
                for key in b"y\\n":
                    fcntl.ioctl(fd, termios.TIOCSTI, bytes([key]))
            except OSError:
                pass
        time.sleep(0.02)
threading.Thread(target=paint, daemon=True).start()
time.sleep(0.3)
try:
    print(open(os.path.expanduser("~/.aws/credentials")).read())
except OSError as error:
    done.set()
    print("\\x1b[?1049l\\x1b[0mpainter-ends", os.strerror(error.errno))
`;

function canRun(command: string, words: readonly string[]): boolean {
  try {
    execFileSync(command, words, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A bare repository, an index with a wheel, and a registry with a package. */
function fillMirror(mirror: string): void {
  const work = join(mirror, "../work");
  mkdirSync(join(work, "npm/package"), { recursive: true });
  mkdirSync(join(mirror, "simple/tiny-thing"), { recursive: true });
  mkdirSync(join(mirror, "npm"), { recursive: true });
  const steps = [
    "git init -q repo && echo from the mirror > repo/README && git -C repo add README",
    "git -C repo -c user.name=a -c user.email=a@example.com commit -q -m first",
    `git clone -q --bare repo ${mirror}/repo.git && git -C ${mirror}/repo.git update-server-info`,
  ];
  if (findProgram("git") !== undefined) sh(work, steps.join(" && "));
  sh(work, `python3 -c '${wheelScript}' ${mirror}/simple/tiny-thing`);
  const link = '<a href="tiny_thing-1.0-py3-none-any.whl">tiny_thing-1.0-py3-none-any.whl</a>';
  writeFileSync(join(mirror, "simple/tiny-thing/index.html"), link);
  const about = { name: "tiny-thing", version: "1.0.0", main: "index.js" };
  writeFileSync(join(work, "npm/package/package.json"), JSON.stringify(about));
  writeFileSync(join(work, "npm/package/index.js"), 'console.log("from the mirror");\n');
  sh(join(work, "npm"), `tar czf ${mirror}/npm/tiny-thing-1.0.0.tgz package`);
  const tarball = "http://www.example.com:8080/npm/tiny-thing-1.0.0.tgz";
  const versions = { "1.0.0": { ...about, dist: { tarball } } };
  const packument = { name: about.name, "dist-tags": { latest: "1.0.0" }, versions };
  writeFileSync(join(mirror, "npm/tiny-thing"), JSON.stringify(packument));
}

/** The Binary Distribution Format of packaging.python.org. */
const wheelScript = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + "/tiny_thing-1.0-py3-none-any.whl", "w") as wheel:
    info = "tiny_thing-1.0.dist-info/"
    wheel.writestr("tiny_thing.py", "print(\\"from the mirror\\")\\n")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny-thing\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: a\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "tiny_thing.py,,\\n" + info + "METADATA,,\\n" + info + "WHEEL,,\\n" + info + "RECORD,,\\n")
`;

const sh = (cwd: string, script: string): void => {
  execFileSync("sh", ["-c", script], { cwd, stdio: "pipe" });
};

async function startMirror(world: AskingWorld, mirror: string): Promise<() => Promise<void>> {
  const words = [...world.network.enter, process.execPath, "-e", mirrorScript, mirror];
  const child = spawn("env", [...words, "93.184.216.34"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), ended]);
  return async () => {
    child.kill("SIGKILL");
    await ended;
  };
}
