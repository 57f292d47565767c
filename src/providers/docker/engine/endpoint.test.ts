import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findEndpoint, type Endpoint, type EndpointOptions } from "./endpoint.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "docker-endpoint-test-"));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

const find = (env: NodeJS.ProcessEnv, parts: Partial<EndpointOptions> = {}): Endpoint =>
  findEndpoint({ env, homeFolder: home, platform: "linux", ...parts });

function write(path: string, content: unknown): void {
  const full = join(home, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, typeof content === "string" ? content : JSON.stringify(content));
}

const folderOf = (context: string): string => createHash("sha256").update(context).digest("hex");

function writeContext(name: string, docker: unknown): void {
  write(`.docker/contexts/meta/${folderOf(name)}/meta.json`, {
    Name: name,
    Metadata: {},
    Endpoints: { docker },
  });
}

describe("an address", () => {
  test.each<[string, Partial<Endpoint>]>([
    [
      "unix:///run/other.sock",
      { description: "unix:///run/other.sock", connection: { socketPath: "/run/other.sock" } },
    ],
    ["tcp://10.1.2.3", { isLocal: false, connection: { host: "10.1.2.3", port: 2375 } }],
    ["tcp://10.1.2.3:80/", { connection: { host: "10.1.2.3", port: 80 } }],
    ["http://build:99", { connection: { host: "build", port: 99 } }],
    ["tcp://[::1]:99", { description: "tcp://[::1]:99", connection: { host: "::1", port: 99 } }],
    ["build:99", { description: "tcp://build:99", connection: { host: "build", port: 99 } }],
    ["tcp://:99", { connection: { host: "localhost", port: 99 } }],
    [
      "https://build",
      { isSecure: true, connection: { host: "build", port: 2376, rejectUnauthorized: true } },
    ],
  ])("%s is understood", (host, expected) => {
    expect(find({}, { host })).toMatchObject(expected);
    expect(find({ DOCKER_HOST: host })).toEqual(find({}, { host }));
  });

  test.each([
    ["ssh://me@build", "ssh -N -L"],
    ["ftp://build", "no such scheme"],
    ["unix://docker.sock", "must be absolute"],
    ["unix://", "must be absolute"],
    [`unix:///${"x".repeat(107)}`, "at most 107 bytes"],
    ["tcp://", "no host and port"],
    ["tcp://build:port", "no host and port"],
    ["tcp://build:70000", "no host and port"],
    ["tcp://build:0", "no host and port"],
    ["tcp://me:secret@build:1", "no host and port"],
    ["tcp://build:1/path", "no host and port"],
    ["tcp://bu ild:1", "no host and port"],
    ["/var/run/docker.sock", "no host and port"],
    ["npipe:////./pipe/docker_engine", "only on Windows"],
  ])("%s is refused with what to do", (host, why) => {
    expect(() => find({ DOCKER_HOST: host })).toThrow(
      expect.objectContaining({
        code: "INVALID_CONFIG",
        message: expect.stringMatching(new RegExp(`^docker: DOCKER_HOST is .*${why}`)) as string,
      }),
    );
  });

  test("is a named pipe on Windows", () => {
    expect(find({}, { platform: "win32" })).toMatchObject({
      isLocal: true,
      connection: { socketPath: "//./pipe/docker_engine" },
    });
    const host = "npipe:////./pipe/other";
    expect(find({}, { platform: "win32", host }).connection.socketPath).toBe("//./pipe/other");
  });
});

describe("precedence", () => {
  test("the caller's address, DOCKER_HOST, DOCKER_CONTEXT, the current context", () => {
    writeContext("current", { Host: "tcp://current:1" });
    writeContext("named", { Host: "tcp://named:1" });
    write(".docker/config.json", { currentContext: "current", auths: {} });
    const env = { DOCKER_CONTEXT: "named" };
    expect(find({}).connection.host).toBe("current");
    expect(find(env).connection.host).toBe("named");
    expect(find({ ...env, DOCKER_HOST: "tcp://env:1" }).connection.host).toBe("env");
    const both = find({ ...env, DOCKER_HOST: "tcp://env:1" }, { host: "tcp://caller:1" });
    expect(both.connection.host).toBe("caller");
  });

  test("the context `default` and empty variables are none", () => {
    writeContext("current", { Host: "tcp://current:1" });
    write(".docker/config.json", { currentContext: "current" });
    expect(find({ DOCKER_CONTEXT: "default" }).isLocal).toBe(true);
    expect(find({ DOCKER_CONTEXT: "", DOCKER_HOST: "" }).connection.host).toBe("current");
  });

  test("DOCKER_CONFIG names another folder", () => {
    write("other/config.json", { currentContext: "nowhere" });
    expect(() => find({ DOCKER_CONFIG: join(home, "other") })).toThrow(
      /other\/config\.json.*nowhere/,
    );
  });
});

