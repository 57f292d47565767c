import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import { GloveboxError } from "../core/errors.ts";
import type { ImageStore, StoredImage } from "../core/image.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import { defaultLimits } from "../core/limits.ts";
import type { Provider } from "../core/provider.ts";
import type { SandboxSpec } from "../core/sandbox.ts";
import { indexLanguages } from "../languages/index-languages.ts";
import { createProcessProvider } from "../providers/process/index.ts";
import { collect } from "./collect.ts";
import { preparedPath } from "./prepared/prepare-language.ts";
import { createPreparedStore } from "./prepared/prepared-store.ts";
import { ExecutionService } from "./service.ts";
import type { ServiceOptions } from "./service-options.ts";

const never = new AbortController().signal;
const HOUR_MS = 3_600_000;

let folder: string;
let service: ExecutionService | undefined;
/** Of the sandboxes that were created. */
let specs: SandboxSpec[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "glovebox-runtimes-test-")));
  specs = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await service?.close();
  rmSync(folder, { recursive: true });
});

/** In each image that has it, the program `./tool`; the host has none. */
const tool: LoadedLanguage = languageNamed("tool", {
  title: "Tool",
  run: ["./tool", "{entry}"],
  version: { argv: ["./tool", "/no/such/file"], pattern: String.raw`tool (\d+(?:\.\d+)*)` },
  image: { name: "tool:1" },
});

const imageFile = (name: string): string => join(folder, "images", encodeURIComponent(name));

/** Makes an image, or moves its name to another one. */
function pull(name: string, version: string, script = `echo "tool ${version}"`): void {
  mkdirSync(join(folder, "images"), { recursive: true });
  writeFileSync(imageFile(name), `#!/bin/sh\n${script}\n`);
}

function storedImage(name: string): StoredImage | undefined {
  if (!existsSync(imageFile(name))) return undefined;
  const content = readFileSync(imageFile(name));
  const id = `sha256:${createHash("sha256").update(content).digest("hex")}`;
  return { name, id, sizeBytes: content.length };
}

/** An image with this line can't be started. */
const notStarting = "# for another machine";
const cannotStart = (image: string): GloveboxError =>
  new GloveboxError("SANDBOX_FAILED", `no sandbox of ${image}`, {
    provider: "linux",
    step: "start",
  });

/** The host's programs and images, as linux has them: here an image is a script, put into the workspace. */
function withImages(): Provider {
  const provider = createProcessProvider();
  const unused = (): Promise<never> => Promise.reject(new Error("not called"));
  const images: ImageStore = {
    find: (name) => Promise.resolve(storedImage(name)),
    list: () => {
      const names = existsSync(join(folder, "images")) ? readdirSync(join(folder, "images")) : [];
      const found = names.map(decodeURIComponent).sort().map(storedImage);
      return Promise.resolve(found.filter((image) => image !== undefined));
    },
    describe: async () => Promise.resolve(undefined),
    pull: unused,
    remove: unused,
  };
  return {
    ...provider,
    name: "linux",
    images,
    create: async (spec, signal) => {
      specs.push(spec);
      const { image, ...rest } = spec;
      if (image === undefined) return provider.create(spec, signal);
      const content = readFileSync(imageFile(image));
      if (content.includes(notStarting)) throw cannotStart(image);
      const files = [...spec.files, { path: "tool", content, executable: true }];
      return provider.create({ ...rest, files }, signal);
    },
  };
}

function createService(
  languages: readonly LoadedLanguage[],
  parts: Partial<ServiceOptions> = {},
): ExecutionService {
  service = new ExecutionService({
    provider: withImages(),
    languages: indexLanguages(languages),
    concurrency: 4,
    maxQueued: 4,
    compileLimits: { wallTimeMs: 5_000, cpuTimeMs: 5_000 },
    ownNodePath: process.execPath,
    ...parts,
  });
  return service;
}

/** The image in which a program ran, and what the report says of it. */
async function run(
  { id }: LoadedLanguage,
  version?: string,
): Promise<{ image: string | undefined; runtime: Runtime | undefined }> {
  const files = [{ path: "main", content: Buffer.from("") }];
  const program = { kind: "code", language: id, files, ...(version && { version }) } as const;
  const { report } = await collect(
    service!,
    {
      ...{ program, args: [], env: {}, stdin: "empty", limits: defaultLimits },
      ...{ onOutputLimit: "truncate", network: { mode: "none" }, enforcement: "best-effort" },
    },
    never,
  );
  return { image: specs.at(-1)?.image, runtime: report.runtime };
}

const versionsOf = async (): Promise<unknown> =>
  (await service!.runtimes(never)).map(({ version, image }) => [version, image]);

