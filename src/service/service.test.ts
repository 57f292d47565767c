import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GloveboxError } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { defaultLimits } from "../core/limits.ts";
import type { Provider } from "../core/provider.ts";
import { indexLanguages } from "../languages/index-languages.ts";
import { createProcessProvider } from "../providers/process/index.ts";
import { collect } from "./collect.ts";
import type { ExecutionControl, ExecutionRequest } from "./request.ts";
import { languageNamed } from "../../test/helpers/language.ts";
import { requestOf } from "../../test/helpers/request.ts";
import { ExecutionService } from "./service.ts";
import type { ServiceOptions } from "./service-options.ts";

const never = new AbortController().signal;
const compileLimits = { wallTimeMs: 1_000, cpuTimeMs: 1_000 };

/** Interpreted by sh; `ENV_OF_LANGUAGE` shows where its environment goes. */
const shell: LoadedLanguage = languageNamed("shell", {
  title: "Shell",
  aliases: ["sh"],
  extensions: [".sh"],
  shebangs: ["sh"],
  mainFile: "main.sh",
  run: ["sh", "{entry}"],
  env: { ENV_OF_LANGUAGE: "yes" },
  version: {
    argv: ["sh", "-c", "echo run >> $COUNT_FILE; echo shell 1.2.3"],
    pattern: "shell (.*)",
  },
  install: { debian: ["dash"] },
  image: { name: "shell:1" },
});

/** "Compiled" by running its source with sh, which has to write the program. */
const compiled: LoadedLanguage = {
  ...shell,
  id: "compiled",
  aliases: [],
  extensions: [".src"],
  shebangs: [],
  compile: [["sh", "{sources}"]],
  run: ["./program"],
};

const absent: LoadedLanguage = {
  ...shell,
  id: "absent",
  title: "Absent",
  aliases: [],
  extensions: [".absent"],
  shebangs: [],
  run: ["no-such-interpreter", "{entry}"],
  version: { argv: ["no-such-interpreter", "--version"], pattern: "(.*)" },
  install: { debian: ["absent-interpreter", "absent-library"] },
  image: { name: "shell:1" },
};

const own: LoadedLanguage = {
  ...shell,
  id: "own",
  aliases: [],
  extensions: [".own"],
  shebangs: [],
  run: ["not-installed-node", "{entry}"],
  version: { argv: ["not-installed-node", "--version"], pattern: String.raw`v(\S+)` },
  fallbackToOwnNode: { command: "not-installed-node" },
};

let folder: string;
let countFile: string;
let service: ExecutionService;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "service-test-"));
  countFile = join(folder, "count");
  await writeFile(countFile, "");
  service = createService();
});

afterEach(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});

function createService(parts: Partial<ServiceOptions> = {}): ExecutionService {
  const counted = { ...shell, env: { ...shell.env, COUNT_FILE: countFile } };
  return new ExecutionService({
    provider: createProcessProvider(),
    languages: indexLanguages([counted, compiled, absent, own]),
    concurrency: 1,
    maxQueued: 1,
    compileLimits,
    ownNodePath: realpathSync(process.execPath),
    ...parts,
  });
}

const countDetections = async (): Promise<number> =>
  (await readFile(countFile, "utf8")).split("\n").length - 1;

function code(
  language: string,
  source: string,
  parts: Partial<ExecutionRequest> & { version?: string } = {},
): ExecutionRequest {
  const { version, ...rest } = parts;
  const files = [{ path: "main.sh", content: Buffer.from(source) }];
  const versioned = version === undefined ? {} : { version };
  return requestOf({ kind: "code", language, files, ...versioned }, rest);
}

describe("a program in a folder of the caller", () => {
  const mounted = (language: string, entry: string): ExecutionRequest => ({
    ...code(language, ""),
    program: {
      kind: "code",
      language,
      files: [],
      entry,
      workspace: { hostPath: realpathSync(folder), access: "ro" },
    },
  });

  test("runs where it lies, beside its other files", async () => {
    await writeFile(join(folder, "part.sh"), "echo from a part");
    await writeFile(join(folder, "start.sh"), ". ./part.sh; echo $ENV_OF_LANGUAGE");
    const { report, output } = await collect(service, mounted("shell", "start.sh"), never);
    expect(output.run.stdout.toString()).toBe("from a part\nyes\n");
    expect(report.runtime?.languageId).toBe("shell");
  });

  test("can be our own Node, where the language allows it", async () => {
    await writeFile(join(folder, "a.own"), "console.log(process.version)");
    const { output } = await collect(service, mounted("own", "a.own"), never);
    expect(output.run.stdout.toString()).toBe(`${process.version}\n`);
  });

  test.each([
    ["absent", "LANGUAGE_NOT_INSTALLED"],
    ["compiled", "INVALID_REQUEST"],
  ])("in the language %s is refused with %s", async (language, errorCode) => {
    await expect(collect(service, mounted(language, "a"), never)).rejects.toMatchObject({
      code: errorCode,
    });
  });
});

