/**
 * @module
 * What is prepared with the programs of an image: made in it, and seen by its later runs only.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { indexLanguages } from "../../src/languages/index-languages.ts";
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { collect } from "../../src/service/collect.ts";
import { createPreparedStore } from "../../src/service/prepared/prepared-store.ts";
import { ExecutionService } from "../../src/service/service.ts";
import { file, writeLayout } from "../helpers/images/layout.ts";
import { imagesGap, programLayer } from "../helpers/images/programs.ts";
import { languageNamed } from "../helpers/language.ts";
import { requestOf } from "../helpers/request.ts";
import { skipUnless } from "../helpers/require.ts";

const launcherPath = await locateLauncher();
const { available, reason } = await createLinuxProvider({ launcherPath }).probe();
const skipReason =
  skipUnless("linux", available ? undefined : reason) ?? skipUnless("images", imagesGap());

const never = new AbortController().signal;

/** Only in images: no host has its interpreter. */
const language = languageNamed("tool", {
  run: ["glovebox-test-tool", "{entry}"],
  version: { argv: ["glovebox-test-tool", "--version"], pattern: "tool (.*)" },
  image: { name: "tool:1" },
  prepare: {
    files: [{ path: "seed", content: "made of " }],
    commands: [{ argv: ["sh", "-c", "cat seed /own-version > {prepared}/made"] }],
    limits: {},
    run: ["glovebox-test-tool", "{prepared}/made"],
    env: {},
  },
});

describe.skipIf(skipReason !== undefined)(`prepared in an image ${skipReason ?? ""}`, () => {
  let base: string;
  let service: ExecutionService;
  beforeAll(async () => {
    base = realpathSync(mkdtempSync(join(tmpdir(), "glovebox-prepared-images-test-")));
    mkdirSync(join(base, "data"));
    const env = { ...process.env, XDG_DATA_HOME: join(base, "data") };
    const provider = createLinuxProvider({ launcherPath, env });
    for (const version of ["1.9", "1.10"]) {
      const script = `#!/bin/sh\nif [ "$1" = --version ]; then echo tool ${version}; else exec cat "$1"; fi\n`;
      const files = [
        file("bin/glovebox-test-tool", script, 0o755),
        file("own-version", `${version}\n`),
      ];
      const source = writeLayout(join(base, version), {
        layers: [programLayer(files)],
        env: ["PATH=/bin"],
      });
      await provider.images?.load?.(`tool:${version}`, source, () => undefined, never);
    }
    service = new ExecutionService({
      provider,
      languages: indexLanguages([language]),
      concurrency: 1,
      maxQueued: 1,
      compileLimits: { wallTimeMs: 10_000, cpuTimeMs: 10_000 },
      preparedStore: createPreparedStore(join(base, "prepared")),
      ownNodePath: process.execPath,
    });
  });
  afterAll(async () => {
    await service.close();
    rmSync(base, { recursive: true, force: true });
  });

  const run = async (version: string): Promise<string> => {
    const files = [{ path: "main.tool", content: Buffer.from("as it is\n") }];
    const request = requestOf({ kind: "code", language: "tool", files, version });
    const { output } = await collect(service, request, never);
    return output.run.output.toString();
  };

  test("it is there for its runs, and for no other image's", async () => {
    expect(await run("*")).toBe("as it is\n");
    expect(await service.prepareLanguage(language, never)).toBe(true);
    expect(await run("*")).toBe("made of 1.10\n");
    expect(await run("1.9")).toBe("as it is\n");
    expect(await service.prepareLanguage(language, never, "tool:1.9")).toBe(true);
    expect(await run("1.9")).toBe("made of 1.9\n");
    expect(await run("1.10")).toBe("made of 1.10\n");
  });
});
