/**
 * @module
 * A program that was started ahead must be one that was started now: the same output, the same end.
 * Each is run from a command line, as a process that waited for its file, and as a fork of a template.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { Duplex, Readable, Writable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import type { LoadedLanguage } from "../../../src/core/language.ts";
import { expandArgv } from "../../../src/languages/argv.ts";
import { loadLanguages } from "../../../src/languages/load.ts";
import { skipUnless } from "../../../test/helpers/require.ts";
import { programs } from "./programs/index.ts";
import type { Program } from "./programs/program.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "glovebox-park-test-"));
const library = join(folder, "park.so");
const host = join(folder, "host");
const languages = await loadLanguages(join(root, "languages"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const noCompiler = skipUnless("c", compile());

/** Why not, if it can't. The template of the tests takes the place of the one that enters sandboxes. */
function compile(): string | undefined {
  const park = join(root, "native/park");
  const sources = readdirSync(park).filter((name) => name.endsWith(".c") && name !== "serve.c");
  const flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror"];
  const shared = ["-shared", "-fPIC", "-fvisibility=hidden", "-static-libgcc", "-o", library];
  const files = [...sources.map((name) => join(park, name)), join(park, "test/serve-stub.c")];
  try {
    execFileSync("gcc", [...flags, ...shared, ...files], { stdio: "pipe" });
    execFileSync("gcc", [...flags, "-o", host, join(park, "test/host.c")], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return `gcc: ${(error as Error).message}`;
  }
}

type Way = "cold" | "wait" | "serve";

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}

/** A run in `dir`, in the given way. */
class Run {
  readonly language: LoadedLanguage;
  readonly program: Program;
  readonly dir: string;

  constructor(language: LoadedLanguage, program: Program, dir: string) {
    this.language = language;
    this.program = program;
    this.dir = dir;
  }

