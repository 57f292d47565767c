import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { GloveboxError } from "../core/errors.ts";
import type { SeldomReport } from "./seldom.ts";
import { parseTraceparent } from "./traceparent.ts";
import type { Tracer } from "./tracer.ts";
import { startTracing, tracingTarget } from "./tracing.ts";

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly unknown[];
  readonly status: { readonly code: number; readonly message?: string };
}

interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Batch;
}

/** Takes what a collector takes. */
async function collector(): Promise<{ readonly endpoint: string; readonly got: Received[] }> {
  const got: Received[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      got.push({ path: request.url, headers: request.headers, body: JSON.parse(text) as Batch });
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  return { endpoint: await listen(server), got };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(
  env: NodeJS.ProcessEnv,
  onTrouble: (trouble: SeldomReport) => void = () => undefined,
): Promise<Tracer> {
  const target = tracingTarget(env);
  const tracer = await startTracing(
    target === undefined ? undefined : { ...target, serviceVersion: "1.2.3", onTrouble },
  );
  onTestFinished(async () => tracer.close());
  return tracer;
}

const spansOf = ({ body }: Received): readonly SentSpan[] =>
  body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

const attributesOf = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

// Stays the first: what is loaded once stays loaded.
test("does nothing where nothing is configured", async () => {
  const tracer = await start({});
  expect(await tracer.span("x", {}, async ({ reference }) => reference)).toBeUndefined();
  tracer.begin("y").end();
});

const everything: NodeJS.ProcessEnv = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318/base/",
  OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%2Cb, y = 2 ,broken,z=%zz,none=%ff",
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: "y=3",
  OTEL_SERVICE_NAME: "runner",
};
test.each<[string, NodeJS.ProcessEnv, unknown]>([
  ["nothing", {}, undefined],
  ["an empty endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }, undefined],
  [
    "an endpoint",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318" },
    { url: "http://a:4318/v1/traces", headers: {}, serviceName: "glovebox" },
  ],
  [
    "all variables",
    everything,
    {
      url: "http://a:4318/base/v1/traces",
      headers: { "x-key": "a,b", y: "3", z: "%zz" },
      serviceName: "runner",
    },
  ],
  [
    "an endpoint for traces, whole",
    { ...everything, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b/t" },
    expect.objectContaining({ url: "http://b/t" }),
  ],
  ["a switch-off", { ...everything, OTEL_SDK_DISABLED: "true" }, undefined],
])("%s in the environment", (_name, env, target) => {
  expect(tracingTarget(env)).toEqual(target);
});

test("spans arrive as a tree under the caller's trace", async () => {
  const { endpoint, got } = await collector();
  const tracer = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=k",
  });
  const parent = parseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  const request = tracer.begin("POST /v1/execute", { parent });
  await tracer.span(
    "execution",
    { parent: request.reference, attributes: { language: "c", long: "x".repeat(1000) } },
    async (execution) => {
      execution.set({ outcome: "exited_zero", slots: 4 });
      await tracer.span("run", { parent: execution.reference }, async () => undefined);
    },
  );
  request.end();
  request.end();
  await tracer.close();
  const [received] = got;
  expect(received).toMatchObject({ path: "/v1/traces", headers: { "x-key": "k" } });
  const resource = received!.body.resourceSpans[0]!.resource;
  expect(attributesOf(resource.attributes)).toEqual({
    "service.name": "glovebox",
    "service.version": "1.2.3",
  });
  const spans = got.flatMap(spansOf);
  const named = (name: string): SentSpan => spans.find((span) => span.name === name)!;
  expect(spans.map(({ name }) => name)).toEqual(["run", "execution", "POST /v1/execute"]);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(
    new Set(["0af7651916cd43dd8448eb211c80319c"]),
  );
  expect(named("POST /v1/execute").parentSpanId).toBe("b7ad6b7169203331");
  expect(named("execution").parentSpanId).toBe(named("POST /v1/execute").spanId);
  expect(named("run").parentSpanId).toBe(named("execution").spanId);
  expect(attributesOf(named("execution").attributes)).toEqual({
    language: "c",
    long: "x".repeat(256),
    outcome: "exited_zero",
    slots: 4,
  });
});

test("a failure is its code, not its message", async () => {
  const { endpoint, got } = await collector();
  const tracer = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  const failure = new GloveboxError("SANDBOX_FAILED", "secret", { provider: "p", step: "s" });
  const failing = tracer.span("prepare", {}, () => Promise.reject(failure));
  await expect(failing).rejects.toBe(failure);
  tracer.begin("run").end(new TypeError("secret"));
  await tracer.close();
  const spans = got.flatMap(spansOf);
  expect(spans.map(({ status }) => status)).toEqual([
    { code: 2, message: "SANDBOX_FAILED" },
    { code: 2, message: "TypeError" },
  ]);
  expect(JSON.stringify(got)).not.toContain("secret");
});

test("what the caller does not trace is not sent", async () => {
  const { endpoint, got } = await collector();
  const tracer = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  const parent = parseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
  const span = tracer.begin("request", { parent });
  expect(span.reference).toMatchObject({ traceId: parent!.traceId, isSampled: false });
  tracer.begin("child", { parent: span.reference }).end();
  span.end();
  await tracer.close();
  expect(got).toEqual([]);
});

test("a collector that does not answer holds up the stop for two seconds at most", async () => {
  const endpoint = await listen(createServer(() => undefined));
  const troubles: SeldomReport[] = [];
  const tracer = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, (trouble) =>
    troubles.push(trouble),
  );
  tracer.begin("request").end();
  const startedAt = performance.now();
  await tracer.close();
  await tracer.close();
  expect(performance.now() - startedAt).toBeLessThan(3500);
});

test("an operator is told that spans can't be sent", async () => {
  const endpoint = await listen(
    createServer((_request, response) => response.writeHead(401).end()),
  );
  const troubles: SeldomReport[] = [];
  const tracer = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, (trouble) =>
    troubles.push(trouble),
  );
  tracer.begin("request").end();
  await tracer.close();
  expect(troubles).toEqual([{ message: "Unauthorized", count: 1 }]);
});

const trace = "0af7651916cd43dd8448eb211c80319c";
const id = "b7ad6b7169203331";
test.each<[string | undefined, boolean | undefined]>([
  [`00-${trace}-${id}-01`, true],
  [`00-${trace}-${id}-00`, false],
  [`00-${trace}-${id}-03`, true],
  [`cc-${trace}-${id}-01-later`, true],
  [undefined, undefined],
  ["", undefined],
  [`00-${trace}-${id}-01-later`, undefined],
  [`ff-${trace}-${id}-01`, undefined],
  [`00-${"0".repeat(32)}-${id}-01`, undefined],
  [`00-${trace}-${"0".repeat(16)}-01`, undefined],
  [`00-${trace.toUpperCase()}-${id}-01`, undefined],
  [`00-${trace}-${id}`, undefined],
])("traceparent %s", (header, isSampled) => {
  const wanted = isSampled === undefined ? undefined : { traceId: trace, spanId: id, isSampled };
  expect(parseTraceparent(header)).toEqual(wanted);
});
