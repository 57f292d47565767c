/**
 * @module
 * Traces over OTLP/HTTP with JSON, to whatever takes OpenTelemetry's.
 */
import type * as Api from "@opentelemetry/api";
import type { Span as SdkSpan, SpanContext } from "@opentelemetry/api";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import { isGloveboxError } from "../core/errors.ts";
import { reportSeldom, type SeldomReport } from "./seldom.ts";
import { SAMPLED, type SpanReference } from "./traceparent.ts";
import { createTracer, noTracer, type Span, type Tracer } from "./tracer.ts";

export interface TracingTarget {
  /** Where spans are posted to, whole: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly serviceName: string;
}

export interface TracingOptions extends TracingTarget {
  readonly serviceVersion: string;
  /** Told when spans can't be sent, at most once a minute. They are dropped. */
  readonly onTrouble: (trouble: SeldomReport) => void;
}

/** An export that takes longer is given up, and so is the last one on close. */
const EXPORT_MS = 2000;
const MAX_WAITING_SPANS = 2048;
const MAX_ATTRIBUTES = 32;
const MAX_TEXT_CHARS = 256;

/**
 * What OpenTelemetry's standard variables say; undefined where they name no endpoint. The sampler's
 * variables are read by the SDK itself.
 */
export function tracingTarget(env: NodeJS.ProcessEnv): TracingTarget | undefined {
  const {
    OTEL_SDK_DISABLED: isDisabled,
    OTEL_EXPORTER_OTLP_ENDPOINT: base,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole,
    OTEL_EXPORTER_OTLP_HEADERS: headers = "",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: tracesHeaders = "",
    OTEL_SERVICE_NAME: name,
  } = env;
  const url = firstOf(whole) ?? (base ? `${base.replace(/\/$/, "")}/v1/traces` : undefined);
  if (url === undefined || isDisabled?.toLowerCase() === "true") return undefined;
  return {
    url,
    headers: { ...parseHeaders(headers), ...parseHeaders(tracesHeaders) },
    serviceName: firstOf(name) ?? "glovebox",
  };
}

/** In the environment, empty is absent. */
function firstOf(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** `name=value,other=value`, values percent-encoded; what has another form is left out. */
function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    if (at < 1 || name === "") return [];
    const decoded = /%(?![0-9a-f]{2})/i.test(value) ? value : percentDecoded(value);
    return decoded === undefined ? [] : [[name, decoded] as const];
  });
  return Object.fromEntries(pairs);
}

/** Undefined where the bytes are no UTF-8. */
function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** @returns A tracer that does nothing, and loads nothing, where there is no target. */
export async function startTracing(options: TracingOptions | undefined): Promise<Tracer> {
  if (options === undefined) return noTracer;
  const [api, sdk, otlp, resources] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace-base"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  const exporter = new otlp.OTLPTraceExporter({
    url: options.url,
    headers: { ...options.headers },
    timeoutMillis: EXPORT_MS,
  });
  const provider = new sdk.BasicTracerProvider({
    resource: resources.resourceFromAttributes({
      "service.name": options.serviceName,
      "service.version": options.serviceVersion,
    }),
    spanLimits: {
      attributeCountLimit: MAX_ATTRIBUTES,
      attributeValueLengthLimit: MAX_TEXT_CHARS,
    },
    spanProcessors: [
      new sdk.BatchSpanProcessor(telling(exporter, reportSeldom(options.onTrouble)), {
        maxQueueSize: MAX_WAITING_SPANS,
        exportTimeoutMillis: EXPORT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer("glovebox", options.serviceVersion);
  let closing: Promise<void> | undefined;
  return createTracer({
    begin: (name, { attributes = {}, parent, beganMsAgo = 0 } = {}) => {
      const context =
        parent === undefined
          ? api.ROOT_CONTEXT
          : api.trace.setSpanContext(api.ROOT_CONTEXT, toSdk(parent));
      return fromSdk(
        tracer.startSpan(name, { attributes, startTime: Date.now() - beganMsAgo }, context),
        api,
      );
    },
    close: () => (closing ??= within(EXPORT_MS, provider.shutdown())),
  });
}

function toSdk({ traceId, spanId, isSampled }: SpanReference): SpanContext {
  return { traceId, spanId, traceFlags: isSampled ? SAMPLED : 0, isRemote: true };
}

function fromSdk(span: SdkSpan, { SpanStatusCode }: typeof Api): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    reference: { traceId, spanId, isSampled: (traceFlags & SAMPLED) !== 0 },
    set: (attributes) => {
      span.setAttributes(attributes);
    },
    end: (failure) => {
      if (!span.isRecording()) return;
      // Messages may quote a request.
      if (failure !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: kindOf(failure) });
      }
      span.end();
    },
  };
}

function kindOf(failure: unknown): string {
  if (isGloveboxError(failure)) return failure.code;
  return failure instanceof Error ? failure.name : typeof failure;
}

/** The SDK keeps the failures of an exporter to itself. */
function telling(exporter: SpanExporter, onTrouble: (message: string) => void): SpanExporter {
  return {
    export: (spans: ReadableSpan[], done) => {
      exporter.export(spans, (result) => {
        if (result.error !== undefined) onTrouble(result.error.message);
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: async () => exporter.shutdown(),
  };
}

/** Waits for the end of `work`, not longer. How it ended was told already. */
async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
