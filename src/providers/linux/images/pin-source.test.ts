import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tarOf, writeLayout } from "../../../../test/helpers/images/layout.ts";
import { imagesGap } from "../../../../test/helpers/images/programs.ts";
import { skipUnless } from "../../../../test/helpers/require.ts";
import { readLayout } from "./layout.ts";
import { ownArchitecture } from "./manifest.ts";
import { localSource, registrySource } from "./reference.ts";
import { fetchImage } from "./skopeo.ts";

const skipReason = skipUnless("images", imagesGap());
const ociType = "application/vnd.oci.image";
const manifestType = `${ociType}.manifest.v1+json`;

interface Descriptor {
  readonly digest: string;
  readonly urls?: readonly string[];
}
interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

describe.skipIf(skipReason !== undefined)(`what skopeo copies ${skipReason ?? ""}`, () => {
  let base: string;
  let layout: string;
  let server: Server;
  let address: string;
  /** What the server was asked. */
  let asked: string[];
  /** What it says about the manifest of a tag, each time. */
  let manifests: (() => Buffer)[];
  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), "glovebox-pin-test-"));
    layout = join(base, "layout");
    mkdirSync(join(base, "temporary"));
    writeLayout(layout, { layers: [gzipSync(tarOf([]))] });
    asked = [];
    manifests = [];
    server = createServer((request, answer) => {
      const url = request.url ?? "";
      asked.push(url);
      const blob = /sha256:[0-9a-f]{64}$/.exec(url)?.[0];
      if (url.endsWith("/manifests/1")) {
        const raw = (manifests.length > 1 ? manifests.shift() : manifests[0])?.();
        answer.setHeader("content-type", typeOf(raw ?? Buffer.from("{}")));
        answer.end(raw);
      } else if (blob !== undefined) {
        const raw = readFileSync(blobFile(blob));
        if (url.includes("/manifests/")) answer.setHeader("content-type", typeOf(raw));
        answer.end(raw);
      } else answer.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    rmSync(base, { recursive: true, force: true });
  });

  const typeOf = (raw: Buffer): string =>
    raw.includes('"manifests"') ? `${ociType}.index.v1+json` : manifestType;
  const blobFile = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));
  const put = (text: string): Descriptor & { readonly size: number } => {
    const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    writeFileSync(blobFile(digest), text);
    return { digest, size: text.length };
  };
  const index = (): { manifests: Descriptor[] } =>
    JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as { manifests: Descriptor[] };
  const manifest = (): Buffer => readFileSync(blobFile(index().manifests[0]!.digest));
  /** Puts another manifest, or a list of some, where the image's is. */
  const replace = (text: string, mediaType = manifestType): void => {
    const whole = index();
    whole.manifests[0] = { ...whole.manifests[0], mediaType, ...put(text) } as Descriptor;
    writeFileSync(join(layout, "index.json"), JSON.stringify(whole));
  };
  /** The manifest, with an address for its configuration, whose blob is taken away. */
  const withAddress = (): string => {
    const { config, layers, ...rest } = JSON.parse(manifest().toString()) as Manifest;
    const urls = [`http://${address}/secret`];
    return JSON.stringify({ ...rest, config: { ...config, urls }, layers });
  };
  const listOf = (digest: string, size: number): string => {
    const platform = { architecture: ownArchitecture, os: "linux" };
    const foreign = { architecture: "s390x", os: "linux" };
    const other = { mediaType: manifestType, ...put('{"of":"another"}'), platform: foreign };
    const own = { mediaType: manifestType, digest, size, platform };
    return JSON.stringify({ schemaVersion: 2, manifests: [other, own] });
  };
  const archive = (): string => {
    execFileSync("tar", ["-C", layout, "-cf", join(base, "archive.tar"), "."]);
    return join(base, "archive.tar");
  };

  const fetch = async (source: readonly string[]): Promise<string> => {
    const to = join(base, "fetched");
    const env = { ...process.env, HOME: base, XDG_DATA_HOME: base };
    const temporary = join(base, "temporary");
    const wanted = { name: "tool:1", source, layout: to, temporary, env };
    await fetchImage(wanted, () => undefined, new AbortController().signal);
    return (await readLayout(to)).id;
  };
  const remote = (): readonly string[] => registrySource(`${address}/tool:1`);
  const addressesRefused = /names addresses of its own/;

  test.each<[string, () => readonly string[]]>([
    ["a layout", () => localSource(`oci:${layout}:image`)],
    ["a layout's only image", () => localSource(`oci:${layout}`)],
    ["an archive", () => localSource(`oci-archive:${archive()}:image`)],
    [
      "an archive that is packed",
      () => {
        writeFileSync(join(base, "archive.tgz"), gzipSync(readFileSync(archive())));
        return localSource(`oci-archive:${join(base, "archive.tgz")}`);
      },
    ],
    [
      "a registry",
      () => {
        manifests = [manifest];
        return remote();
      },
    ],
  ])("%s: an image is fetched, but none with addresses of its own", async (_where, source) => {
    const { digest } = index().manifests[0]!;
    expect(await fetch(source())).toBe(digest);
    rmSync(join(base, "fetched"), { recursive: true });
    replace(withAddress());
    await expect(fetch(source())).rejects.toThrow(addressesRefused);
    expect(asked).not.toContain("/secret");
  });

  test.each<[string, () => readonly string[]]>([
    ["a layout", () => localSource(`oci:${layout}:image`)],
    ["an archive", () => localSource(`oci-archive:${archive()}:image`)],
    [
      "a registry",
      () => {
        manifests = [manifest];
        return remote();
      },
    ],
  ])("%s: of a list the image for this machine is looked at", async (_where, source) => {
    const { digest } = index().manifests[0]!;
    const hostile = put(withAddress());
    replace(listOf(digest, manifest().length), `${ociType}.index.v1+json`);
    expect(await fetch(source())).toBe(digest);
    rmSync(join(base, "fetched"), { recursive: true });
    replace(listOf(hostile.digest, hostile.size), `${ociType}.index.v1+json`);
    await expect(fetch(source())).rejects.toThrow(addressesRefused);
    expect(asked).not.toContain("/secret");
  });

  test("a registry that says something else the second time is not asked by tag again", async () => {
    const honest = manifest();
    const hostile = Buffer.from(withAddress());
    manifests = [() => honest, () => hostile];
    expect(await fetch(remote())).toBe(index().manifests[0]!.digest);
    expect(asked.filter((url) => url.endsWith("/manifests/1"))).toHaveLength(1);
    expect(asked).not.toContain("/secret");
  });

  test("what a digest names is that and nothing else", async () => {
    const { digest } = index().manifests[0]!;
    expect(await fetch(registrySource(`${address}/tool:1@${digest}`))).toBe(digest);
    writeFileSync(blobFile(digest), `${manifest().toString()} `);
    await expect(fetch(registrySource(`${address}/tool@${digest}`))).rejects.toThrow(
      `its manifest is not ${digest}`,
    );
  });

  test.each<[string, () => string, RegExp]>([
    ["another tag", () => `oci:${layout}:other`, /has no image called "other"/],
    ["no index", () => `oci:${base}`, /no such file.*Check what --from names/],
    [
      "a manifest that is another one",
      () => {
        writeFileSync(blobFile(index().manifests[0]!.digest), "{}");
        return `oci:${layout}`;
      },
      /its manifest is not sha256:/,
    ],
    [
      "a digest that is a path",
      () => {
        writeFileSync(join(layout, "index.json"), '{"manifests":[{"digest":"sha256:../../x"}]}');
        return `oci:${layout}`;
      },
      /digest is of an unknown kind/,
    ],
    [
      "two images and no tag",
      () => {
        const { manifests: all } = index();
        writeFileSync(join(layout, "index.json"), JSON.stringify({ manifests: [...all, ...all] }));
        return `oci:${layout}`;
      },
      /more than one image/,
    ],
    ["an archive that is none", () => `oci-archive:${join(layout, "index.json")}`, /no tar|middle/],
  ])("--from with %s is refused", async (_what, source, message) => {
    await expect(fetch(localSource(source()))).rejects.toThrow(message);
  });
});
