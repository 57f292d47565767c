import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GloveboxError } from "../core/errors.ts";
import { defaultLimits } from "../core/limits.ts";
import { flagsToConfig } from "./flags.ts";
import { loadConfig, type ConfigSources } from "./load-config.ts";
import { defaultServerConfig, type ServerConfig } from "./server-config.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-config-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Written extends Partial<ConfigSources> {
  /** Content of `glovebox.yaml`. */
  readonly yaml?: string;
}

function load({ yaml, ...sources }: Written): ServerConfig {
  if (yaml !== undefined) writeFileSync(join(folder, "glovebox.yaml"), yaml);
  return loadConfig({ env: {}, overrides: {}, cwd: folder, ...sources });
}

function refusal(written: Written): GloveboxError<"INVALID_CONFIG"> {
  try {
    load(written);
  } catch (error) {
    if (error instanceof GloveboxError && error.code === "INVALID_CONFIG") {
      return error as GloveboxError<"INVALID_CONFIG">;
    }
    throw error;
  }
  throw new Error("the configuration was accepted");
}

test("without any source the defaults hold: loopback, strict, no network", () => {
  const config = load({});
  expect(config).toEqual(defaultServerConfig());
  expect(config).toMatchObject({
    server: { host: "127.0.0.1", port: 8000, bodyLimitBytes: 16 * 2 ** 20, maxFiles: 256 },
    provider: "auto",
    enforcement: "strict",
    limits: { default: defaultLimits },
    network: { allowed: ["none"] },
  });
});

describe("the later source wins", () => {
  const yaml = "server: {port: 1001}";
  test.each<[string, Written, number]>([
    ["the file over the default", { yaml }, 1001],
    ["PORT over the file", { yaml, env: { PORT: "1002" } }, 1002],
    ["GLOVEBOX_PORT over PORT", { yaml, env: { GLOVEBOX_PORT: "1003", PORT: "1002" } }, 1003],
    [
      "the command line over all",
      { yaml, env: { GLOVEBOX_PORT: "1003" }, overrides: { server: { port: "1004" } } },
      1004,
    ],
    ["an empty variable says nothing", { yaml, env: { PORT: "" } }, 1001],
  ])("%s", (_name, written, port) => {
    expect(load(written).server.port).toBe(port);
  });

  test("field by field: one source does not wipe the neighbours of what it sets", () => {
    const config = load({
      yaml: "limits: {max: {memory: 1GiB}}\nserver: {host: '::1', port: 9}",
      env: { GLOVEBOX_MAX_WALL_TIME: "20s", GLOVEBOX_HOST: "127.0.0.2" },
    });
    expect(config.limits.max).toMatchObject({ memoryBytes: 2 ** 30, wallTimeMs: 20_000 });
    expect(config.server).toMatchObject({ host: "127.0.0.2", port: 9 });
  });
});

test("a named file is read, and GLOVEBOX_CONFIG gives way to the command line", () => {
  writeFileSync(join(folder, "a.yaml"), "concurrency: 3");
  writeFileSync(join(folder, "b.yaml"), "concurrency: 4");
  expect(load({ file: "a.yaml" }).concurrency).toBe(3);
  expect(load({ env: { GLOVEBOX_CONFIG: join(folder, "b.yaml") } }).concurrency).toBe(4);
  expect(load({ file: "a.yaml", env: { GLOVEBOX_CONFIG: "b.yaml" } }).concurrency).toBe(3);
});

test("every kind of value is read as people write it", () => {
  const config = load({
    yaml: `
# a comment
server: { bodyLimit: 2MiB, requestTimeout: 5s, shutdownGrace: 0s, insecureNoAuth: true }
limits:
  default: { wallTime: 1.5s, memory: 64MiB, processes: 8, output: 65536 }
compile: { wallTime: 1m, cpuTime: 2m }
network: { allowed: [none, all] }
maxQueued: 0
logLevel: warn
`,
    env: { GLOVEBOX_NETWORK_ALLOWED: "none,all" },
  });
  expect(config).toMatchObject({
    server: {
      bodyLimitBytes: 2 * 2 ** 20,
      requestTimeoutMs: 5000,
      shutdownGraceMs: 0,
      insecureNoAuth: true,
    },
    limits: {
      default: { wallTimeMs: 1500, memoryBytes: 2 ** 26, processes: 8, outputBytes: 65_536 },
    },
    compile: { wallTimeMs: 60_000, cpuTimeMs: 120_000 },
    network: { allowed: ["none", "all"] },
    maxQueued: 0,
    logLevel: "warn",
  });
});

