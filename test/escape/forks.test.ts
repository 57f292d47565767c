/**
 * @module
 * Programs that are forks of one template: what they have in common is what SECURITY.md says, and not
 * more; and none of them, nor the template, can be reached from another.
 */
import { readdir, readFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createService } from "../../src/app.ts";
import type { OutputStream } from "../../src/core/command.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { Provider } from "../../src/core/provider.ts";
import { collect } from "../../src/service/collect.ts";
import type { ExecutionRequest, PhaseName } from "../../src/service/request.ts";
import type { ExecutionService } from "../../src/service/service.ts";
import { mapLimited } from "../../src/util/map-limited.ts";
import { aheadGap, createAheadProvider, createColdProvider } from "../helpers/ahead-provider.ts";
import { createLeftoverCheck, type LeftoverCheck } from "../helpers/leftovers.ts";

const isRoot = process.getuid?.() === 0;
const never = new AbortController().signal;
const RUNS = isRoot ? 1000 : 50;
const PARALLEL = 4;
const skipReason = await aheadGap();

/** What a run can see of itself, and what it leaves for whoever comes after it. */
const lookAround = `
import json, os, random, secrets, tempfile, time, uuid
seen = {
    "uid": open("/proc/self/uid_map").read().split()[1],
    "random": random.random(),
    "uuid": str(uuid.uuid4()),
    "urandom": os.urandom(8).hex(),
    "temporary": tempfile.mktemp(),
    "time": time.time(),
    "files": [os.listdir(path) for path in ("/workspace", "/tmp", "/dev/shm", "/home/sandbox")],
    "pids": [int(name) for name in os.listdir("/proc") if name.isdigit()],
    "own": [os.getpid(), os.getppid()],
    "environment": sorted(os.environ),
}
print(json.dumps(seen))
for path in ("/workspace/left", "/tmp/left", "/dev/shm/left", "/home/sandbox/left"):
    open(path, "w").write(secrets.token_hex())
os.sched_setaffinity(0, {0})
random.seed(1)
os.environ["LEFT"] = "1"
`;

const extensions = { python: "py", ruby: "rb", perl: "pl", php: "php", bash: "sh" } as const;

/** What a runtime may have noted before the fork: who it is, whose child, where, and in what surroundings. */
const whoAmI = {
  python: `import getpass, os, platform, sys, time
print(os.getuid(), os.geteuid(), os.getgid(), os.getegid(), os.getgroups(), os.getppid(), os.getsid(0) == os.getpid())
print(getpass.getuser(), os.path.expanduser("~"), platform.node(), os.getcwd(), sys.argv, sorted(os.environ.items()), time.process_time() < 1)`,
  ruby: `require "etc"
p Process.uid, Process.euid, Process.gid, Process.egid, Process.groups, Process.ppid, Etc.getlogin, Dir.home, Dir.pwd, $0, ARGV, ENV.sort, Process.getpgrp == $$`,
  perl: `print join(" ", $<, $>, $(, $), getppid(), (getpwuid($<))[0], $0, "@ARGV", time - $^T < 3, getpgrp() == $$, map { "$_=$ENV{$_}" } sort keys %ENV), "\n";`,
  php: `<?php print_r([getmyuid(), getmygid(), get_current_user(), getcwd(), $argv, gethostname(), time() - $_SERVER["REQUEST_TIME"] < 3, __FILE__, getenv()]);`,
  bash: `x="\\u@\\h"; : >/tmp/own; [ -O /tmp/own ] && [ -G /tmp/own ] && echo own; echo "$UID $EUID \${GROUPS[@]} $PPID $(id) \${x@P} $SECONDS" ~ "$0" "$@"
declare -p | grep -vE "RANDOM|EPOCH|BASHPID|PIPESTATUS|SECONDS|BASH_LINENO"`,
} as const;

interface Seen {
  readonly uid: string;
  readonly random: number;
  readonly uuid: string;
  readonly urandom: string;
  readonly temporary: string;
  readonly time: number;
  readonly files: readonly (readonly string[])[];
  readonly pids: readonly number[];
  readonly own: readonly number[];
  readonly environment: readonly string[];
}

function requestOf(code: string, language = "python"): ExecutionRequest {
  const path = `main.${extensions[language as keyof typeof extensions]}`;
  return {
    program: { kind: "code", language, files: [{ path, content: Buffer.from(code) }] },
    args: [],
    env: {},
    stdin: "empty",
    limits: defaultLimits,
    onOutputLimit: "truncate",
    network: { mode: "none" },
    enforcement: isRoot ? "strict" : "best-effort",
  };
}

/** Pids, by a part of the command line. */
async function processesWith(part: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(part),
    ),
  );
  return pids.filter((_, index) => found[index]);
}