  async end(way: Way, times = 1): Promise<Ended> {
    rmSync(this.dir, { recursive: true, force: true });
    mkdirSync(this.dir);
    if (way === "cold") this.writeFiles();
    const command = way === "cold" ? this.argv : [host, ...this.parkArguments(way), ...this.argv];
    const [name = "", ...args] = command;
    const child = spawn(name, args, {
      cwd: this.dir,
      env: { PATH: "/usr/bin:/bin", HOME: this.dir, LANG: "C.UTF-8", ...this.language.env },
      stdio: ["pipe", "pipe", "pipe", ...(way === "cold" ? [] : ["pipe" as const])],
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    const [stdin, stdout, stderr, channel] = child.stdio as unknown as [
      Writable,
      Readable,
      Readable,
      Duplex | undefined,
    ];
    const ended = new Promise<Pick<Ended, "code" | "signal">>((resolve) => {
      child.once("exit", (code, signal) => {
        resolve({ code, signal });
      });
    });
    stdin.on("error", () => undefined);
    stdin.end(this.program.stdin ?? "");
    const outputs = Promise.all([text(stdout), text(stderr)]);
    if (channel !== undefined) await this.goOn(channel, times);
    const [out, err] = await outputs;
    return { stdout: plain(out), stderr: plain(err), ...(await ended) };
  }

  private get argv(): readonly string[] {
    const { run, extensions } = this.language;
    return [
      ...expandArgv(run, { entry: this.language.mainFile, files: [], extensions }),
      ...(this.program.args ?? []),
    ];
  }

  private parkArguments(way: "wait" | "serve"): readonly string[] {
    const { warm, preludeText = "" } = this.language;
    const file = join(folder, `${this.language.id}.prelude`);
    const prelude = way === "serve" || warm?.point === "read" ? warm?.prelude : undefined;
    if (prelude !== undefined) writeFileSync(file, `${prelude.evaluator}\n${preludeText}`);
    const place = `${way} ${warm?.point ?? "open"} ${this.language.mainFile}`;
    return [library, place, prelude === undefined ? "" : file];
  }

  private async goOn(channel: Duplex, times: number): Promise<void> {
    channel.on("error", () => undefined);
    let said = "";
    await new Promise<void>((resolve) => {
      channel.on("close", resolve);
      channel.on("data", (chunk: Buffer) => {
        if (said === "") {
          this.writeFiles();
          channel.write("g".repeat(times));
        }
        said += chunk.toString();
        if (said.split("\n").length > times) resolve();
      });
    });
    channel.end();
  }

  private writeFiles(): void {
    const { code } = this.program;
    const files = typeof code === "string" ? { [this.language.mainFile]: code } : code;
    for (const [path, content] of Object.entries(files)) {
      const main = path.startsWith("main.") ? this.language.mainFile : path;
      mkdirSync(dirname(join(this.dir, main)), { recursive: true });
      writeFileSync(join(this.dir, main), content);
    }
  }
}

/** Without addresses, and numbers of processes and threads. */
function plain(output: string): string {
  return output.replace(/0x[0-9a-f]{6,}|(?<=started |\/proc\/)\d+/g, "N");
}

const find = (id: string): LoadedLanguage => {
  const language = languages.find((each) => each.id === id);
  if (language === undefined) throw new Error(`no language ${id}`);
  return language;
};

const isInstalled = (program: string): boolean =>
  ["/usr/bin", "/bin"].some((place) => existsSync(join(place, program)));

for (const [id, ofLanguage] of Object.entries(programs)) {
  const language = find(id);
  const program = language.run[0] ?? "";
  const reason = noCompiler ?? (isInstalled(program) ? undefined : `no ${program}`);
  const ways: readonly Way[] = language.warm?.mode === "fork" ? ["wait", "serve"] : ["wait"];
  describe.skipIf(reason !== undefined)(reason === undefined ? id : `${id} (${reason})`, () => {
    test.each(ofLanguage.map((each) => [each.name, each] as const))("%s", async (_name, each) => {
      const run = new Run(language, each, join(folder, id));
      const cold = await run.end("cold");
      for (const way of ways) expect({ way, ...(await run.end(way)) }).toEqual({ way, ...cold });
    });
  });
}

const draws: Readonly<Record<string, string>> = {
  python: `import random, uuid, secrets, tempfile\nprint(random.random(), uuid.uuid4(), secrets.token_hex(), next(tempfile._get_candidate_names()))`,
  ruby: `require "securerandom"\nputs [rand, Random.new_seed, SecureRandom.hex, [*1..99].shuffle[0, 5].join("-")].join(" ")`,
  perl: `print rand, " ", join(",", map { int rand 99 } 1..5), "\\n";`,
  php: `<?php echo mt_rand(), " ", rand(), " ", random_int(0, PHP_INT_MAX), " ", lcg_value(), " ", uniqid("", true), "\\n";`,
  bash: `echo $RANDOM$RANDOM $SRANDOM $$`,
};

describe.skipIf(noCompiler !== undefined)("forks of one template", () => {
  test.each(Object.entries(draws))("of %s draw different numbers", async (id, code) => {
    const run = new Run(find(id), { name: "draws", code }, join(folder, `${id}-draws`));
    const { stdout } = await run.end("serve", 3);
    const words = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
    expect(words).toHaveLength(3);
    words[0]?.forEach((_word, at) => {
      expect(new Set(words.map((line) => line[at])).size).toBe(3);
    });
  });
});

describe.skipIf(noCompiler !== undefined)("the end of a fork of Python", () => {
  const python = find("python");
  /** Says what it frees, where a program could not tell. */
  const telling = (python.preludeText ?? "")
    .replace("def free_all():\n", `def free_all():\n    os.write(2, b"all")\n`)
    .replace(
      "def free_nothing_of_ours():\n",
      `def free_nothing_of_ours():\n    os.write(2, b"its own")\n`,
    );
  test.each<[string, string, string]>([
    ["hello", `print("hello")`, ""],
    ["imports and plain classes", `import json, re\nclass A: pass\na = [A(), {1: A()}]`, ""],
    ["slots and closures", `class A:\n    __slots__ = "x"\na = A()\nf = lambda: a`, ""],
    ["a weak reference", `import weakref\nclass A: pass\na = A()\nr = weakref.ref(a)`, ""],
    [
      "one that calls back",
      `import weakref\nclass A: pass\na = A()\nr = weakref.ref(a, id)`,
      "its own",
    ],
    ["an open file", `file = open("/dev/null")`, "its own"],
    ["a class with a __del__", `class A:\n    def __del__(self): pass\na = A()`, "all"],
    ["many objects", `many = [[] for _ in range(200_000)]`, "all"],
  ])("of %s frees no more than it must", async (name, code, freed) => {
    const language = { ...python, preludeText: telling };
    const run = new Run(language, { name, code }, join(folder, "python-end"));
    expect((await run.end("serve")).stderr).toBe(freed);
  });
});
