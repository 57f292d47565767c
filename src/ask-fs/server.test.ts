import { createHash, randomBytes } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  askFsReason,
  compileAskFsPrograms,
  createAskFs,
  type Decide,
  endOf,
  mounters,
} from "../../test/helpers/ask-fs/fixture.ts";
import { skipUnless } from "../../test/helpers/require.ts";
import type { Question } from "../core/permission.ts";

const reason = skipUnless("fuse", askFsReason());
const name = reason === undefined ? "ask-fs" : `ask-fs (${reason})`;

const always: Decide = () => true;
const never: Decide = () => false;
const subjects = (questions: readonly Question[]): string[] =>
  questions.map(({ subject }) => `${subject.kind} ${"path" in subject ? subject.path : ""}`);

describe.skipIf(reason !== undefined)(name, () => {
  let programs: string;
  beforeAll(async () => {
    programs = await compileAskFsPrograms();
  });
  afterAll(async () => {
    await rm(programs, { recursive: true, force: true });
  });

  describe.each(mounters)("mounted by %s", (_who, as) => {
    test("shows names and sizes without a question, and asks before each open", async () => {
      await using fs = await createAskFs(programs, as, always);
      await writeFile(join(fs.host, "credentials"), "secret\n");
      const program = `import os,sys
f = sys.argv[1] + "/credentials"
print(os.stat(f).st_size, os.stat(f).st_uid, os.path.exists(f + "x"))
print(open(f).read().strip(), open(f).read().strip())
print(os.listdir(sys.argv[1]))`;
      const { stdout } = await fs.run("python3", "-c", program, fs.inside);
      expect(stdout).toBe("7 1000 False\nsecret secret\n['credentials']\n");
      const read = `read ${fs.host}/credentials`;
      expect(subjects(fs.questions)).toEqual([read, read, `list ${fs.host}`]);
      expect(fs.questions[0]?.process).toMatchObject({ name: "a program" });
    });

    test("gives no byte of a denied file in any way, and leaves it as it is", async () => {
      await using fs = await createAskFs(programs, as, never);
      await writeFile(join(fs.host, "credentials"), "#!/bin/echo secret\n", { mode: 0o755 });
      const { stdout } = await fs.run(fs.attacks, join(fs.inside, "credentials"), fs.scratch);
      const results = stdout
        .trim()
        .split("\n")
        .map((line) => line.split(": ")[1]);
      expect(results).toHaveLength(17);
      expect(new Set(results)).not.toContain("LEAKED");
      expect(new Set(results)).not.toContain(undefined);
      expect(await readFile(join(fs.host, "credentials"), "utf8")).toBe("#!/bin/echo secret\n");
      expect(readdirSync(fs.host)).toEqual(["credentials"]);
    });

    test("asks once who has a signal each few milliseconds, and keeps the question meanwhile", async () => {
      let answer = (_isAllowed: boolean): void => undefined;
      const signals: AbortSignal[] = [];
      const decide: Decide = (_question, signal) => {
        signals.push(signal);
        return new Promise<boolean>((resolve) => {
          answer = resolve;
        });
      };
      await using fs = await createAskFs(programs, as, decide);
      await writeFile(join(fs.host, "credentials"), "secret\n");
      const program = `import os,signal,sys
signal.signal(signal.SIGALRM, lambda *_: os.write(1, b"tick\\n"))
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
print(open(sys.argv[1]).read())`;
      const child = fs.start(["python3", "-c", program, join(fs.inside, "credentials")]);
      let ticks = 0;
      child.stdout?.on("data", (bytes: Buffer) => {
        ticks += bytes.toString().split("tick").length - 1;
        if (ticks >= 15) answer(true);
      });
      expect((await endOf(child)).stdout).toMatch(/tick\nsecret\n/);
      expect(fs.questions).toHaveLength(1);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    });

    test("does not show a denied open what an earlier one has read, or has mapped", async () => {
      let left = 1;
      await using fs = await createAskFs(programs, as, () => left-- > 0);
      await writeFile(join(fs.host, "credentials"), "secret\n");
      const program = `import mmap,os,sys
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
print(m[:6])
try: print(open(sys.argv[1]).read())
except PermissionError as e: print(e.errno)
print(os.read(fd, 6))`;
      const { stdout } = await fs.run("python3", "-c", program, join(fs.inside, "credentials"));
      expect(stdout).toBe("b'secret'\n13\nb'secret'\n");
    });

    test.each(["SIGTERM", "SIGKILL"] as const)(
      "%s ends a program that waits for an answer, and the question is withdrawn",
      async (signal) => {
        const asked = new Map<"asked" | "withdrawn", () => void>();
        const event = (key: "asked" | "withdrawn") =>
          new Promise<void>((resolve) => asked.set(key, resolve));
        const [isAsked, isWithdrawn] = [event("asked"), event("withdrawn")];
        await using fs = await createAskFs(programs, as, (_question, withdrawal) => {
          withdrawal.addEventListener("abort", () => asked.get("withdrawn")?.());
          asked.get("asked")?.();
          return new Promise<boolean>(() => {});
        });
        await writeFile(join(fs.host, "credentials"), "secret\n");
        const script = `cat ${fs.inside}/credentials & echo $!; wait $!; echo ended $?`;
        const child = fs.start(["sh", "-c", script]);
        const pid = new Promise<number>((resolve) =>
          child.stdout?.once("data", (line: Buffer) => resolve(Number(line.toString()))),
        );
        await isAsked;
        const asking = await pid;
        const ended = endOf(child);
        process.kill(asking, signal);
        await isWithdrawn;
        expect((await ended).stdout).toBe(`ended ${signal === "SIGTERM" ? 143 : 137}\n`);
      },
    );

    test("changes what is allowed, on the host", async () => {
      await using fs = await createAskFs(programs, as, always);
      await writeFile(join(fs.host, "old"), "old\n");
      const script = `set -e; cd ${fs.inside}
echo one > new; echo two >> new; cp -p new copy; chmod 600 copy
echo next > .old.tmp; mv .old.tmp old; mkdir -p a/b; ln -s ../old a/link; cat a/link
touch -d @1000 copy; truncate -s 3 new; rmdir a/b; rm -f copy2; ! ln new hard`;
      const { code, stdout, stderr } = await fs.run("sh", "-c", script);
      expect({ code, stdout, errors: stderr.split("\n").length }).toEqual({
        code: 0,
        stdout: "next\n",
        errors: 2,
      });
      expect(readdirSync(fs.host, { recursive: true }).sort()).toEqual([
        "a",
        "a/link",
        "copy",
        "new",
        "old",
      ]);
      expect(await readFile(join(fs.host, "new"), "utf8")).toBe("one");
      expect(await readFile(join(fs.host, "old"), "utf8")).toBe("next\n");
      const copy = await stat(join(fs.host, "copy"));
      expect([copy.mode & 0o777, copy.mtimeMs]).toEqual([0o600, 1_000_000]);
    });

    test("changes nothing that is denied", async () => {
      await using fs = await createAskFs(programs, as, ({ subject }) => subject.kind !== "write");
      await writeFile(join(fs.host, "old"), "old\n", { mode: 0o666 });
      await mkdir(join(fs.host, "empty"));
      const script = `cd ${fs.inside}; for c in 'echo x >old' 'echo x >>old' 'echo x >new' 'rm -f old' 'rmdir empty' 'mkdir d' \
'mv old other' 'ln -s old l' 'chmod 600 old' 'touch old' 'truncate -s 0 old' 'mkfifo p'; do sh -c "$c" 2>/dev/null && echo "$c"; done; true`;
      expect((await fs.run("sh", "-c", script)).stdout).toBe("");
      expect(readdirSync(fs.host).sort()).toEqual(["empty", "old"]);
      const old = await stat(join(fs.host, "old"));
      expect([old.size, old.mode & 0o600]).toEqual([4, 0o600]);
    });

    test("moves no folder to another name, where other rules would hold for what is in it", async () => {
      await using fs = await createAskFs(programs, as, always);
      await mkdir(join(fs.host, "folder"));
      const program = "import os,sys; os.rename(sys.argv[1], sys.argv[1] + 2 * '2')";
      const { stderr } = await fs.run("python3", "-c", program, join(fs.inside, "folder"));
      expect(stderr).toContain("Errno 18");
      expect(fs.questions).toEqual([]);
    });

    test("follows no link that takes a folder's place between a look and the open", async () => {
      let swap = async (): Promise<void> => {};
      await using fs = await createAskFs(programs, as, async () => {
        await swap();
        return true;
      });
      await mkdir(join(fs.host, "folder"));
      await writeFile(join(fs.host, "folder/file"), "inside\n");
      await writeFile(join(fs.outside, "file"), "outside\n");
      swap = async () => {
        await rename(join(fs.host, "folder"), join(fs.host, "gone"));
        await symlink(fs.outside, join(fs.host, "folder"));
        swap = async () => {};
      };
      const { code, stdout } = await fs.run("cat", join(fs.inside, "folder/file"));
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(subjects(fs.questions)).toEqual([`read ${fs.host}/folder/file`]);
    });

    test("makes nothing in a folder whose place a link has taken", async () => {
      let swap = async (): Promise<void> => {};
      await using fs = await createAskFs(programs, as, async () => {
        await swap();
        return true;
      });
      await mkdir(join(fs.host, "folder"));
      await writeFile(join(fs.host, "mine"), "mine\n");
      swap = async () => {
        await rm(join(fs.host, "folder"), { recursive: true, force: true });
        await symlink(fs.outside, join(fs.host, "folder")).catch(() => {});
      };
      const script = `cd ${fs.inside}; echo x > folder/a; mkdir folder/b; ln -s x folder/c; mv mine folder/d`;
      await fs.run("sh", "-c", script);
      expect(readdirSync(fs.outside)).toEqual([]);
    });

    test("lists ten thousand files, each once, while some are removed", async () => {
      await using fs = await createAskFs(programs, as, always);
      const names = Array.from({ length: 10_000 }, (_, index) => `file-${index}`);
      for (const file of names) writeFileSync(join(fs.host, file), "");
      const program = `import os,sys
os.chdir(sys.argv[1])
seen = []
with os.scandir(".") as entries:
    for e in entries:
        seen.append((e.name, e.is_file()))
        if len(seen) % 1000 == 0: os.unlink(e.name)
print(len(seen), len(set(seen)), all(f for _, f in seen), len(os.listdir(".")))`;
      const { stdout } = await fs.run("python3", "-c", program, fs.inside);
      expect(stdout).toBe("10000 10000 True 9990\n");
    });

    test("reads and writes fifty megabytes as they are", async () => {
      await using fs = await createAskFs(programs, as, always);
      const bytes = randomBytes(50 * 1024 * 1024 + 17);
      await writeFile(join(fs.host, "large"), bytes);
      const { stdout } = await fs.run(
        "sh",
        "-c",
        `cd ${fs.inside}; sha256sum large; cp large copy`,
      );
      expect(stdout.split(" ")[0]).toBe(createHash("sha256").update(bytes).digest("hex"));
      expect(bytes.equals(await readFile(join(fs.host, "copy")))).toBe(true);
    });

    test("fails all calls when the server has gone, whoever waits for an answer too", async () => {
      await using fs = await createAskFs(programs, as, () => {
        fs.stream().destroy();
        return new Promise<boolean>(() => {});
      });
      await writeFile(join(fs.host, "file"), "x");
      const { stdout, stderr } = await fs.run(
        "sh",
        "-c",
        `cat ${fs.inside}/file; ls ${fs.inside}; echo $?`,
      );
      expect(stdout).toBe("2\n");
      expect(stderr).toMatch(
        /file: (Software caused connection abort|Transport endpoint|Input\/output)/,
      );
      await fs.server().closed;
    });
  });

  test("shows pipes and sockets, and opens none; a hidden folder and an odd name don't exist", async () => {
    const hidden: string[] = [];
    await using fs = await createAskFs(programs, [], always, { hidden });
    hidden.push(join(fs.host, "state"));
    await mkdir(join(fs.host, "state/below"), { recursive: true });
    await fs.run("true");
    const odd = Buffer.concat([Buffer.from(`${fs.host}/odd-`), Buffer.from([0xff])]);
    await writeFile(odd, "x");
    execFileSync("mkfifo", [join(fs.host, "pipe")]);
    const program = `import os,sys
os.chdir(sys.argv[1].encode())
print(sorted(os.listdir(".")))
for f in [b"pipe", b"state", b"state/below", b"odd-\\xff"]:
    try: os.open(f, os.O_RDONLY | os.O_NONBLOCK); print("opened", f)
    except OSError as e: print(e.errno)
for make in [lambda: os.mkdir("state"), lambda: os.rename("pipe", "state"), lambda: os.mkfifo("new")]:
    try: make(); print("made")
    except OSError as e: print(e.errno)`;
    const { stdout, stderr } = await fs.run("python3", "-c", program, fs.inside);
    expect(stderr).toBe("");
    expect(stdout.split("\n")).toEqual(["['pipe']", "13", "2", "2", "2", "2", "2", "1", ""]);
  });

  test("asks nothing about what is open to the program", async () => {
    const open = new Map<string, "ro" | "rw">();
    await using fs = await createAskFs(programs, [], never, { openTo: (path) => open.get(path) });
    open.set(join(fs.host, "ro"), "ro").set(join(fs.host, "rw"), "rw");
    for (const path of open.keys()) await writeFile(path, "old\n");
    const script = `cd ${fs.inside}; cat ro rw; echo new > rw; echo new > ro; cat rw ro`;
    expect((await fs.run("sh", "-c", script)).stdout).toBe("old\nold\nnew\nold\n");
    expect(subjects(fs.questions)).toEqual([`write ${fs.host}/ro`]);
  });

  test("opens at most a thousand at a time, and keeps no descriptor", async () => {
    await using fs = await createAskFs(programs, [], always);
    await writeFile(join(fs.host, "file"), "x");
    const before = readdirSync("/proc/self/fd").length;
    const program = `import os,resource,sys
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
n = 0
try:
    while True: os.open(sys.argv[1], os.O_RDONLY); n += 1
except OSError as e: print(n, e.errno)`;
    const { stdout } = await fs.run("python3", "-c", program, join(fs.inside, "file"));
    expect(stdout).toBe("1024 24\n");
    await fs.server().close();
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
  });

  test("serves what was removed while it is open, and appends where it should", async () => {
    await using fs = await createAskFs(programs, [], always);
    const program = `import mmap,os,sys
os.chdir(sys.argv[1])
fd = os.open("gone", os.O_RDWR | os.O_CREAT); os.write(fd, b"abc"); os.unlink("gone")
print(os.fstat(fd).st_size, os.pread(fd, 3, 0)); os.ftruncate(fd, 1); print(os.fstat(fd).st_size)
log = os.open("log", os.O_RDWR | os.O_CREAT | os.O_APPEND); os.write(log, b"one,"); os.write(log, b"two")
m = mmap.mmap(log, 0); m[0:3] = b"ONE"; m.flush(); m.close(); os.close(log)
print(open("log").read())
try: os.pwrite(fd, b"x", 1 << 60)
except OSError as e: print(e.errno)`;
    const { stdout, stderr } = await fs.run("python3", "-c", program, fs.inside);
    expect(stderr).toBe("");
    expect(stdout).toBe("3 b'abc'\n1\nONE,two\n27\n");
    expect(await readFile(join(fs.host, "log"), "utf8")).toBe("ONE,two");
  });
});