describe.skipIf(skipReason !== undefined)(`forks ${skipReason ?? ""}`, () => {
  let provider: Provider;
  let service: ExecutionService;
  let leftovers: LeftoverCheck;
  beforeAll(async () => {
    leftovers = await createLeftoverCheck();
    provider = createAheadProvider();
    service = createService({ provider, concurrency: PARALLEL, maxQueued: RUNS });
  });
  afterAll(async () => {
    await service.close();
    expect(await leftovers.find()).toEqual([]);
  });

  const run = async (
    code: string,
    language = "python",
    limits = defaultLimits,
    where = service,
  ): Promise<string> => {
    const request = { ...requestOf(code, language), limits };
    const { output, report } = await collect(where, request, never);
    const stdout = output.run.stdout.toString();
    expect({ stderr: output.run.stderr.toString(), outcome: report.run?.outcome, stdout }).toEqual({
      stderr: "",
      outcome: { kind: "exited", exitCode: 0 },
      stdout,
    });
    return stdout;
  };

  test(`${RUNS} of them have users, random numbers and folders of their own`, async () => {
    const startedS = Date.now() / 1000;
    const numbers = Array.from({ length: RUNS }, (_, index) => index);
    const seen = await mapLimited(numbers, PARALLEL, async () => {
      return JSON.parse(await run(lookAround)) as Seen;
    });
    for (const name of ["random", "uuid", "urandom", "temporary"] as const)
      expect(new Set(seen.map((each) => each[name])).size, name).toBe(RUNS);
    // An ordinary user can be nobody but itself.
    expect(new Set(seen.map(({ uid }) => uid)).size).toBe(isRoot ? RUNS : 1);
    for (const { files, pids, own, environment, time } of seen) {
      expect(files).toEqual([["main.py"], [], [], []]);
      expect([...pids].sort()).toEqual([1, ...own.slice(0, 1)].sort());
      expect(own[1]).toBe(1);
      expect(environment).not.toContain("LEFT");
      expect(environment.filter((name) => /PARK|PRELUDE|PRELOAD/.test(name))).toEqual([]);
      expect(time).toBeGreaterThan(startedS - 1);
    }
    expect(Math.max(...seen.map(({ time }) => time))).toBeGreaterThan(
      Math.min(...seen.map(({ time }) => time)),
    );
  }, 300_000);

  test("one can't find what another held in its memory, or the template's settings", async () => {
    await run(`held = "-".join(["secret", "of", "the", "first"]) * 1000\nprint(len(held))`);
    // The patterns don't match themselves.
    const found = await run(`
import re
wanted = [re.compile(text) for text in (rb"secret[-]of[-]the[-]first", rb"GLOVEBOX[_]P[A-Z]+=", rb"LD[_]PRELOAD=")]
counts = [0] * len(wanted)
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps.read().splitlines():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if " rw" not in line or "[v" in line:
            continue
        memory.seek(start)
        content = memory.read(end - start)
        for index, each in enumerate(wanted):
            counts[index] += len(each.findall(content))
print(counts)
`);
    expect(found.trim()).toBe("[0, 0, 0]");
  });

  test("one can't reach another that runs, by processes, sockets, ports or files", async () => {
    const stdin = new PassThrough();
    let said = "";
    let isUp: () => void = () => undefined;
    const up = new Promise<void>((resolve) => (isUp = resolve));
    const code = `
import socket
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\\0glovebox-forks")
abstract.listen()
port = socket.socket()
port.bind(("127.0.0.1", 5005))
port.listen()
open("/tmp/first", "w").write("x")
open("/dev/shm/first", "w").write("x")
print("up", flush=True)
input()
print("still here")
`;
    const onOutput = (_phase: PhaseName, _stream: OutputStream, chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes("up\n")) isUp();
    };
    const first = service.run({ ...requestOf(code), stdin }, { onOutput }, never);
    await Promise.race([up, first]);
    const second = await run(`
import os, signal, socket
def attempt(call):
    try:
        call()
        return "done"
    except OSError as error:
        return type(error).__name__
abstract, port = socket.socket(socket.AF_UNIX), socket.socket()
print(attempt(lambda: abstract.connect("\\0glovebox-forks")))
print(attempt(lambda: port.connect(("127.0.0.1", 5005))))
print([name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())])
print(os.path.exists("/tmp/first"), os.path.exists("/dev/shm/first"))
print([attempt(lambda: os.kill(pid, signal.SIGKILL)) for pid in range(2, 400) if pid != os.getpid()].count("done"))
`);
    expect(second.trim().split("\n")).toEqual([
      "ConnectionRefusedError",
      "ConnectionRefusedError",
      "[]",
      "False False",
      "0",
    ]);
    stdin.end("\n");
    expect((await first).run?.outcome).toEqual({ kind: "exited", exitCode: 0 });
    expect(said).toBe("up\nstill here\n");
  });

  test("what makes an interpreter run code as it starts runs nowhere but in its own sandbox", async () => {
    const seconds = "97531";
    const request = requestOf(`echo done`, "bash");
    const kept = createService({
      provider: createAheadProvider({ size: 4, keepsNone: false }),
      concurrency: PARALLEL,
    });
    for (const where of [service, kept]) {
      for (let time = 0; time < 4; time++) {
        const env = { BASH_ENV: `$(echo began >&2; sleep ${seconds} >/dev/null 2>&1 &)` };
        const { output } = await collect(where, { ...request, env }, never);
        // It does run, once, where it was asked for.
        expect(output.run.stderr.toString()).toBe("began\n");
        expect(output.run.stdout.toString()).toBe("done\n");
        // What is made for the next caller is made about now.
        await new Promise((resolve) => setTimeout(resolve, 150));
        expect(await processesWith(`sleep\0${seconds}\0`)).toEqual([]);
      }
    }
    await kept.close();
  });

  test("one has no right, no fd and no namespace that a program is not to have", async () => {
    const told = await run(`
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print([status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")])
print(status["NoNewPrivs"], status["Seccomp"], status["Uid"].split(), status["Groups"].strip() in ("", "65534"))
print(sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:-1])
def attempt(name, *arguments):
    ctypes.set_errno(0)
    return os.strerror(ctypes.get_errno()) if getattr(libc, name)(*arguments) < 0 else "done"
print(attempt("unshare", 0x10000000), attempt("setns", 0, 0), attempt("mount", b"none", b"/tmp", b"tmpfs", 0, None))
print(attempt("ptrace", 16, 1, 0, 0), attempt("setuid", 0))
for path in ("/proc/1/mem", "/proc/1/environ", "/proc/1/root/etc", "/proc/1/ns/user", "/proc/1/fd"):
    try:
        print(os.listdir(path) if path.endswith(("fd", "etc")) else os.readlink(path) if "/ns/" in path else open(path, "rb").read(1))
    except OSError as error:
        print(path, type(error).__name__)
print(os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid())
`);
    const zero = "'0000000000000000'";
    expect(told.trim().split("\n")).toEqual([
      `[${[zero, zero, zero, zero, zero].join(", ")}]`,
      "1 2 ['1000', '1000', '1000', '1000'] True",
      "[0, 1, 2]",
      "Operation not permitted Operation not permitted Operation not permitted",
      "Operation not permitted Invalid argument",
      "/proc/1/mem PermissionError",
      "/proc/1/environ PermissionError",
      "/proc/1/root/etc PermissionError",
      "/proc/1/ns/user PermissionError",
      "/proc/1/fd PermissionError",
      "True True",
    ]);
  });

  test("its own limits are those of a run by itself, each for each", async () => {
    const code = `print(open("/proc/self/limits").read())`;
    const cold = createService({
      provider: createColdProvider(),
      concurrency: PARALLEL,
    });
    for (const openFiles of [defaultLimits.openFiles, 64, 1024]) {
      const limits = { ...defaultLimits, openFiles };
      expect(await run(code, "python", limits)).toBe(await run(code, "python", limits, cold));
    }
    await cold.close();
  });

  test.each(Object.entries(whoAmI))(
    "a fork of %s knows of itself what a run by itself does",
    async (language, code) => {
      const cold = createService({
        provider: createColdProvider(),
        concurrency: PARALLEL,
      });
      const expected = await run(code, language, defaultLimits, cold);
      await cold.close();
      for (let time = 0; time < 2; time++) expect(await run(code, language)).toBe(expected);
    },
  );

  test("limits hold for a fork as for any program", async () => {
    const limited = async (code: string): Promise<string | undefined> => {
      const limits = {
        ...defaultLimits,
        memoryBytes: 64 * 2 ** 20,
        processes: 8,
        cpuTimeMs: 1000,
        wallTimeMs: 3000,
      };
      const { report } = await collect(service, { ...requestOf(code), limits }, never);
      const outcome = report.run?.outcome;
      return outcome?.kind === "limit" ? outcome.limit : outcome?.kind;
    };
    expect(await limited("x = []\nwhile True: x.append(bytearray(1 << 20))")).toBe("memory");
    expect(await limited("while True: pass")).toBe("cpuTime");
    expect(await limited("import time; time.sleep(9)")).toBe("wallTime");
    // Without a cgroup the refusal is the program's, and a sample may come too late to see it.
    const most = await limited("import os\nfor _ in range(50): os.fork()");
    expect(isRoot ? ["processes"] : ["processes", "exited"]).toContain(most);
  });
});
