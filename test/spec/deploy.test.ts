import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { createServeCommand } from "../../src/cli/commands/serve.ts";
import { variableTable } from "../../src/config/environment.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { defaultServerConfig } from "../../src/config/server-config.ts";
import { errorCatalog } from "../../src/core/errors.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { requiresKeys } from "../../src/server/authenticate.ts";
import { parseDurationMs } from "../../src/util/duration.ts";
import { parseSizeBytes } from "../../src/util/size.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const unit = read("deploy/glovebox.service");
const dockerfile = read("deploy/Dockerfile");
const inDocker = read("docs/run-in-docker.md");
const defaults = defaultServerConfig();

/** All values of a key of the unit. */
const settings = (key: string): readonly string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);

const setting = (key: string): string => settings(key).join();

/** The first words in back-quotes of the rows of a page's tables. */
const firstCells = (page: string): readonly string[] =>
  page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...(line.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)])
    .map(([, words = ""]) => words);

interface ComposeService {
  readonly build: { readonly dockerfile: string; readonly args: Readonly<Record<string, string>> };
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly security_opt: readonly string[];
  readonly cap_drop: readonly string[];
  readonly tmpfs: readonly string[];
  readonly mem_limit: string;
  readonly pids_limit: number;
  readonly stop_grace_period: string;
}

const compose = parse(read("deploy/compose.yaml")) as {
  readonly services: { readonly glovebox: ComposeService };
};
const service = compose.services.glovebox;

test("the unit starts the program with flags that it has, and settings that it takes", () => {
  const [program, ...words] = setting("ExecStart").split(" ");
  expect([program, words[0]]).toEqual(["glovebox", "serve"]);
  const flags = createServeCommand(() => undefined).options.map(({ long }) => long);
  const used = words.filter((word) => word.startsWith("--"));
  expect(used).toEqual(["--config"]);
  expect(flags).toEqual(expect.arrayContaining(used));
  expect(read("docs/run-as-a-service.md")).toContain(`deploy/glovebox.yaml ${words.at(-1)}\n`);

  const file = join(root, "deploy/glovebox.yaml");
  const config = loadConfig({ file, env: {}, overrides: {}, cwd: root });
  expect(requiresKeys(config)).toBe(true);
  expect(config.storage.folder).toBe(`/var/lib/${setting("StateDirectory")}/server`);
});

test("the unit gives a stop its time, and does not try again what can't work", () => {
  const stopMs = parseDurationMs(setting("TimeoutStopSec"));
  expect(stopMs).toBeGreaterThan(defaults.server.shutdownGraceMs + 5000);
  expect(setting("RestartPreventExitStatus")).toBe(`${errorCatalog.INVALID_CONFIG.exitCode}`);
  expect([setting("Delegate"), setting("OOMPolicy")]).toEqual(["yes", "continue"]);
});

test("the unit has none of the options that its page says can't be added", () => {
  const options = firstCells(read("docs/run-as-a-service.md")).filter((word) => /=/.test(word));
  expect(options.length).toBeGreaterThan(8);
  const keys = options.map((option) => option.replace(/=.*/, ""));
  for (const key of keys.filter((each) => each !== "SystemCallFilter")) {
    expect(settings(key), key).toEqual([]);
  }
  expect(setting("SystemCallFilter")).not.toMatch(/@(mount|privileged|system-service)/);
});

test("the image is made of what is there, and its build sees that and nothing else", () => {
  const sources = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, paths = ""]) =>
    paths.split(" "),
  );
  expect(sources).toContain("src");
  expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  const allowed = read("deploy/Dockerfile.dockerignore").split("\n");
  expect(allowed.filter((line) => line.startsWith("!")).sort()).toEqual(
    sources.map((path) => `!${path}`).sort(),
  );
});

