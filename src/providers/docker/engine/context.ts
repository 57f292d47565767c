/**
 * @module
 * Docker's contexts: named addresses that `docker context` keeps in its config folder.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
// The small one: this is part of the CLI's quick bundle.
import * as z from "zod/mini";
import { invalidFile, readFile, readIfThere, type TlsFiles } from "./tls-files.ts";

export interface DockerContext {
  readonly host: string;
  /** For messages: who says so. */
  readonly origin: string;
  readonly hasTls: boolean;
  readonly files: TlsFiles;
  readonly isVerified: boolean;
}

/** The files are docker's, and have more keys than those that we need. */
const configSchema = z.object({ currentContext: z.optional(z.string()) });
const metaSchema = z.object({
  Endpoints: z.object({
    docker: z.object({
      Host: z.string().check(z.minLength(1)),
      SkipTLSVerify: z.optional(z.boolean()),
    }),
  }),
});

/**
 * The context called `name`, or else docker's current one. Undefined for the one called `default`,
 * which is what docker uses without contexts.
 *
 * @throws {GloveboxError} `INVALID_CONFIG` where the context does not exist or can't be read.
 */
export function findContext(
  name: string | undefined,
  configFolder: string,
): DockerContext | undefined {
  const configPath = join(configFolder, "config.json");
  const chosen = name || readJson(configPath, configSchema)?.currentContext;
  if (!chosen || chosen === "default") return undefined;
  // Docker names the folder so that any context name is a file name.
  const folder = createHash("sha256").update(chosen).digest("hex");
  const metaPath = join(configFolder, "contexts/meta", folder, "meta.json");
  const meta = readJson(metaPath, metaSchema);
  if (meta === undefined) {
    throw invalidFile(
      name ? "DOCKER_CONTEXT" : configPath,
      `there is no context \`${chosen}\`. \`docker context ls\` lists them; \`docker context use default\` leaves it`,
    );
  }
  const { Host: host, SkipTLSVerify: skipsVerify = false } = meta.Endpoints.docker;
  const files = readIfThere(join(configFolder, "contexts/tls", folder, "docker"));
  return {
    host,
    origin: `the address in docker's context \`${chosen}\``,
    hasTls: skipsVerify || Object.keys(files).length > 0,
    files,
    isVerified: !skipsVerify,
  };
}

function readJson<T>(path: string, schema: z.ZodMiniType<T>): T | undefined {
  const bytes = readFile(path);
  if (bytes === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (error) {
    throw invalidFile(path, "is not JSON. Mend it, or set DOCKER_HOST", error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".") ?? "";
  throw invalidFile(
    path,
    `\`${where}\` is missing or of a wrong type. Mend it, or set DOCKER_HOST`,
  );
}
