/**
 * @module
 * What one source of configuration may say: the file, the environment and the command line have the
 * same fields, and each may leave any of them out.
 */
import { isIP } from "node:net";
import { isAbsolute } from "node:path";
import { z } from "zod";
import { imageForm, isImageName, pullPolicies } from "../core/image.ts";
import { limitNames, limitTable, type LimitName } from "../core/limits.ts";
import { duration, list, listOf, size, text, trueOrFalse, wholeNumber } from "./fields.ts";
import { imagePatternForm, isDockerHost, isImagePattern, isOciRuntime } from "./image-name.ts";
import { fileModes } from "./permission-settings.ts";
import {
  authModes,
  enforcementModes,
  forkModes,
  logLevels,
  maxArtifactBytes,
  maxArtifactFiles,
  maxPoolSize,
  networkModes,
  prepareModes,
  providerNames,
  requestableProviders,
  wireNames,
} from "./server-config.ts";

const HOUR = 3_600_000;
const MIB = 2 ** 20;
const MAX_ALLOWED_IMAGES = 1024;
const MAX_ORIGINS = 256;
const MAX_PROXIES = 64;
const MAX_RULES = 1024;
const MAX_RULE_CHARS = 4096;

/** A limit's name for people: the unit is in the value, `memory: 256MiB`. */
export type LimitWord<Name extends LimitName = LimitName> =
  Name extends `${infer Word}${"Ms" | "Bytes"}` ? Word : Name;

export function limitWord(name: LimitName): LimitWord {
  return name.replace(/(Ms|Bytes)$/, "") as LimitWord;
}

const limitFields = Object.fromEntries(
  limitNames.map((name) => [limitWord(name), limitField(name).optional()]),
) as Record<LimitWord, z.ZodOptional<z.ZodType<number>>>;

function limitField(name: LimitName): z.ZodType<number> {
  if (name.endsWith("Ms")) return duration(limitTable[name]);
  return name.endsWith("Bytes") ? size(limitTable[name]) : wholeNumber(limitTable[name]);
}

const oneOf = <const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodOptional<z.ZodEnum<z.core.util.ToEnum<Words[number]>>> =>
  z.enum(words, { error: `must be one of ${words.join(", ")}` }).optional();

