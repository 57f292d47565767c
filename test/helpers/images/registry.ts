/**
 * @module
 * A registry on this machine's loopback that serves OCI layouts: OCI distribution-spec, pull only.
 */
import { createReadStream, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface LayoutRegistry {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Resolves once a blob was asked for, when `stall` was called before; with what its connection ends by. */
  stall(): Promise<{ readonly closed: Promise<void> }>;
  stop(): void;
}

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly mediaType: string }[];
}

/** @param layout Every name that has `tool` in it, with the tag 1, is its image; others are unknown. */
export async function serveLayout(layout: string): Promise<LayoutRegistry> {
  let onBlob: ((answer: ServerResponse) => void) | undefined;
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as Index;
  const manifest = index.manifests[0]!;
  const blob = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));
  const server = createServer((request, answer) => {
    const url = request.url ?? "";
    if (url === "/v2/") {
      answer.end("{}");
    } else if (/^\/v2\/[a-z/]*tool\/manifests\/(1|sha256:[0-9a-f]+)$/.test(url)) {
      answer.setHeader("content-type", manifest.mediaType);
      answer.end(readFileSync(blob(manifest.digest)));
    } else if (/^\/v2\/[a-z/]*tool\/blobs\/sha256:[0-9a-f]+$/.test(url)) {
      if (onBlob === undefined) createReadStream(blob(url.split("/").at(-1)!)).pipe(answer);
      else onBlob(answer);
    } else {
      answer.statusCode = 404;
      answer.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stall: () =>
      new Promise((resolve) => {
        onBlob = (answer) => {
          const closed = new Promise<void>((done) => answer.on("close", done));
          resolve({ closed });
        };
      }),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
