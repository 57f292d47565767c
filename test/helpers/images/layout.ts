/**
 * @module
 * OCI layouts made by hand, also such as no tool would make: image-layout.md of the OCI image-spec.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** One header of a tar, with what follows it. */
export interface TarMember {
  /** Bytes as latin1. */
  readonly path: string;
  /** ustar's letter. Default: `0`, a file. */
  readonly type?: string;
  readonly content?: string | Buffer;
  readonly target?: string;
  readonly mode?: number;
  /** What the header says, where it is not the length of `content`. */
  readonly size?: number;
}

export const folder = (path: string, mode = 0o755): TarMember => ({ path, type: "5", mode });
export const file = (path: string, content: string | Buffer = "", mode = 0o644): TarMember => {
  return { path, content, mode };
};
export const symlink = (path: string, target: string): TarMember => ({ path, type: "2", target });
export const hardlink = (path: string, target: string): TarMember => ({ path, type: "1", target });
export const device = (path: string, type = "3"): TarMember => ({ path, type });

/** A tar with its end. */
export function tarOf(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.map(memberBytes), Buffer.alloc(1024)]);
}

function memberBytes({ path, type = "0", content = "", target = "", ...more }: TarMember): Buffer {
  const body = Buffer.from(content as string);
  const header = Buffer.alloc(512);
  const name = Buffer.from(path, "latin1");
  if (name.length > 100 || target.length > 100) {
    // As GNU writes names that don't fit.
    const long = (letter: string, text: string): Buffer[] =>
      text.length > 100
        ? [
            memberBytes({
              path: "././@LongLink",
              type: letter,
              content: Buffer.from(`${text}\0`, "latin1"),
            }),
          ]
        : [];
    const short = {
      type,
      content,
      ...more,
      path: path.slice(0, 100),
      target: target.slice(0, 100),
    };
    return Buffer.concat([...long("L", path), ...long("K", target), memberBytes(short)]);
  }
  const octal = (value: number, at: number, length: number): void => {
    header.write(value.toString(8).padStart(length - 1, "0"), at, "latin1");
  };
  name.copy(header);
  octal(more.mode ?? 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(more.size ?? body.length, 124, 12);
  octal(1_700_000_000, 136, 12);
  header.write("        ", 148, "latin1");
  header.write(type, 156, "latin1");
  header.write(target, 157, "latin1");
  header.write("ustar\0" + "00", 257, "latin1");
  octal(1, 329, 8);
  octal(3, 337, 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return Buffer.concat([header, body, padding]);
}

export interface LayoutOptions {
  /** Tars, packed by gzip or not, the lowest first. */
  readonly layers: readonly Buffer[];
  readonly env?: readonly string[];
  /** What else it says of its program: `Entrypoint`, `Labels`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly architecture?: string;
  /** Instead of the whole configuration. */
  readonly config?: unknown;
  /** Writes other bytes for the last layer than its digest says. */
  readonly isBroken?: boolean;
}

/** Writes a layout with one image, `image`. @returns Its name for `--from`. */
export function writeLayout(path: string, options: LayoutOptions): string {
  const blobs = join(path, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (bytes: Buffer): { digest: string; size: number } => {
    const digest = sha256(bytes);
    writeFileSync(join(blobs, digest.slice("sha256:".length)), bytes);
    return { digest, size: bytes.length };
  };
  const type = "application/vnd.oci.image";
  const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
  const layers = options.layers.map((bytes) => {
    return { mediaType: `${type}.layer.v1.tar${isGzip(bytes) ? "+gzip" : ""}`, ...put(bytes) };
  });
  const config = options.config ?? {
    architecture: options.architecture ?? (process.arch === "x64" ? "amd64" : process.arch),
    os: "linux",
    config: { Env: options.env ?? [], ...options.settings },
    rootfs: {
      type: "layers",
      diff_ids: options.layers.map((bytes) => sha256(isGzip(bytes) ? gunzipSync(bytes) : bytes)),
    },
  };
  const putJson = (value: unknown) => put(Buffer.from(JSON.stringify(value)));
  const manifest = putJson({
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: { mediaType: `${type}.config.v1+json`, ...putJson(config) },
    layers,
  });
  const annotations = { "org.opencontainers.image.ref.name": "image" };
  const index = { mediaType: `${type}.manifest.v1+json`, ...manifest, annotations };
  writeFileSync(join(path, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [index] }));
  writeFileSync(join(path, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const last = layers.at(-1)?.digest.slice("sha256:".length) ?? "";
  if (options.isBroken === true) writeFileSync(join(blobs, last), Buffer.from("something else"));
  return `oci:${path}:image`;
}

const sha256 = (bytes: Buffer): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