const command = (...argv: readonly string[]): ExecutionRequest => ({
  ...code("shell", ""),
  program: { kind: "command", argv },
});

describe("a program in a language", () => {
  test("runs with arguments, stdin and both environments, and the caller's wins", async () => {
    const source = 'echo "$@"; cat; echo "$ENV_OF_LANGUAGE $EXTRA $LANG"; echo err >&2; exit 3';
    const { report, output } = await collect(
      service,
      code("SH", source, {
        args: ["one", "two"],
        stdin: Readable.from(["input\n"]),
        env: { EXTRA: "more", LANG: "C" },
      }),
      never,
    );
    expect(output.run.stdout.toString()).toBe("one two\ninput\nyes more C\n");
    expect(output.run.stderr.toString()).toBe("err\n");
    expect(output.run.output.byteLength).toBe(
      output.run.stdout.byteLength + output.run.stderr.byteLength,
    );
    expect(report.run?.outcome).toEqual({ kind: "exited", exitCode: 3 });
    expect(report.compile).toBeUndefined();
    expect(report.id).not.toBe("");
  });

  test("gets nothing of our environment", async () => {
    const { output } = await collect(service, command("env"), never);
    const names = output.run.stdout
      .toString()
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names.sort()).toEqual(["HOME", "LANG", "PATH", "TMPDIR", "USER"]);
  });

  test("that is unknown is refused with the known ones", async () => {
    await expect(collect(service, code("cobol", ""), never)).rejects.toMatchObject({
      code: "UNKNOWN_LANGUAGE",
      details: { language: "cobol", known: ["absent", "compiled", "own", "shell"] },
    });
  });

  test("runs the main file that the caller names", async () => {
    const files = ["first.sh", "sub/second.sh"].map((path) => ({
      path,
      content: Buffer.from(`echo ${path}`),
    }));
    const program = { kind: "code", language: "sh", files, entry: "sub/second.sh" } as const;
    const { output } = await collect(service, { ...code("sh", ""), program }, never);
    expect(output.run.stdout.toString()).toBe("sub/second.sh\n");
  });
});

describe("a compiled language", () => {
  const good =
    "printf '#!/bin/sh\\necho ran \"$@\"; cat\\n' > program; chmod +x program; echo built";

  test("compiles and runs in one sandbox; stdin and arguments are the run's", async () => {
    const parts = { args: ["x"], stdin: Readable.from(["in"]) };
    const { report, output } = await collect(service, code("compiled", good, parts), never);
    expect(output.compile.stdout.toString()).toBe("built\n");
    expect(output.run.stdout.toString()).toBe("ran x\nin");
    expect([report.compile?.outcome, report.run?.outcome]).toEqual([
      { kind: "exited", exitCode: 0 },
      { kind: "exited", exitCode: 0 },
    ]);
  });

  test("runs nothing where it does not compile", async () => {
    const source = `${good}; echo wrong >&2; exit 1`;
    const { report, output } = await collect(service, code("compiled", source), never);
    expect(report.compile?.outcome).toEqual({ kind: "exited", exitCode: 1 });
    expect(report.run).toBeNull();
    expect(output.compile.stderr.toString()).toBe("wrong\n");
    expect(output.run.output.byteLength).toBe(0);
  });

  test("compiles under the compiler's own wall time", async () => {
    const limits = { ...defaultLimits, wallTimeMs: 60_000 };
    const { report } = await collect(service, code("compiled", "sleep 60", { limits }), never);
    expect(report.compile?.outcome).toMatchObject({ kind: "limit", limit: "wallTime" });
    expect(report.compile?.usage.wallTimeMs).toBeLessThan(3_000);
    expect(report.run).toBeNull();
  });
});

