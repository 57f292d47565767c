/**
 * @module
 * The shapes of the v1 API. What needs more than one field to judge is in `to-request.ts`.
 */
import { z } from "zod";
import { parseFilePath } from "../core/file-path.ts";
import { imageForm, isImageName } from "../core/image.ts";
import { fileModes } from "../config/permission-settings.ts";
import { enforcementModes, type ServerConfig } from "../config/server-config.ts";
import { controls, type Control } from "../core/enforcement.ts";
import { limitNames, limitTable, type LimitName } from "../core/limits.ts";
import { outcomeLimits } from "../core/outcome.ts";
import type { Encoding } from "../service/report-json.ts";
import { snakeCase } from "../util/snake-case.ts";
import { permissionReportSchema } from "./asks/subject-schema.ts";
import type { LimitField } from "./field-names.ts";

/** Elements of `args`, and of `env`. Their bytes have a bound of their own. */
export const MAX_ARGS = 1024;
export const MAX_ENV = 256;
const MAX_NAME_CHARS = 64;
const MAX_ARTIFACT_PATHS = 64;

const artifactPath = z.string().refine((path) => parseFilePath(path).ok, {
  error: "must be a relative path without empty, `.` or `..` parts",
});

const encodings = ["utf8", "base64"] as const satisfies readonly Encoding[];
const encodingSchema = z.enum(encodings);

/** The body of POST /v1/execute. Limits go up to what the operator allows. */
export function executeBodySchema(config: ServerConfig) {
  return z.strictObject({
    language: z.string().min(1).max(MAX_NAME_CHARS),
    version: z.string().min(1).max(MAX_NAME_CHARS).optional(),
    code: z.string().optional(),
    code_encoding: encodingSchema.optional(),
    files: z
      .array(
        z.strictObject({
          path: z.string(),
          content: z.string(),
          encoding: encodingSchema.optional(),
        }),
      )
      .min(1)
      .max(config.server.maxFiles)
      .optional(),
    entry: z.string().optional(),
    stdin: z.string().optional(),
    stdin_encoding: encodingSchema.optional(),
    args: z.array(z.string()).max(MAX_ARGS).optional(),
    env: z.record(z.string(), z.string()).optional(),
    limits: z.strictObject(limitFields(config)).optional(),
    compile_limits: z.strictObject(compileLimitFields(config)).optional(),
    compile_args: z.array(z.string()).max(MAX_ARGS).optional(),
    compile_cache: z.enum(["use", "off"]).optional(),
    artifacts: z.array(artifactPath).max(MAX_ARTIFACT_PATHS).optional(),
    network: z.enum(["none", "all", "ask"]).optional(),
    host_files: z.enum(["none", "ask"]).optional(),
    on_output_limit: z.enum(["truncate", "kill"]).optional(),
    enforcement: z.enum(enforcementModes).optional(),
    provider: z.string().min(1).max(MAX_NAME_CHARS).optional(),
    image: z
      .string()
      .refine(isImageName, { error: `must be ${imageForm}` })
      .optional(),
  });
}

export type ExecuteBody = z.output<ReturnType<typeof executeBodySchema>>;

function limitFields(config: ServerConfig): Record<LimitField, z.ZodOptional<z.ZodNumber>> {
  const rows = limitNames.map((name) => [snakeCase(name), limitField(name, config).optional()]);
  return Object.fromEntries(rows) as Record<LimitField, z.ZodOptional<z.ZodNumber>>;
}

function compileLimitFields({ compile }: ServerConfig) {
  const { wallTimeMs, cpuTimeMs } = limitTable;
  return {
    wall_time_ms: wholeNumber(wallTimeMs.min, compile.wallTimeMs).optional(),
    cpu_time_ms: wholeNumber(cpuTimeMs.min, compile.cpuTimeMs).optional(),
  };
}

function limitField(name: LimitName, config: ServerConfig): z.ZodNumber {
  return wholeNumber(limitTable[name].min, config.limits.max[name]);
}

function wholeNumber(min: number, max: number): z.ZodNumber {
  const error = `must be a whole number from ${min} to ${max}, the most that this server allows`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

const phaseSchema = z.strictObject({
  stdout: z.string(),
  stdout_encoding: encodingSchema,
  stderr: z.string(),
  stderr_encoding: encodingSchema,
  output: z.string(),
  output_encoding: encodingSchema,
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  outcome: z.enum(["exited", "signaled", ...outcomeLimits.map(snakeCase), "canceled"]),
  truncated: z.boolean(),
  usage: z.strictObject({
    wall_ms: z.number(),
    cpu_ms: z.number().optional(),
    peak_memory_bytes: z.number().optional(),
  }),
});

const controlNames = controls.map(snakeCase<Control>);
const levelSchema = z.enum(["enforced", "weaker", "missing"]);

const enforcementSchema = z.record(
  z.enum(controlNames),
  z.strictObject({ level: levelSchema, by: z.string(), note: z.string() }),
);

export const executeAnswerSchema = z.strictObject({
  id: z.string(),
  language: z.string(),
  version: z.string().nullable(),
  compile: phaseSchema.optional(),
  run: phaseSchema.nullable(),
  compile_cache: z.enum(["hit", "miss", "off"]).optional(),
  artifacts: z
    .strictObject({
      files: z.array(
        z.strictObject({
          path: z.string(),
          content: z.string(),
          encoding: encodingSchema,
          executable: z.boolean(),
        }),
      ),
      skipped: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
      truncated: z.boolean(),
      problem: z.string().optional(),
    })
    .optional(),
  enforcement: enforcementSchema,
  permissions: permissionReportSchema.optional(),
});

export const languagesAnswerSchema = z.strictObject({
  languages: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      aliases: z.array(z.string()),
      extensions: z.array(z.string()),
      highlight: z.string().nullable(),
      version: z.string().nullable(),
      installed: z.boolean(),
      runtimes: z.array(
        z.strictObject({ version: z.string().nullable(), image: z.string().nullable() }),
      ),
    }),
  ),
});

const limitsSchema = z.record(z.enum(limitNames.map(snakeCase<LimitName>)), z.number());

export const infoAnswerSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  provider: z.strictObject({
    name: z.string(),
    available: z.boolean(),
    reason: z.string(),
  }),
  providers: z.array(
    z.strictObject({
      name: z.string(),
      available: z.boolean(),
      reason: z.string(),
      facts: z.array(z.strictObject({ name: z.string(), text: z.string() })),
    }),
  ),
  images: z.strictObject({ allowed: z.array(z.string()) }),
  limits: z.strictObject({ default: limitsSchema, max: limitsSchema }),
  network: z.strictObject({ allowed: z.array(z.string()) }),
  permissions: z.strictObject({
    files: z.enum(fileModes),
    ask_timeout_ms: z.number(),
    always: z.boolean(),
  }),
  enforcement: enforcementSchema,
});

export const healthAnswerSchema = z.strictObject({
  status: z.string(),
  service: z.string(),
  version: z.string(),
  name: z.string(),
});
