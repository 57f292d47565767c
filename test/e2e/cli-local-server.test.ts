/**
 * @module
 * `glovebox run` beside a server of the same user, which then makes the sandboxes.
 */
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { skipUnless } from "../helpers/require.ts";
import {
  glovebox,
  linuxGap,
  resultOf,
  serveCli,
  startCli,
  temporaryFolder,
  untilText,
  type ServingCli,
} from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap());
const folder = temporaryFolder();
let number = 0;
/** Of one test. */
let env: Readonly<Record<string, string>>;
let door: string;
let server: ServingCli | undefined;
let log = "";

beforeEach(() => {
  const state = join(folder.path, String(number++));
  mkdirSync(state, { mode: 0o700 });
  chmodSync(folder.path, 0o755);
  env = { XDG_STATE_HOME: state };
  door = join(state, "glovebox/local/runs.sock");
  log = "";
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
afterAll(() => {
  folder.remove();
});

async function serve(more: Readonly<Record<string, string>> = {}): Promise<ServingCli> {
  const storage = join(folder.path, `db-${number}`);
  server = await serveCli(["--provider", "linux", "--storage", storage, "--log-level", "info"], {
    env: { ...env, ...more },
  });
  server.child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  return server;
}

const run = (
  words: readonly string[],
  options: { stdin?: string; env?: Record<string, string> } = {},
) => glovebox(["run", "-v", ...words], { ...options, env: { ...env, ...options.env } });

/** Executions that the server's metrics count. */
async function served(): Promise<number> {
  const text = await (await fetch(`${server?.url ?? ""}/metrics`)).text();
  const rows = [...text.matchAll(/^glovebox_executions_total\{[^}]*\} (\d+)$/gm)];
  return rows.reduce((sum, [, count]) => sum + Number(count), 0);
}

const notUsed = "the server of this user was not used";

describe.skipIf(gap !== undefined)(`a server of this user${gap ? ` (${gap})` : ""}`, () => {
  test("runs what the command line asks for, with its stdin, arguments and exit code", async () => {
    await serve();
    const code =
      "import os, sys\nprint(sys.stdin.read(), sys.argv[1:], os.environ['A'])\nsys.exit(3)";
    const words = ["-e", "A=b", "-l", "python", "-c", code, "x", "--y"];
    const own = await run(["--provider", "linux", ...words], { stdin: "in" });
    expect(await served()).toBe(0);
    const { exitCode, stdout } = await run(words, { stdin: "in" });
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: "in ['x', '--y'] b\n" });
    expect({ exitCode: own.exitCode, stdout: own.stdout }).toEqual({ exitCode, stdout });
    expect(await served()).toBe(1);
    expect(log).toContain("ran for this user's command line");
  });

  test("gives the same document, with files", async () => {
    await serve();
    const code = "mkdir out; printf '\\377\\1' > out/a.bin; echo err >&2; kill -SEGV $$";
    const words = ["--json", "-l", "bash", "-c", code];
    const documents = [await run(["--provider", "linux", ...words]), await run(words)].map(
      ({ stdout, exitCode }) => ({ exitCode, document: JSON.parse(stdout) as Report }),
    );
    expect(await served()).toBe(1);
    for (const { document } of documents) {
      document.id = "";
      document.run.usage = {};
    }
    expect(documents[1]).toEqual(documents[0]);
    expect(documents[1]?.document.artifacts).toMatchObject({ files: [{ content: "/wE=" }] });
  });

  test("compiles, and keeps what it compiled", async () => {
    await serve();
    const words = ["--json", "-l", "c", "-c", `int main(void) { return ${process.pid % 200}; }`];
    const uses = [await run(words), await run(words)].map(
      ({ stdout }) => (JSON.parse(stdout) as { compile_cache: string }).compile_cache,
    );
    expect(uses).toEqual(["miss", "hit"]);
    expect(await served()).toBeGreaterThan(1);
  });

  test("gives output as it comes, reads stdin as it is wanted, and passes signals on", async () => {
    await serve();
    const code = [
      "import signal, sys",
      "signal.signal(signal.SIGINT, lambda *_: sys.exit(7))",
      "for line in sys.stdin: print('got', line.strip(), flush=True)",
      "print('end', flush=True)",
      "signal.pause()",
    ].join("\n");
    const child = startCli(["run", "-l", "python", "-c", code], { env });
    child.stdin.write("one\n");
    await untilText(child.stdout, "got one");
    child.stdin.write("two\n");
    await untilText(child.stdout, "got two");
    child.stdin.end();
    await untilText(child.stdout, "end");
    const ended = resultOf(child);
    child.kill("SIGINT");
    expect((await ended).exitCode).toBe(7);
    expect(await served()).toBe(1);
  });

  test("ends the program whose command line is killed, and goes on", async () => {
    await serve();
    const child = startCli(["run", "-l", "bash", "-c", "echo on; sleep 600"], { env });
    await untilText(child.stdout, "on");
    child.kill("SIGKILL");
    await once(child, "close");
    await expect.poll(served, { timeout: 10_000 }).toBe(1);
    expect((await run(["-l", "bash", "-c", "echo next"])).stdout).toBe("next\n");
  });

  test("passes megabytes on in both directions, to a slow reader too", async () => {
    await serve();
    const size = 8 * 1024 * 1024;
    const child = startCli(["run", "-l", "bash", "-c", "cat"], { env });
    child.stdin.end("x".repeat(size));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { stdoutBytes, exitCode } = await resultOf(child);
    expect({ bytes: stdoutBytes.byteLength, exitCode }).toEqual({ bytes: size, exitCode: 0 });
    expect(await served()).toBe(1);
  });

  test("passes both streams on to who reads neither for a while", async () => {
    await serve();
    const size = 4 * 1024 * 1024;
    const code = `head -c ${size} /dev/zero & head -c ${size} /dev/zero >&2; wait`;
    const child = startCli(["run", "-l", "bash", "-c", code], { env });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { stdoutBytes, stderr, exitCode } = await resultOf(child);
    const bytes = [stdoutBytes.byteLength, stderr.length];
    expect({ bytes, exitCode }).toEqual({ bytes: [size, size], exitCode: 0 });
    expect(await served()).toBe(1);
  });

  test("is not asked for what reaches out of the sandbox, or where a provider is named", async () => {
    await serve();
    for (const words of [
      ["--network", "all", "-l", "bash", "-c", "echo yes"],
      ["--provider", "linux", "-l", "bash", "-c", "echo yes"],
      ["--workspace", folder.path, "--", "echo", "yes"],
    ]) {
      expect((await run(words)).stdout).toBe("yes\n");
    }
    expect(await served()).toBe(0);
  });

  test("starts packages that are shown nothing of this machine", async () => {
    await serve();
    const file = join(folder.path, `package-${number}`);
    const packageOf = async (workspace: string): Promise<string> => {
      const lines = ["glovebox: 1", "name: tool", "command: tr", `workspace: ${workspace}`];
      writeFileSync(file, `#!/usr/bin/env glovebox\n${lines.join("\n")}\n`);
      await glovebox(["package", "approve", "-y", file], { env });
      return (await glovebox([file, "a-z", "A-Z"], { env, stdin: "aloud" })).stdout;
    };
    expect(await packageOf("ro")).toBe("ALOUD");
    expect(await served()).toBe(0);
    expect(await packageOf("none")).toBe("ALOUD");
    expect(await served()).toBe(1);
  });

  test("is not used from other surroundings", async () => {
    await serve();
    const other = await run(["-l", "bash", "-c", "echo yes"], {
      env: { XDG_CACHE_HOME: join(folder.path, "other") },
    });
    expect(other.stdout).toBe("yes\n");
    expect(other.stderr).toContain(`${notUsed}: it is not of the same build or surroundings`);
    expect(await served()).toBe(0);
  });

  test("leaves nothing that is used when it is killed, and its next one takes the place", async () => {
    const { child } = await serve();
    child.kill("SIGKILL");
    await once(child, "close");
    expect(existsSync(door)).toBe(true);
    const { stdout, stderr } = await run(["-l", "bash", "-c", "echo yes"]);
    expect(stdout).toBe("yes\n");
    expect(stderr).toContain(`${notUsed}: connect ECONNREFUSED`);
    await serve();
    expect((await run(["-l", "bash", "-c", "echo yes"])).stdout).toBe("yes\n");
    expect(await served()).toBe(1);
  });

  test("another server takes the place when it has ended", async () => {
    const storage = join(folder.path, `db-${number}-first`);
    const first = await serveCli(["--provider", "linux", "--storage", storage], { env });
    onTestFinished(async () => {
      await first.stop();
    });
    await serve();
    expect(await run(["-l", "sh", "-c", "echo hi"])).toMatchObject({ exitCode: 0, stdout: "hi\n" });
    expect(await served()).toBe(0);
    await first.stop();
    await expect
      .poll(
        async () => {
          await run(["-l", "sh", "-c", "echo hi"]);
          return served();
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBeGreaterThan(0);
  }, 40_000);

  test("takes its place away when it stops, and says so to who waits", async () => {
    await serve({ GLOVEBOX_SHUTDOWN_GRACE: "100ms" });
    const child = startCli(["run", "-l", "bash", "-c", "echo on; sleep 600"], { env });
    await untilText(child.stdout, "on");
    const ended = resultOf(child);
    await server?.stop();
    server = undefined;
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(125);
    expect(stderr).toContain("was stopped");
    expect(existsSync(door)).toBe(false);
  });

  test("a server that dies under a program is told of", async () => {
    const { child: serving } = await serve();
    const child = startCli(["run", "-l", "bash", "-c", "echo on; sleep 600"], { env });
    await untilText(child.stdout, "on");
    const ended = resultOf(child);
    serving.kill("SIGKILL");
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(125);
    expect(stderr).toContain("has ended");
    server = undefined;
  });
});

interface Report {
  id: string;
  run: { usage: object };
  artifacts: object;
}

describe.skipIf(gap !== undefined)("who could pose as it", () => {
  let impostor: Server | undefined;
  let heard = "";
  afterEach(() => {
    impostor?.close();
    impostor = undefined;
    heard = "";
  });

  /** Listens where a server of this user would. */
  async function pose(answer?: Buffer): Promise<void> {
    mkdirSync(join(door, ".."), { recursive: true, mode: 0o700 });
    impostor = createServer((socket) => {
      socket.on("data", (chunk) => {
        heard += chunk.toString("latin1");
        if (answer !== undefined) socket.write(answer);
      });
      socket.on("error", () => undefined);
    });
    impostor.listen(door);
    await once(impostor, "listening");
  }

  const secret = (): Promise<{ stdout: string; stderr: string }> =>
    run(["-e", "KEY=s3cret", "-l", "bash", "-c", "echo $KEY"]);

  test.each<[string, () => void]>([
    ["a folder that others can enter", () => chmodSync(join(door, ".."), 0o755)],
    ["a folder above that others can write to", () => chmodSync(join(door, "../.."), 0o777)],
    [
      "a link instead of the folder",
      () => {
        renameSync(join(door, ".."), join(door, "../../real"));
        symlinkSync("real", join(door, ".."));
      },
    ],
    [
      "a file instead of the socket",
      () => {
        rmSync(door);
        writeFileSync(door, "");
      },
    ],
  ])("hears nothing: %s", async (_what, change) => {
    await pose();
    change();
    expect((await secret()).stdout).toBe("s3cret\n");
    expect(heard).toBe("");
  });

  test.skipIf(process.getuid?.() !== 0).each(["..", "."])(
    "hears nothing: another user's (%s)",
    async (part) => {
      await pose();
      chownSync(join(door, part === "." ? "" : part), 65534, 65534);
      expect((await secret()).stdout).toBe("s3cret\n");
      expect(heard).toBe("");
    },
  );

  test.each<[string, Buffer | undefined]>([
    ["says nothing", undefined],
    ["answers with anything", Buffer.from("HTTP/1.1 200 OK\r\n\r\n")],
    ["refuses", Buffer.from([0, 0, 0, 2, 11, 110, 111])],
    ["reports in another form", Buffer.from([0, 0, 0, 2, 16, 110, 111])],
    ["fails in another form", Buffer.from([0, 0, 0, 2, 17, 110, 111])],
    ["sends messages without end", Buffer.from([255, 255, 255, 255, 14])],
  ])("and %s is no failure", async (_what, answer) => {
    await pose(answer);
    const { stdout, stderr } = await secret();
    expect(stdout).toBe("s3cret\n");
    expect(stderr).toContain(notUsed);
  });
});