describe("a runtime that is not there", () => {
  test("is told with the way to get it, not as an exit code", async () => {
    await expect(collect(service, code("absent", ""), never)).rejects.toMatchObject({
      code: "LANGUAGE_NOT_INSTALLED",
      details: { language: "absent", hint: "glovebox languages install absent" },
    });
  });

  test("is not what a program means that ends with code 127", async () => {
    const { report } = await collect(service, code("sh", "exit 127"), never);
    expect(report.run?.outcome).toEqual({ kind: "exited", exitCode: 127 });
    expect(report.runtime).toEqual({ languageId: "shell", version: "1.2.3" });
    expect(await countDetections()).toBe(1);
  });

  test("costs an ordinary run nothing", async () => {
    await collect(service, code("sh", "exit 1"), never);
    expect(await countDetections()).toBe(0);
  });

  test("can be our own Node, where the language allows it", async () => {
    const { output } = await collect(service, code("own", "console.log(process.version)"), never);
    expect(output.run.output.toString()).toBe(`${process.version}\n`);
  });
});

describe("a version", () => {
  test.each(["*", "1", "1.2", "1.2.3"])("%s is met", async (version) => {
    const { report } = await collect(service, code("sh", "exit 0", { version }), never);
    expect(report.run?.outcome).toEqual({ kind: "exited", exitCode: 0 });
  });

  test.each(["2", "1.20", "x"])("%s is not installed", async (version) => {
    await expect(collect(service, code("sh", "", { version }), never)).rejects.toMatchObject({
      code: "LANGUAGE_NOT_INSTALLED",
      message: expect.stringContaining("1.2.3") as string,
    });
  });

  test("is asked once for many callers, and the answer is kept", async () => {
    const [first, second] = await Promise.all([service.runtimes(never), service.runtimes(never)]);
    const versions = first.map(({ languageId, version }) => `${languageId} ${version ?? "?"}`);
    expect(versions).toEqual([`compiled 1.2.3`, `own ${process.version.slice(1)}`, "shell 1.2.3"]);
    expect(second).toEqual(first);
    await service.runtimes(never);
    expect(await countDetections()).toBe(1);
  });

  test("is asked again after a failure", async () => {
    const working = createProcessProvider();
    let failures = 1;
    const provider: Provider = {
      ...working,
      create: async (spec, signal) => {
        if (failures-- > 0) throw new Error("no sandbox today");
        return working.create(spec, signal);
      },
    };
    const failing = createService({ provider });
    await expect(failing.runtimes(never)).rejects.toThrow("no sandbox today");
    await expect(failing.runtimes(never)).resolves.toHaveLength(3);
    await failing.close();
  });

  test("a caller who goes away while it is asked does not take it from the others", async () => {
    const controller = new AbortController();
    const gone = service.runtimes(controller.signal);
    const waiting = service.runtimes(never);
    controller.abort(new Error("gone"));
    await expect(gone).rejects.toThrow("gone");
    await expect(waiting).resolves.toHaveLength(3);
  });
});

describe("an image that is not there", () => {
  const hint = "glovebox images pull shell:1";
  const missing = new GloveboxError(
    "IMAGE_NOT_FOUND",
    `process: the image \`shell:1\` could not be pulled: manifest unknown. Get it: ${hint}`,
    { image: "shell:1", hint },
  );

  /** As docker: sandboxes have the programs of images, of which this one has none; counts attempts. */
  function withoutImages(): { provider: Provider; created: () => number } {
    let count = 0;
    const unused = (): Promise<never> => Promise.reject(new Error("not called"));
    const provider: Provider = {
      ...createProcessProvider(),
      programs: "image",
      images: {
        find: () => Promise.resolve(undefined),
        describe: async () => Promise.resolve(undefined),
        pull: unused,
        build: unused,
        remove: unused,
      },
      create: () => {
        count++;
        return Promise.reject(missing);
      },
    };
    return { provider, created: () => count };
  }

  test.each([{}, { version: "1.2" }])(
    "is a language that is not installed, and the reason stays: %j",
    async (parts) => {
      const imageless = createService(withoutImages());
      await expect(collect(imageless, code("sh", "", parts), never)).rejects.toMatchObject({
        code: "LANGUAGE_NOT_INSTALLED",
        message: `Shell is not installed: the image \`shell:1\` could not be pulled: manifest unknown. Get it: ${hint}`,
        details: { language: "shell", hint },
        cause: missing,
      });
      await imageless.close();
    },
  );

  test("which nobody can pull, says how it is built", async () => {
    const { provider } = withoutImages();
    const built = { ...shell, dockerfileText: "FROM scratch" };
    const imageless = createService({ provider, languages: indexLanguages([built]) });
    await expect(collect(imageless, code("sh", ""), never)).rejects.toMatchObject({
      message: expect.stringMatching(
        /manifest unknown\. Get it: glovebox images build shell$/,
      ) as string,
    });
    await imageless.close();
  });

  test("is the caller's affair where the caller chose it", async () => {
    const imageless = createService(withoutImages());
    const asked = collect(imageless, code("sh", "", { image: "shell:1" }), never);
    await expect(asked).rejects.toBe(missing);
    await imageless.close();
  });

  test("is looked for by who lists runtimes, and not fetched", async () => {
    const { provider, created } = withoutImages();
    const imageless = createService({ provider });
    await expect(imageless.runtimes(never)).resolves.toEqual([]);
    expect(created()).toBe(0);
    await imageless.close();
  });
});