describe("without an address", () => {
  let server: Server | undefined;
  afterEach(async () => {
    if (server) await once(server.close(), "close");
    server = undefined;
  });

  // Only where the first place is empty does another one count.
  const usual = find0("/var/run/docker.sock");
  test.skipIf(usual)("a socket in the user's own folders is found", async () => {
    expect(find({}).description).toBe("unix:///var/run/docker.sock");
    mkdirSync(join(home, "podman"));
    server = createServer().listen(join(home, "podman/podman.sock"));
    await once(server, "listening");
    expect(find({ XDG_RUNTIME_DIR: home }).connection.socketPath).toBe(
      join(home, "podman/podman.sock"),
    );
    write("docker.sock", "a file is no socket");
    expect(find({ XDG_RUNTIME_DIR: home }).connection.socketPath).toMatch(/podman/);
  });
});

function find0(path: string): boolean {
  return findEndpoint({ env: {}, homeFolder: "/nowhere" }).connection.socketPath !== path;
}

describe("TLS", () => {
  test("comes with DOCKER_TLS_VERIFY and the certificates of docker's folder", () => {
    write(".docker/ca.pem", "CA");
    const { connection, description, isSecure } = find({
      DOCKER_HOST: "tcp://build",
      DOCKER_TLS_VERIFY: "1",
    });
    expect({ connection, description, isSecure }).toEqual({
      description: "tcp://build:2376, TLS",
      isSecure: true,
      connection: { host: "build", port: 2376, ca: Buffer.from("CA"), rejectUnauthorized: true },
    });
  });

  test("DOCKER_CERT_PATH alone verifies, too", () => {
    for (const name of ["ca", "cert", "key"]) write(`certs/${name}.pem`, name);
    const env = { DOCKER_HOST: "tcp://build:1", DOCKER_CERT_PATH: join(home, "certs") };
    expect(find(env)).toMatchObject({
      isSecure: true,
      connection: { cert: Buffer.from("cert"), key: Buffer.from("key"), rejectUnauthorized: true },
    });
    expect(find({ ...env, DOCKER_HOST: "unix:///run/x.sock" }).isSecure).toBe(false);
  });

  test("an empty DOCKER_CERT_PATH or half a pair is refused", () => {
    mkdirSync(join(home, "certs"));
    const env = { DOCKER_HOST: "tcp://build:1", DOCKER_CERT_PATH: join(home, "certs") };
    expect(() => find(env)).toThrow(/holds none of ca\.pem/);
    write("certs/cert.pem", "cert");
    expect(() => find(env)).toThrow(/belong together/);
  });

  test("comes with a context's certificates", () => {
    writeContext("remote", { Host: "tcp://remote:1", SkipTLSVerify: false });
    expect(find({ DOCKER_CONTEXT: "remote" }).isSecure).toBe(false);
    write(`.docker/contexts/tls/${folderOf("remote")}/docker/ca.pem`, "CA");
    expect(find({ DOCKER_CONTEXT: "remote" })).toMatchObject({
      isSecure: true,
      connection: { ca: Buffer.from("CA"), rejectUnauthorized: true },
    });
  });

  test("a context that skips verification says so in the description", () => {
    writeContext("lax", { Host: "tcp://remote:1", SkipTLSVerify: true });
    const { connection, description } = find({ DOCKER_CONTEXT: "lax" });
    expect(connection.rejectUnauthorized).toBe(false);
    expect(description).toBe("tcp://remote:1, TLS without verification");
  });
});

describe("docker's files", () => {
  test.each([
    ["no JSON", "{", /config\.json: is not JSON/],
    ["another shape", { currentContext: 1 }, /`currentContext` is missing or of a wrong type/],
    ["an unknown context", { currentContext: "gone" }, /no context `gone`.*docker context ls/],
  ])("%s in the config is refused", (_what, content, message) => {
    write(".docker/config.json", content);
    expect(() => find({})).toThrow(message);
  });

  test("a context without a docker address is refused", () => {
    write(`.docker/contexts/meta/${folderOf("k8s")}/meta.json`, { Endpoints: {} });
    expect(() => find({ DOCKER_CONTEXT: "k8s" })).toThrow(/`Endpoints\.docker` is missing/);
  });

  test("a bad address names its context", () => {
    writeContext("far", { Host: "ssh://far" });
    expect(() => find({ DOCKER_CONTEXT: "far" })).toThrow(
      /docker's context `far` is `ssh:\/\/far`/,
    );
  });
});