describe("of several images", () => {
  beforeEach(() => {
    for (const version of ["3.10", "3.13", "3.9"]) pull(`tool:${version}`, `${version}.1`);
    createService([tool]);
  });

  test.each([
    [undefined, "tool:3.13"],
    ["*", "tool:3.13"],
    ["3", "tool:3.13"],
    ["3.9", "tool:3.9"],
    ["3.10.1", "tool:3.10"],
  ])("version %s is the newest that fits", async (version, image) => {
    expect(await run(tool, version)).toMatchObject({ image });
  });

  test("one without the language is not it", async () => {
    pull("tool:4", "", "exit 1");
    expect(await run(tool)).toMatchObject({ image: "tool:3.13" });
  });

  describe("where the newest can't be started", () => {
    beforeEach(() => {
      pull("tool:3.13", "", notStarting);
    });

    test.each([
      [undefined, "tool:3.10"],
      ["3", "tool:3.10"],
      ["3.9", "tool:3.9"],
    ])("version %s is in another one", async (version, image) => {
      expect(await run(tool, version)).toMatchObject({ image });
    });

    test("the version that it would have is not there", async () => {
      const message = /which has 3\.10\.1 \(tool:3\.10\), 3\.9\.1 \(tool:3\.9\)/;
      await expect(run(tool, "3.13")).rejects.toThrow(message);
    });

    test("the others are listed", async () => {
      expect(await versionsOf()).toEqual([
        ["3.10.1", "tool:3.10"],
        ["3.9.1", "tool:3.9"],
      ]);
    });

    test("nor any other, a run fails with the reason, and nothing is listed", async () => {
      for (const version of ["3.10", "3.9"]) pull(`tool:${version}`, "", notStarting);
      await expect(run(tool)).rejects.toThrow("no sandbox of tool:3.13");
      expect(await versionsOf()).toEqual([]);
    });

    test("what is usual has the version, or another one", async () => {
      pull("tool:1", "", notStarting);
      createService([tool], { provider: { ...withImages(), programs: "image" } });
      expect(await run(tool, "3.9")).toMatchObject({ image: "tool:3.9" });
      await expect(run(tool, "1")).rejects.toThrow("no sandbox of tool:1");
    });
  });

  test("the newest is listed first", async () => {
    expect(await versionsOf()).toEqual([
      ["3.13.1", "tool:3.13"],
      ["3.10.1", "tool:3.10"],
      ["3.9.1", "tool:3.9"],
    ]);
  });
});

test("a single image is not asked before each run", async () => {
  pull("tool:3", "3.1");
  createService([tool]);
  expect(await run(tool)).toMatchObject({ image: "tool:3", runtime: { version: null } });
  expect(specs).toHaveLength(1);
});

describe("what is known of an image", () => {
  beforeEach(async () => {
    pull("tool:3", "3.12.1");
    createService([tool]);
    expect(await versionsOf()).toEqual([["3.12.1", "tool:3"]]);
  });

  test("is asked once", async () => {
    expect(await run(tool)).toMatchObject({ runtime: { version: "3.12.1", image: "tool:3" } });
    expect(await versionsOf()).toEqual([["3.12.1", "tool:3"]]);
    expect(specs).toHaveLength(2);
  });

  test("is asked anew once its name is another image's", async () => {
    pull("tool:3", "3.13.1");
    expect(await versionsOf()).toEqual([["3.13.1", "tool:3"]]);
    await expect(run(tool, "3.12")).rejects.toMatchObject({ code: "LANGUAGE_NOT_INSTALLED" });
    expect(await run(tool, "3.13")).toMatchObject({ runtime: { version: "3.13.1" } });
  });

  test("is not what a run of another one answers", async () => {
    pull("tool:3", "3.13.1");
    vi.useFakeTimers({ toFake: ["performance"], now: 0 }).advanceTimersByTime(HOUR_MS);
    expect(await run(tool)).toMatchObject({ runtime: { version: null } });
  });

  test("is forgotten once it is removed", async () => {
    rmSync(imageFile("tool:3"));
    expect(await versionsOf()).toEqual([]);
    await expect(run(tool, "3.12")).rejects.toMatchObject({ code: "LANGUAGE_NOT_INSTALLED" });
  });
});

test("a program of this host is asked anew once it is another", async () => {
  const path = join(folder, "node");
  const write = (version: string): void => {
    writeFileSync(path, `#!/bin/sh\necho v${version}\n`, { mode: 0o755 });
  };
  const command = "not-installed-node";
  const own = languageNamed("own", {
    run: [command, "{entry}"],
    version: { argv: [command], pattern: "v(.*)" },
    fallbackToOwnNode: { command },
  });
  write("20.1");
  createService([own], { ownNodePath: path });
  expect(await versionsOf()).toEqual([["20.1", undefined]]);
  write("22.1");
  expect(await versionsOf()).toEqual([["22.1", undefined]]);
});