describe("the provider docker", () => {
  test("is set up by file, environment and command line alike", () => {
    const config = load({
      yaml: "provider: docker\nallowedProviders: [linux]\ndocker: {host: 'tcp://10.0.0.1:2376', image: 'alpine:3'}",
      env: {
        GLOVEBOX_DOCKER_HOST: "unix:///run/docker.sock",
        GLOVEBOX_IMAGES_ALLOWED: "python:*,gcc:14",
      },
      overrides: flagsToConfig({ ociRuntime: "runsc", pull: "missing", port: "1" }),
    });
    expect(config).toMatchObject({
      server: { port: 1 },
      provider: "docker",
      allowedProviders: ["linux"],
      docker: {
        host: "unix:///run/docker.sock",
        ociRuntime: "runsc",
        image: "alpine:3",
        pullPolicy: "missing",
      },
      images: { allowed: ["python:*", "gcc:14"] },
    });
  });

  test.each<[string, Written, number]>([
    ["twice as many as run at the same time", { yaml: "concurrency: 3" }, 6],
    ["what the operator says", { yaml: "concurrency: 3\ndocker: {poolSize: 0}" }, 0],
    ["a bounded number", { yaml: "concurrency: 4096" }, 1024],
  ])("keeps %s of containers ready", (_name, written, poolSize) => {
    expect(load(written).docker.poolSize).toBe(poolSize);
  });
});

describe("a default and its maximum", () => {
  test("a lowered maximum takes the built-in default with it", () => {
    const { limits } = load({ yaml: "limits: {max: {wallTime: 2s}}" });
    expect([limits.default.wallTimeMs, limits.max.wallTimeMs]).toEqual([2000, 2000]);
  });

  test("a raised default takes the built-in maximum with it", () => {
    const { limits } = load({ yaml: "limits: {default: {wallTime: 10m}}" });
    expect([limits.default.wallTimeMs, limits.max.wallTimeMs]).toEqual([600_000, 600_000]);
  });
});

describe("the provider without isolation", () => {
  test("makes best-effort the default, as nothing strict can hold", () => {
    const config = load({ overrides: { provider: "process", allowUnsafeProcess: true } });
    expect(config).toMatchObject({ provider: "process", enforcement: "best-effort" });
  });

  test("does not change what the operator wrote about enforcement", () => {
    const yaml = "provider: process\nallowUnsafeProcess: true\nenforcement: strict";
    expect(load({ yaml }).enforcement).toBe("strict");
  });

  test("is refused unless the operator allows it by name", () => {
    const error = refusal({ yaml: "provider: process" });
    expect(error.details.issues.map(({ path }) => path)).toEqual(["provider"]);
    expect(error.message).toContain("allowUnsafeProcess");
  });
});

