/**
 * @module
 * Reads what an image says about itself, from the OCI layout that skopeo wrote: OCI image-spec,
 * image-layout.md, manifest.md, config.md. All of it is a stranger's, behind checked digests.
 */
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import type { ImageDescription } from "../../../core/image.ts";
import { showText } from "../../../util/show-value.ts";

/** A manifest of 127 layers has 20 kB, a config of a long history 100 kB; registries take 4 MiB. */
const MAX_JSON_BYTES = 4 * 1024 * 1024;
const MAX_LAYERS = 1000;
/** What the kernel takes for one variable, MAX_ARG_STRLEN, and for all: execve(2). */
const MAX_VARIABLE_CHARS = 128 * 1024 - 1;
const MAX_VARIABLES = 1000;
const MAX_ENV_CHARS = 1024 * 1024;

const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/));
const descriptor = z.object({ mediaType: z.string(), digest });

const indexSchema = z.object({ manifests: z.array(descriptor).check(z.length(1)) });

const manifestSchema = z.object({
  config: descriptor,
  layers: z.array(descriptor).check(z.maxLength(MAX_LAYERS)),
});

const configSchema = z.object({
  architecture: z.string(),
  os: z.string(),
  config: z.nullish(
    z.object({
      Env: z.nullish(z.array(z.string()).check(z.maxLength(MAX_VARIABLES))),
      Entrypoint: z.nullish(z.array(z.string())),
      Cmd: z.nullish(z.array(z.string())),
      Labels: z.nullish(z.record(z.string(), z.string())),
    }),
  ),
});

/** A tar, as it is or packed by gzip; docker's names for them are replaced by skopeo. */
const layerTypes: Readonly<Record<string, { readonly isGzip: boolean }>> = {
  "application/vnd.oci.image.layer.v1.tar": { isGzip: false },
  "application/vnd.oci.image.layer.v1.tar+gzip": { isGzip: true },
};

export interface ImageLayout {
  /** Of the manifest: `sha256:…`. */
  readonly id: string;
  /** Of the layers, the lowest first; `file` is relative to the layout. */
  readonly layers: readonly { readonly file: string; readonly isGzip: boolean }[];
  readonly env: Readonly<Record<string, string>>;
  readonly description: ImageDescription;
  /** As Go names them: `amd64`, `linux`. */
  readonly architecture: string;
  readonly os: string;
}

/** @throws {Error} For what is no image that can be unpacked here. */
export async function readLayout(folder: string): Promise<ImageLayout> {
  const index = indexSchema.parse(await readJson(join(folder, "index.json")));
  const [{ digest: id } = { digest: "" }] = index.manifests;
  const manifest = manifestSchema.parse(await readJson(join(folder, blobFile(id))));
  const config = configSchema.parse(await readJson(join(folder, blobFile(manifest.config.digest))));
  return {
    id,
    layers: manifest.layers.map((layer) => {
      const type = layerTypes[layer.mediaType];
      if (type === undefined)
        throw new Error(`a layer is of the type ${showText(layer.mediaType)}`);
      return { file: blobFile(layer.digest), ...type };
    }),
    env: variables(config.config?.Env ?? []),
    description: {
      command: [...(config.config?.Entrypoint ?? []), ...(config.config?.Cmd ?? [])],
      labels: config.config?.Labels ?? {},
    },
    architecture: config.architecture,
    os: config.os,
  };
}

const blobFile = (of: string): string => `blobs/${of.replace(":", "/")}`;

async function readJson(path: string): Promise<unknown> {
  const status = await lstat(path);
  if (!status.isFile() || status.size > MAX_JSON_BYTES)
    throw new Error("its description is too large");
  return JSON.parse(await readFile(path, "utf8"));
}

function variables(env: readonly string[]): Record<string, string> {
  const total = env.reduce((sum, variable) => sum + variable.length, 0);
  const isWrong = (variable: string): boolean =>
    !/^[^=\0]+=[^\0]*$/.test(variable) || variable.length > MAX_VARIABLE_CHARS;
  if (total > MAX_ENV_CHARS || env.some(isWrong)) throw new Error("its variables can't be set");
  return Object.fromEntries(
    env.map((variable) => {
      const equals = variable.indexOf("=");
      return [variable.slice(0, equals), variable.slice(equals + 1)];
    }),
  );
}
