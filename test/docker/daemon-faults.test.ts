/**
 * @module
 * Daemons that are not there, are none, or go away in the middle.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { defaultLimits } from "../../src/core/limits.ts";
import { indexLanguages } from "../../src/languages/index-languages.ts";
import type { ExecutionRequest } from "../../src/service/request.ts";
import { ExecutionService } from "../../src/service/service.ts";
import { sh, waitForOutput } from "../conformance/harness.ts";
import { startDockerd, type Dockerd } from "../helpers/docker/dockerd.ts";
import { importSmallImages } from "../helpers/docker/images.ts";
import { DOCKERD_TIMEOUT_MS } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { untilRemoved } from "../helpers/docker/containers.ts";
import { create, exec, ownContainers, providerAt, runOnce } from "./fixture.ts";
import type { DockerProvider } from "./fixture.ts";

const skipReason = dockerSkipReason();

const requestOf = (script: string): ExecutionRequest => ({
  program: { kind: "command", argv: sh(script) },
  args: [],
  env: {},
  stdin: "empty",
  limits: { ...defaultLimits, wallTimeMs: 60_000 },
  onOutputLimit: "truncate",
  network: { mode: "none" },
  enforcement: "strict",
});

describe("no daemon", () => {
  let folder: string;
  let server: Server | undefined;
  const sockets = new Set<Socket>();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "glovebox-no-daemon-test-"));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    if (server?.listening === true) await new Promise((resolve) => server?.close(resolve));
    rmSync(folder, { recursive: true });
  });
  const listen = async (what: Server): Promise<string> => {
    server = what.on("connection", (socket) => sockets.add(socket));
    const path = join(folder, "docker.sock");
    await once(server.listen(path), "listening");
    return `unix://${path}`;
  };

  test.each<[string, () => Promise<string> | string, RegExp]>([
    ["nothing at the socket", () => `unix://${join(folder, "none.sock")}`, /ENOENT.*Start Docker/],
    ["nothing at the port", () => "tcp://127.0.0.1:1", /ECONNREFUSED.*Start Docker/],
    [
      "some other server",
      () => listen(createHttpServer((_request, response) => response.end("<html>hello</html>"))),
      /Check that a Docker daemon listens/,
    ],
    [
      "a server that says no to everything",
      () => listen(createHttpServer((_request, response) => response.writeHead(403).end("no"))),
      /docker/,
    ],
    [
      "one whose answers are no daemon's",
      () =>
        listen(
          createHttpServer(({ url }, response) =>
            response.end(url === "/version" ? '{"ApiVersion":"1.41"}' : '{"Runtimes":7}'),
          ),
        ),
      /its answer to GET \/info is not what a Docker daemon says/,
    ],
    [
      "one that ends each connection",
      () => listen(createServer((socket) => socket.end())),
      /cannot talk to the daemon/,
    ],
    [
      "one that never answers",
      () => listen(createServer(() => undefined)),
      /no answer within .* whether the daemon is busy or hangs/,
    ],
  ])("%s is PROVIDER_UNAVAILABLE, soon", async (_name, at, message) => {
    const provider = providerAt(await at());
    const startMs = performance.now();
    const probing = provider.probe().then((report) => {
      expect(performance.now() - startMs).toBeLessThan(6_000);
      expect(report).toMatchObject({ available: false });
    });
    await expect(create(provider)).rejects.toMatchObject({
      code: "PROVIDER_UNAVAILABLE",
      message: expect.stringMatching(message) as string,
    });
    expect(performance.now() - startMs).toBeLessThan(11_000);
    await probing;
    await provider.close();
  });
});

describe.skipIf(skipReason !== undefined)(`a daemon that goes away ${skipReason ?? ""}`, () => {
  let dockerd: Dockerd;
  let provider: DockerProvider;
  const own = (): Promise<readonly string[]> => ownContainers(dockerd);
  beforeAll(async () => {
    dockerd = await startDockerd();
    await importSmallImages(dockerd);
  }, DOCKERD_TIMEOUT_MS);
  afterAll(() => dockerd.stop());
  afterEach(() => provider.close());

  test("two providers at once at one that never had the launcher", async () => {
    provider = providerAt(dockerd.host);
    const others = Array.from({ length: 3 }, () => providerAt(dockerd.host));
    const all = [provider, ...others];
    const results = await Promise.all(all.map((each) => runOnce(each, sh("echo 1"))));
    expect(results.map(({ text }) => text)).toEqual(all.map(() => "1\n"));
    await Promise.all(others.map((other) => other.close()));
    const made = await dockerd.docker("ps", "--all", "--quiet", "--filter", "label=glovebox");
    expect(made).toBe("");
    expect(
      (await dockerd.docker("images", "--quiet", "--filter", "label=glovebox")).split("\n"),
    ).toHaveLength(1);
  });

  test("the launcher's volume and image taken away by a prune come back", async () => {
    provider = providerAt(dockerd.host);
    expect(await runOnce(provider, sh("echo 1"))).toMatchObject({ text: "1\n" });
    await dockerd.docker("volume", "prune", "--force");
    const concurrent = [2, 2, 2].map(() => runOnce(provider, sh("echo 2")));
    expect((await Promise.all(concurrent)).map(({ text }) => text)).toEqual(["2\n", "2\n", "2\n"]);
    await dockerd.docker("volume", "prune", "--force");
    await dockerd.docker("rmi", ...(await launcherImages()));
    expect(await runOnce(provider, sh("echo 3"))).toMatchObject({ text: "3\n" });
    const other = providerAt(dockerd.host);
    expect(await runOnce(other, sh("echo 4"))).toMatchObject({ text: "4\n" });
    await other.close();
  });
  const launcherImages = async (): Promise<readonly string[]> =>
    (await dockerd.docker("images", "--quiet", "--filter", "label=glovebox=launcher")).split("\n");

  test("a service survives it: an error for who ran, then for who asks, then it serves again", async () => {
    provider = providerAt(dockerd.host);
    const service = new ExecutionService({
      provider,
      languages: indexLanguages([]),
      concurrency: 4,
      maxQueued: 4,
      compileLimits: { wallTimeMs: 10_000, cpuTimeMs: 10_000 },
      ownNodePath: process.execPath,
    });
    const run = async (script: string): Promise<string> => {
      let output = "";
      const onOutput = (_phase: string, _stream: string, chunk: Buffer): void => {
        output += chunk.toString();
        if (output.includes("running")) onRunning();
      };
      await service.run(requestOf(script), { onOutput }, new AbortController().signal);
      return output;
    };
    let onRunning = (): void => undefined;
    const running = new Promise<void>((resolve) => (onRunning = resolve));
    const failing = expect(run("echo running; sleep 60")).rejects.toMatchObject({
      code: "SANDBOX_FAILED",
    });
    await running;
    await dockerd.kill9();
    await failing;
    await expect(run("echo 1")).rejects.toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    await dockerd.restart();
    expect(await run("echo again")).toBe("again\n");
    await service.close();
  });

  test("killed in the middle of a run: an error soon, and the same provider goes on later", async () => {
    provider = providerAt(dockerd.host);
    const sandbox = await create(provider);
    const { seen, onOutput } = waitForOutput("running");
    const ended = exec(provider, sandbox, sh("echo running; sleep 60"), { onOutput });
    const failure = expect(ended).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
    await seen;
    const startMs = performance.now();
    await dockerd.kill9();
    await failure;
    await sandbox.destroy();
    expect(performance.now() - startMs).toBeLessThan(6_000);
    await expect(create(provider)).rejects.toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    await dockerd.restart();
    expect(await runOnce(provider, sh("echo again"))).toMatchObject({ text: "again\n" });
    await untilRemoved(dockerd, own, 12_000);
  });

  test("restarted: what was kept ready is not handed out", async () => {
    provider = providerAt(dockerd.host, { poolSize: 2 });
    await runOnce(provider, sh("true"));
    await expect.poll(own, { timeout: 10_000 }).toHaveLength(1);
    await dockerd.restart();
    expect(await runOnce(provider, sh("echo again"))).toMatchObject({ text: "again\n" });
    await provider.close();
    await untilRemoved(dockerd, own, 12_000);
  });
});