export const configSourceSchema = z.strictObject({
  server: z
    .strictObject({
      host: z
        .string()
        .regex(/^[A-Za-z0-9.:_-]{1,253}$/, { error: "must be a host name or an IP address" })
        .optional(),
      port: wholeNumber({ min: 0, max: 65_535 }).optional(),
      bodyLimit: size({ min: 1024, max: 1024 * MIB }).optional(),
      bodyBudget: size({ min: 1024, max: 1024 * 1024 * MIB }).optional(),
      insecureNoAuth: trueOrFalse().optional(),
      maxFiles: wholeNumber({ min: 1, max: 10_000 }).optional(),
      requestTimeout: duration({ min: 100, max: HOUR }).optional(),
      shutdownGrace: duration({ min: 0, max: HOUR }).optional(),
      auth: oneOf(authModes),
      corsOrigins: list({
        min: 0,
        max: MAX_ORIGINS,
        form: `a list of at most ${MAX_ORIGINS} origins like https://example.org, or *`,
        isItem: isOrigin,
      }).optional(),
      trustedProxies: list({
        min: 0,
        max: MAX_PROXIES,
        form: `a list of at most ${MAX_PROXIES} addresses or networks like 127.0.0.1, 10.0.0.0/8`,
        isItem: isNetwork,
      }).optional(),
    })
    .optional(),
  provider: oneOf(providerNames),
  allowedProviders: listOf(requestableProviders, { min: 0 }).optional(),
  docker: z
    .strictObject({
      host: text(
        "an address like unix:///run/docker.sock or tcp://127.0.0.1:2376",
        isDockerHost,
      ).optional(),
      ociRuntime: text("the name of an OCI runtime, like runc or runsc", isOciRuntime).optional(),
      image: text(imageForm, isImageName).optional(),
      pullPolicy: oneOf(pullPolicies),
      poolSize: wholeNumber({ min: 0, max: maxPoolSize }).optional(),
    })
    .optional(),
  images: z
    .strictObject({
      allowed: list({
        min: 0,
        max: MAX_ALLOWED_IMAGES,
        form: `a list of at most ${MAX_ALLOWED_IMAGES} images: ${imagePatternForm}`,
        isItem: isImagePattern,
      }).optional(),
    })
    .optional(),
  allowUnsafeProcess: trueOrFalse().optional(),
  enforcement: oneOf(enforcementModes),
  concurrency: wholeNumber({ min: 1, max: 4096 }).optional(),
  memory: size({ min: 4 * MIB, max: 1024 * 1024 * MIB }).optional(),
  maxQueued: wholeNumber({ min: 0, max: 100_000 }).optional(),
  queueTimeout: duration({ min: 10, max: 24 * HOUR }).optional(),
  executions: z
    .strictObject({
      maxPending: wholeNumber({ min: 0, max: 1_000_000 }).optional(),
      queueTimeout: duration({ min: 10, max: 7 * 24 * HOUR }).optional(),
      maxBatch: wholeNumber({ min: 1, max: 10_000 }).optional(),
    })
    .optional(),
  storage: z
    .strictObject({
      folder: text("an absolute path", isAbsolute).optional(),
      maxAge: duration({ min: 1000, max: 365 * 24 * HOUR }).optional(),
      maxSize: size({ min: MIB, max: 1024 * 1024 * MIB }).optional(),
    })
    .optional(),
  callbacks: z
    .strictObject({
      allowPrivate: trueOrFalse().optional(),
      timeout: duration({ min: 100, max: 60_000 }).optional(),
      maxAttempts: wholeNumber({ min: 1, max: 20 }).optional(),
    })
    .optional(),
  audit: z
    .strictObject({ file: text("an absolute path, or stderr", isAuditFile).optional() })
    .optional(),
  tracing: z
    .strictObject({
      endpoint: text("an address like http://127.0.0.1:4318", isHttpAddress).optional(),
    })
    .optional(),
  wires: z
    .strictObject({
      enabled: listOf(wireNames, { min: 0 }).optional(),
      judge0Port: wholeNumber({ min: 0, max: 65_535 }).optional(),
      pistonPort: wholeNumber({ min: 0, max: 65_535 }).optional(),
      pistonRunTime: duration(limitTable.wallTimeMs).optional(),
      pistonCompileTime: duration(limitTable.wallTimeMs).optional(),
    })
    .optional(),
  limits: z
    .strictObject({
      default: z.strictObject(limitFields).optional(),
      max: z.strictObject(limitFields).optional(),
    })
    .optional(),
  compile: z
    .strictObject({
      wallTime: duration(limitTable.wallTimeMs).optional(),
      cpuTime: duration(limitTable.cpuTimeMs).optional(),
    })
    .optional(),
  compileCache: z
    .strictObject({
      folder: text("an absolute path", isAbsolute).optional(),
      size: size({ min: 0, max: 1024 * 1024 * MIB }).optional(),
    })
    .optional(),
  pools: z
    .strictObject({
      size: wholeNumber({ min: 0, max: maxPoolSize }).optional(),
      memory: size({ min: 0, max: 1024 * 1024 * MIB }).optional(),
      fork: oneOf(forkModes),
    })
    .optional(),
  prepare: oneOf(prepareModes),
  artifacts: z
    .strictObject({
      files: wholeNumber({ min: 0, max: maxArtifactFiles }).optional(),
      size: size({ min: 0, max: maxArtifactBytes }).optional(),
    })
    .optional(),
  network: z.strictObject({ allowed: listOf(networkModes, { min: 1 }).optional() }).optional(),
  permissions: z
    .strictObject({
      files: oneOf(fileModes),
      askTimeout: duration({ min: 100, max: HOUR }).optional(),
      allow: ruleTexts().optional(),
      deny: ruleTexts().optional(),
      always: trueOrFalse().optional(),
    })
    .optional(),
  shares: z
    .strictObject({
      enabled: trueOrFalse().optional(),
      maxSize: size({ min: 1024, max: 16 * MIB }).optional(),
      maxTotal: size({ min: 0, max: 1024 * 1024 * MIB }).optional(),
      maxAge: duration({ min: 1000, max: 100 * 365 * 24 * HOUR }).optional(),
      perHour: wholeNumber({ min: 0, max: 1_000_000 }).optional(),
    })
    .optional(),
  logLevel: oneOf(logLevels),
});

/** Looked at as rules when the server starts: they are about its user's files. */
function ruleTexts(): z.ZodType<readonly string[]> {
  return list({
    min: 0,
    max: MAX_RULES,
    form: `a list of at most ${MAX_RULES} rules like net api.github.com:443, read ~/.aws/`,
    isItem: (item): item is string => typeof item === "string" && item.length <= MAX_RULE_CHARS,
  });
}

/** As browsers write it: scheme, host and port, nothing behind. */
function isOrigin(value: unknown): value is string {
  if (value === "*") return true;
  return typeof value === "string" && URL.canParse(value) && new URL(value).origin === value;
}

function isAuditFile(value: string): boolean {
  return isAbsolute(value) || value === "stderr";
}

/** `10.0.0.0/8`, `::1`. */
function isNetwork(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const [address = "", bits, ...rest] = value.split("/");
  const most = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

function isHttpAddress(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

/** One source after parsing. */
export type ConfigSource = z.output<typeof configSourceSchema>;