test("variables of the image and of Compose are settings with values that are taken", () => {
  const known = new Set(variableTable.map(([variable]) => variable));
  const [, line = ""] = /^ENV (.+)$/m.exec(dockerfile) ?? [];
  const ofImage = line.split(" ").map((pair) => pair.split("=", 2) as [string, string]);
  const env = { ...Object.fromEntries(ofImage), ...service.environment };
  expect(Object.keys(env).filter((name) => !known.has(name))).toEqual([]);
  const config = loadConfig({ env, overrides: {}, cwd: "/nonexistent" });
  expect(requiresKeys(config)).toBe(true);
  const [, volume = ""] = /^VOLUME (.+)$/m.exec(dockerfile) ?? [];
  expect(config.storage.folder?.startsWith(`${volume}/`)).toBe(true);
  expect(service.volumes).toEqual([`state:${volume}`]);
  const graceMs = config.server.shutdownGraceMs;
  expect(parseDurationMs(service.stop_grace_period)).toBeGreaterThan(graceMs + 5000);
  expect(dockerfile).toMatch(/^HEALTHCHECK [^]*\/ready/m);
});

test("the packages of the image are those of languages", () => {
  const { PACKAGES = "" } = service.build.args;
  expect(dockerfile).toContain(`ARG PACKAGES="${PACKAGES}"\n`);
  const data = readdirSync(join(root, "languages")).map((id) => `languages/${id}/language.yaml`);
  const lists = data.map((path) => /^ {2}debian: \[(.*)\]$/m.exec(read(path))?.[1] ?? "");
  const packages = new Set(lists.flatMap((list) => list.split(", ")));
  const unknown = PACKAGES.split(" ").filter((name) => !packages.has(name));
  expect(unknown).toEqual([]);
});

test("Compose and the page start a container with the same options", () => {
  const [, text = ""] = /^options="([^"]+)"/m.exec(inDocker) ?? [];
  const { security_opt, cap_drop, tmpfs, mem_limit, pids_limit } = service;
  const wanted = [
    ...security_opt.map(
      (option) => `--security-opt ${option.replace("=seccomp.json", "=deploy/seccomp.json")}`,
    ),
    ...cap_drop.map((name) => `--cap-drop ${name}`),
    ...["--read-only", ...tmpfs.map((path) => `--tmpfs ${path}`), "--init"],
    ...[`--memory ${mem_limit}`, `--pids-limit ${pids_limit}`],
  ];
  expect(text.split(/\s+/).join(" ")).toBe(wanted.join(" "));
  expect(existsSync(join(root, service.build.dockerfile))).toBe(true);
});

test("the container's filter forbids nothing that a sandbox may do", () => {
  const { syscalls } = JSON.parse(read("deploy/seccomp.json")) as {
    readonly syscalls: readonly { readonly names: readonly string[] }[];
  };
  const rules = read("native/launcher/seccomp_rules.h");
  const names = syscalls.flatMap((rule) => rule.names);
  expect(names.length).toBeGreaterThan(30);
  const allowedInside = names.filter((name) => {
    const forms = [`REFUSE(${name})`, `(SYS_${name})`, `NR(NR_${name.toUpperCase()})`];
    return !forms.some((form) => rules.includes(form));
  });
  expect(allowedInside).toEqual([]);
});

test("nginx waits longer than the server may take, and takes bodies as large", () => {
  const page = read("docs/run-behind-nginx.md");
  const value = (name: string): string => new RegExp(`${name} (\\S+);`).exec(page)?.[1] ?? "";
  const { queueTimeoutMs, compile, limits, server } = defaults;
  const longestMs = queueTimeoutMs + compile.wallTimeMs + limits.max.wallTimeMs;
  expect(parseDurationMs(value("proxy_read_timeout"))).toBeGreaterThan(longestMs);
  const bodyLimit = value("client_max_body_size").replace("m", "MiB");
  expect(parseSizeBytes(bodyLimit)).toBe(server.bodyLimitBytes);
});

test("docs/observe.md has all metrics that a server has, and no other", async () => {
  const page = read("docs/observe.md");
  const metrics = createMetrics({ languageIds: [] });
  const { body } = await metrics.scrape();
  metrics.close();
  const registered = [...body.matchAll(/^# TYPE (glovebox_\w+) /gm)].map(([, name]) => name);
  const documented = firstCells(page).filter((name) => name.startsWith("glovebox_"));
  const source = read("src/observe/metrics.ts");
  // Readings are registered by who gives them.
  const written = [...source.matchAll(/"(glovebox_\w+)"/g)].map(([, name]) => name);
  const all = [...registered, ...written];
  expect(all.filter((name) => !documented.includes(name ?? ""))).toEqual([]);
  expect(documented.filter((name) => !source.includes(`"${name}"`))).toEqual([]);
});