test.each([
  ["fails, and says no version", "echo no such archive; exit 1", []],
  ["fails, and says one", "echo tool 1.5; exit 1", [["1.5", undefined]]],
  ["says none", "echo hello", [[null, undefined]]],
  ["is not there", "exit 127", []],
])("where the version command %s", async (_what, script, expected) => {
  const argv = ["sh", "-c", script];
  createService([{ ...tool, run: ["sh"], version: { ...tool.version, argv } }]);
  expect(await versionsOf()).toEqual(expected);
});

describe("who lists runtimes again and again", () => {
  const silent = (id: string, script = "echo hello"): LoadedLanguage =>
    languageNamed(id, {
      run: ["sh", "{entry}"],
      version: { argv: ["sh", "-c", script], pattern: "version (.*)" },
    });

  test.each(["echo hello", "exit 1"])("starts no sandbox, where `%s` says none", async (script) => {
    createService([silent("a", script)]);
    for (let times = 0; times < 3; times++) await service!.runtimes(never);
    expect(specs).toHaveLength(1);
  });

  test("starts one a minute later", async () => {
    createService([silent("a")]);
    await service!.runtimes(never);
    vi.useFakeTimers({ toFake: ["performance"], now: 0 }).advanceTimersByTime(HOUR_MS);
    await service!.runtimes(never);
    expect(specs).toHaveLength(2);
  });

  test.each(["echo hello", "exit 1"])(
    "nor does who wants a version of it, where `%s` says none",
    async (script) => {
      createService([silent("a", script)]);
      for (let times = 0; times < 3; times++) {
        const failure = expect(run(silent("a"), "9.9")).rejects;
        await failure.toMatchObject({ code: "LANGUAGE_NOT_INSTALLED" });
      }
      expect(specs).toHaveLength(1);
    },
  );

  test("nor of its images", async () => {
    for (const tag of ["2", "3", "mine"]) pull(`tool:${tag}`, "", "exit 1");
    createService([tool]);
    for (let times = 0; times < 3; times++) {
      const failure = expect(run(tool, "9.9")).rejects;
      await failure.toMatchObject({ code: "LANGUAGE_NOT_INSTALLED" });
    }
    expect(specs).toHaveLength(3);
  });

  test("has no more sandboxes at a time than there are slots", async () => {
    const provider = withImages();
    let now = 0;
    let most = 0;
    const counting: Provider = {
      ...provider,
      create: async (...args) => {
        most = Math.max(most, ++now);
        const sandbox = await provider.create(...args);
        return {
          ...sandbox,
          exec: (...given) => sandbox.exec(...given),
          destroy: async () => {
            await sandbox.destroy();
            now--;
          },
        };
      },
    };
    createService(
      ["a", "b", "c"].map((id) => silent(id)),
      { provider: counting, concurrency: 1 },
    );
    await Promise.all([service!.runtimes(never), service!.runtimes(never)]);
    expect(most).toBe(1);
  });
});

describe("what is prepared", () => {
  const prepared: LoadedLanguage = {
    ...tool,
    prepare: {
      files: [],
      commands: [{ argv: ["./tool", "prepare"], stdout: "made" }],
      limits: {},
      env: {},
    },
  };
  const stored = (): readonly string[] => {
    const path = join(folder, "store");
    return existsSync(path)
      ? readdirSync(path).map((key) => readFileSync(join(path, key, "made"), "utf8"))
      : [];
  };
  const lent = (): readonly string[] => specs.at(-1)?.hostPrograms.map(({ path }) => path) ?? [];

  beforeEach(() => {
    pull("tool:3.9", "3.9.1");
    createService([prepared], { preparedStore: createPreparedStore(join(folder, "store")) });
  });

  test("is made in the image that is used, and its runs have it", async () => {
    expect(await run(prepared)).toMatchObject({ image: "tool:3.9" });
    expect(lent()).toEqual([]);
    expect(await service!.prepareLanguage(prepared, never)).toBe(true);
    expect(stored()).toEqual(["tool 3.9.1\n"]);
    await run(prepared);
    expect(lent()).toEqual([preparedPath]);
  });

  test("is another image's no more", async () => {
    await service!.prepareLanguage(prepared, never);
    pull("tool:3.9", "3.9.2");
    await run(prepared);
    expect(lent()).toEqual([]);
  });

  test("can be made for an image of the caller's choice", async () => {
    pull("tool:3.13", "3.13.1");
    expect(await service!.prepareLanguage(prepared, never, "tool:3.9")).toBe(true);
    expect(stored()).toEqual(["tool 3.9.1\n"]);
    await run(prepared, "3.9");
    expect(lent()).toEqual([preparedPath]);
    await run(prepared);
    expect(lent()).toEqual([]);
    expect(await service!.prepareLanguage(prepared, never, "tool:4")).toBe(false);
  });

  test("is nothing where the language is not there", async () => {
    rmSync(imageFile("tool:3.9"));
    expect(await service!.prepareLanguage(prepared, never)).toBe(false);
  });
});
