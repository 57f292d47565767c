import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler } from "fastify-type-provider-zod";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ProbeReport } from "../../core/provider.ts";
import { createProcessProvider } from "../../providers/process/index.ts";
import { addReadyRoute } from "./ready.ts";

type Probe = () => Promise<ProbeReport>;

const provider = createProcessProvider();

function serve(probe: Probe): FastifyInstance {
  const app = Fastify();
  app.setSerializerCompiler(serializerCompiler);
  addReadyRoute(app, { service: { probe } });
  onTestFinished(async () => app.close());
  return app;
}

async function ask(app: FastifyInstance): Promise<[status: number, body: unknown]> {
  const { statusCode, json } = await app.inject({ url: "/ready" });
  return [statusCode, json()];
}

function counted(probe: Probe): { probe: Probe; count: () => number } {
  let count = 0;
  return {
    probe: async () => {
      count++;
      return probe();
    },
    count: () => count,
  };
}

/** What a provider says that can't start a sandbox. */
const broken: Probe = async () => ({
  ...(await provider.probe()),
  available: false,
  reason: "no user namespaces",
});

const ready = [200, { ready: true, provider: "process" }];

test("a sandbox has started; many who ask share one probe, for ten seconds", async () => {
  const { probe, count } = counted(async () => provider.probe());
  const app = serve(probe);
  const now = vi.spyOn(performance, "now");
  onTestFinished(() => now.mockRestore());
  expect(await Promise.all(Array.from({ length: 20 }, () => ask(app)))).toEqual(
    Array(20).fill(ready),
  );
  expect(await ask(app)).toEqual(ready);
  expect(count()).toBe(1);
  now.mockReturnValue(performance.now() + 10_001);
  expect(await ask(app)).toEqual(ready);
  expect(count()).toBe(2);
});

test("503 with the reason, kept as well", async () => {
  const { probe, count } = counted(broken);
  const app = serve(probe);
  const wanted = [503, { ready: false, reason: "process: no user namespaces" }];
  expect(await ask(app)).toEqual(wanted);
  expect(await ask(app)).toEqual(wanted);
  expect(count()).toBe(1);
  const { headers } = await app.inject({ url: "/ready" });
  expect(headers["retry-after"]).toBe("10");
});

test("a probe that throws tells no secret", async () => {
  const app = serve(() => Promise.reject(new Error("secret")));
  const [status, body] = await ask(app);
  expect(status).toBe(503);
  expect(JSON.stringify(body)).not.toContain("secret");
});

test("a probe that hangs is one that failed, and no second one is begun", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  let end: (report: ProbeReport) => void = () => undefined;
  const { probe, count } = counted(
    () =>
      new Promise((resolve) => {
        end = resolve;
      }),
  );
  const app = serve(probe);
  const first = ask(app);
  await vi.waitUntil(() => count() === 1);
  vi.advanceTimersByTime(10_000);
  const hung = [503, { ready: false, reason: "No sandbox has started in 10 s." }];
  expect(await first).toEqual(hung);
  expect(await ask(app)).toEqual(hung);
  end(await provider.probe());
  await vi.waitUntil(async () => (await ask(app))[0] === 200);
  expect(count()).toBe(1);
});

test("a stop does not wait for a probe", async () => {
  let isAsked: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  const app = serve(async () => {
    isAsked();
    return new Promise<never>(() => undefined);
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const answer = fetch(`${url}/ready`);
  await asked;
  await app.close();
  const response = await answer;
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ ready: false, reason: "The server is stopping." });
});