/** Starts a command that runs until it is stopped; resolves when it runs. */
async function startSleeper(
  signal: AbortSignal,
): Promise<{ report: ReturnType<ExecutionService["run"]>; control: ExecutionControl }> {
  let control: ExecutionControl | undefined;
  let isReady: () => void;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const report = service.run(
    command("sh", "-c", "echo ready; exec sleep 60"),
    {
      onOutput: () => {
        isReady();
      },
    },
    signal,
    (given) => {
      control = given;
    },
  );
  await ready;
  if (control === undefined) throw new Error("onStart was not called");
  return { report, control };
}

describe("while a program runs", () => {
  test("its caller can send it a signal", async () => {
    const { report, control } = await startSleeper(never);
    control.kill("SIGINT");
    expect((await report).run?.outcome).toEqual({ kind: "signaled", signal: "SIGINT" });
  });

  test("its caller can cancel it", async () => {
    const controller = new AbortController();
    const { report } = await startSleeper(controller.signal);
    controller.abort();
    expect((await report).run?.outcome).toEqual({ kind: "canceled" });
  });

  test("others wait for its slot, and the next are refused", async () => {
    const { report, control } = await startSleeper(never);
    const queued = collect(service, command("echo", "second"), never);
    await expect(collect(service, command("true"), never)).rejects.toMatchObject({
      code: "CAPACITY_EXHAUSTED",
    });
    control.kill("SIGTERM");
    await report;
    expect((await queued).output.run.stdout.toString()).toBe("second\n");
  });

  test("one who waits can leave the queue", async () => {
    const { report, control } = await startSleeper(never);
    const controller = new AbortController();
    const queued = collect(service, command("true"), controller.signal);
    controller.abort(new Error("gone"));
    await expect(queued).rejects.toThrow("gone");
    control.kill("SIGTERM");
    await report;
    await expect(collect(service, command("true"), never)).resolves.toBeDefined();
  });

  test("close ends it, takes nothing from the queue and refuses what comes", async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.includes(`-${process.pid}-`));
    const { report } = await startSleeper(never);
    const queued = collect(service, command("true"), never);
    const refused = expect(queued).rejects.toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    await service.close();
    expect((await report).run?.outcome).toEqual({ kind: "canceled" });
    await refused;
    await expect(collect(service, command("true"), never)).rejects.toMatchObject({
      code: "PROVIDER_UNAVAILABLE",
    });
    await expect(service.runtimes(never)).rejects.toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    const after = (await readdir(tmpdir())).filter((name) => name.includes(`-${process.pid}-`));
    expect(after).toEqual(before);
  });
});

test("a slot is free again after a sandbox could not be created", async () => {
  const strict = { ...command("true"), enforcement: "strict" } as const;
  for (let round = 0; round < 3; round++) {
    await expect(collect(service, strict, never)).rejects.toMatchObject({
      code: "POLICY_UNENFORCEABLE",
    });
  }
  await expect(collect(service, command("true"), never)).resolves.toBeDefined();
});

test("a command runs in the folder that is its workspace", async () => {
  await writeFile(join(folder, "given.txt"), "given\n");
  const workspace = { hostPath: realpathSync(folder), access: "rw" } as const;
  const program = { kind: "command", argv: ["cat", "given.txt"], workspace } as const;
  const { output } = await collect(service, { ...command(), program }, never);
  expect(output.run.stdout.toString()).toBe("given\n");
});
