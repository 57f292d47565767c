/**
 * @module
 * What a user wants of every run: `run.yaml`. To be loaded by those who need it: the parser is large.
 */
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { invalidRequest } from "../../core/errors.ts";
import { readBoundedFile } from "../../util/read-bounded-file.ts";
import { parseWith } from "../../util/zod-issues.ts";

const schema = z.strictObject({
  /** Files of plugins; relative ones lie beside this file. */
  plugins: z.array(z.string().min(1)).default([]),
});

const MAX_BYTES = 64 * 1024;

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function readRunConfig(file: string): z.output<typeof schema> {
  const parsed = parseWith(schema, readYaml(file), "the file");
  if (!parsed.ok) {
    const [{ path, message } = { path: "", message: "" }] = parsed.issues;
    throw invalidRequest(`${file}: ${path}`, `${message}.`);
  }
  return { plugins: parsed.value.plugins.map((each) => resolve(dirname(file), each)) };
}

function readYaml(file: string): unknown {
  try {
    return parse(readBoundedFile(file, MAX_BYTES), { schema: "core" }) ?? {};
  } catch (error) {
    throw invalidRequest(file, `can't be read: ${(error as Error).message}.`);
  }
}