describe("what is refused, with its field and value", () => {
  test.each<[string, Written, string, string]>([
    ["unknown field", { yaml: "sever: {port: 1}" }, "sever", "is not a known field"],
    ["unknown inner", { yaml: "server: {prot: 1}" }, "server.prot", "is not a known field"],
    ["prototype key", { yaml: "__proto__: {a: 1}" }, "__proto__", "is not a known field"],
    ["port too large", { yaml: "server: {port: 65536}" }, "server.port", "0 to 65535"],
    ["port not a number", { env: { PORT: "http" } }, "PORT", '"http"'],
    ["port with sign", { env: { GLOVEBOX_PORT: "-1" } }, "GLOVEBOX_PORT", '"-1"'],
    ["empty value", { yaml: "server: {port: }" }, "server.port", "not null"],
    ["no unit", { yaml: "compile: {wallTime: 10}" }, "compile.wallTime", "a number and a unit"],
    ["zero time", { yaml: "limits: {max: {wallTime: 0s}}" }, "limits.max.wallTime", '"0s"'],
    ["zero memory", { yaml: "limits: {max: {memory: 0}}" }, "limits.max.memory", "not 0"],
    ["negative", { yaml: "limits: {default: {processes: -1}}" }, "limits.default.processes", "-1"],
    ["unlimited", { yaml: "limits: {max: {wallTime: unlimited}}" }, "limits.max.wallTime", "24h"],
    ["fraction", { yaml: "concurrency: 1.5" }, "concurrency", "1.5"],
    ["zero concurrency", { env: { GLOVEBOX_CONCURRENCY: "0" } }, "GLOVEBOX_CONCURRENCY", '"0"'],
    ["not a number", { yaml: "concurrency: .nan" }, "concurrency", "NaN"],
    ["infinite", { yaml: "maxQueued: .inf" }, "maxQueued", "Infinity"],
    ["unknown provider", { yaml: "provider: vm" }, "provider", "auto, linux, docker, process"],
    [
      "auto in a request",
      { yaml: "allowedProviders: [auto]" },
      "allowedProviders",
      "linux, docker",
    ],
    ["process beside others", { yaml: "allowedProviders: [process]" }, "allowedProviders", "can't"],
    ["pull policy", { yaml: "docker: {pullPolicy: often}" }, "docker.pullPolicy", "never"],
    [
      "pool size",
      { env: { GLOVEBOX_DOCKER_POOL_SIZE: "-1" } },
      "GLOVEBOX_DOCKER_POOL_SIZE",
      "0 to",
    ],
    ["image", { yaml: "docker: {image: 'a b'}" }, "docker.image", "an image like"],
    ["allowed image", { yaml: "images: {allowed: ['*:3']}" }, "images.allowed", "images"],
    [
      "images of docker alone",
      { yaml: "docker: {allowedImages: [python]}" },
      "docker.allowedImages",
      "known",
    ],
    ["docker host", { yaml: "docker: {host: /run/docker.sock}" }, "docker.host", "unix:///"],
    ["OCI runtime", { yaml: "docker: {ociRuntime: ../runc}" }, "docker.ociRuntime", "runsc"],
    ["no network mode", { yaml: "network: {allowed: []}" }, "network.allowed", "at least one"],
    [
      "asked",
      { env: { GLOVEBOX_NETWORK_ALLOWED: "asked" } },
      "GLOVEBOX_NETWORK_ALLOWED",
      '"asked"',
    ],
    ["files", { yaml: "permissions: {files: all}" }, "permissions.files", '"all"'],
    ["rules", { yaml: "permissions: {allow: [{net: a}]}" }, "permissions.allow", "a list of"],
    ["yes as boolean", { yaml: "server: {insecureNoAuth: yes}" }, "server.insecureNoAuth", '"yes"'],
    ["host with space", { yaml: "server: {host: a b}" }, "server.host", '"a b"'],
    ["a list", { yaml: "[1, 2]" }, "the configuration", "must be an object"],
    ["plain text", { yaml: "hello" }, "the configuration", "must be an object"],
    ["not YAML", { yaml: "server: {port: [" }, "the file", "is not YAML"],
    ["a key twice", { yaml: "concurrency: 1\nconcurrency: 2" }, "the file", "unique"],
    ["missing file", { file: "none.yaml" }, "the file", "does not exist"],
    ["a folder", { file: "." }, "the file", "EISDIR"],
    [
      "default over max",
      { yaml: "limits: {default: {processes: 9}, max: {processes: 8}}" },
      "limits.default.processes",
      "at most limits.max.processes, 8, not 9",
    ],
    [
      "command line",
      { overrides: { server: { port: "x" } } },
      "server.port",
      "a whole number), not",
    ],
  ])("%s", (_name, written, path, part) => {
    const { details, message } = refusal(written);
    expect(details.issues[0]?.path).toBe(path);
    expect(details.issues[0]?.message).toContain(part);
    expect(message).toContain(path);
  });

  test("the message names the file", () => {
    expect(refusal({ yaml: "a: 1" }).message).toBe(
      `${join(folder, "glovebox.yaml")}: a is not a known field`,
    );
  });

  test("a huge file is refused before it is read", () => {
    const error = refusal({ yaml: `# ${"x".repeat(1024 * 1024)}` });
    expect(error.message).toContain("is larger than");
  });

  test("aliases that blow up are refused", () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const alias = `*l${level - 1}`;
      return `l${level}: &l${level} [${level === 0 ? "1" : Array(9).fill(alias).join(", ")}]`;
    });
    expect(refusal({ yaml: levels.join("\n") }).message).toContain("is not YAML");
  });
});
