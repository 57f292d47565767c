/**
 * @module
 * From a tar to an OCI layout with one image of one layer: image-layout.md, manifest.md and config.md of
 * the OCI image-spec.
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

const types = "application/vnd.oci.image";
/** Of the one image in the layout. */
export const imageTag = "image";

/** As Go names them. */
const architecture = { x64: "amd64", arm64: "arm64", ia32: "386" }[process.arch as string];

/** Those of Debian for an ordinary user. */
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * @param folder Is not there yet.
 * @param tar Of a root file system; read to its end.
 */
export async function writeLayout(folder: string, tar: Readable): Promise<void> {
  const blobs = join(folder, "blobs/sha256");
  await mkdir(blobs, { recursive: true });
  const part = join(blobs, "part");
  const unpacked = meter();
  const packed = meter();
  // It is read once and then goes: fast matters more than small.
  const gzip = createGzip({ level: 1 });
  await pipeline(tar, unpacked.pass, gzip, packed.pass, createWriteStream(part));
  const layer = packed.descriptor();
  await rename(part, join(blobs, hexOf(layer.digest)));

  const put = async (value: unknown): Promise<Descriptor> => {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    await writeFile(join(blobs, hexOf(digest)), bytes);
    return { digest, size: bytes.length };
  };
  const config = await put({
    architecture: architecture ?? process.arch,
    os: "linux",
    config: { Env: [path] },
    rootfs: { type: "layers", diff_ids: [unpacked.descriptor().digest] },
  });
  const manifest = await put({
    schemaVersion: 2,
    mediaType: `${types}.manifest.v1+json`,
    config: { mediaType: `${types}.config.v1+json`, ...config },
    layers: [{ mediaType: `${types}.layer.v1.tar+gzip`, ...layer }],
  });
  const annotations = { "org.opencontainers.image.ref.name": imageTag };
  const index = { mediaType: `${types}.manifest.v1+json`, ...manifest, annotations };
  const text = JSON.stringify({ schemaVersion: 2, manifests: [index] });
  await writeFile(join(folder, "index.json"), text);
  await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}

interface Descriptor {
  /** `sha256:…` */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
}

interface Meter {
  readonly pass: (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;
  /** Of all that passed; once, at the end. */
  readonly descriptor: () => Descriptor;
}

/** Counts and hashes what passes. */
function meter(): Meter {
  const hash = createHash("sha256");
  let size = 0;
  return {
    pass: async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    descriptor: (): Descriptor => {
      return { digest: `sha256:${hash.digest("hex")}`, size };
    },
  };
}

const hexOf = (digest: string): string => digest.slice("sha256:".length);
