/**
 * @module
 * A registry on this machine's loopback: a static simple index of Python (PEP 503), a GOPROXY, npm's
 * protocol as far as an installation uses it, and static files for those that are no more than that.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { integrityOf, type GoModule, type NpmPackage } from "./packages.ts";

export interface PackageRegistry {
  /** `http://127.0.0.1:PORT/simple/` */
  readonly pip: string;
  /** `http://127.0.0.1:PORT/npm/` */
  readonly npm: string;
  /** `http://127.0.0.1:PORT/go/` */
  readonly go: string;
  /** `http://127.0.0.1:PORT/` */
  readonly base: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  /** From now on: answers nothing at all, or what is no answer. */
  readonly become: (mood: "silent" | "garbage" | "well") => void;
  readonly stop: () => void;
}

interface Offered {
  /** Of Python: file names and their bytes, by project. */
  readonly python?: Readonly<Record<string, Readonly<Record<string, Buffer>>>>;
  readonly npm?: readonly NpmPackage[];
  readonly go?: readonly GoModule[];
  /** By paths. `{base}` in a text is where the registry is. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

export async function servePackages({
  python = {},
  npm = [],
  go = [],
  files: others = {},
}: Offered): Promise<PackageRegistry> {
  const asked: string[] = [];
  let mood: "silent" | "garbage" | "well" = "well";
  const server = createServer((request, answer) => {
    const url = decodeURIComponent(request.url ?? "").replace(/\?.*/, "");
    asked.push(url);
    if (mood === "silent") return;
    const found = mood === "garbage" ? "\u0000<<<" : lookUp(url, request.headers.host ?? "");
    answer.statusCode = found === undefined ? 404 : 200;
    if (url.startsWith("/npm/") && typeof found === "string")
      answer.setHeader("content-type", "application/json");
    else if (typeof found === "string") answer.setHeader("content-type", "text/html");
    answer.end(found);
  });
  const lookUp = (url: string, host: string): string | Buffer | undefined => {
    const other = others[url];
    if (other !== undefined) {
      return typeof other === "string" ? other.replaceAll("{base}", `http://${host}/`) : other;
    }
    const [, project = "", name] = /^\/simple\/([^/]+)\/([^/]*)$/.exec(url) ?? [];
    const files = python[project];
    if (files !== undefined && name === "") {
      return Object.keys(files)
        .map((each) => `<a href="${each}">${each}</a>`)
        .join("\n");
    }
    if (files !== undefined && name !== undefined) return files[name];
    const tarball = npm.find(
      (each) => url === `/npm/${each.name}/-/${each.name}-${each.version}.tgz`,
    );
    if (tarball !== undefined) return tarball.tarball;
    const module = go.find((each) => url.startsWith(`/go/${each.path}/@v/`));
    if (module !== undefined) return fileOfModule(module, url.split("/").at(-1) ?? "");
    const versions = npm.filter((each) => url === `/npm/${each.name}`);
    return versions.length === 0 ? undefined : JSON.stringify(document(versions, host));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ base: `${base}/`, pip: `${base}/simple/`, npm: `${base}/npm/`, go: `${base}/go/`, asked },
    become: (next) => (mood = next),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Of GOPROXY's protocol, https://go.dev/ref/mod#goproxy-protocol. */
function fileOfModule({ version, mod, zip }: GoModule, name: string): string | Buffer | undefined {
  if (name === "list") return `${version}\n`;
  if (name === `${version}.info`) return JSON.stringify({ Version: version });
  if (name === `${version}.mod`) return mod;
  return name === `${version}.zip` ? zip : undefined;
}

function document(versions: readonly NpmPackage[], host: string): object {
  const rows = versions.map((each) => {
    const tarball = `http://${host}/npm/${each.name}/-/${each.name}-${each.version}.tgz`;
    return [each.version, { ...each.manifest, dist: { tarball, integrity: integrityOf(each) } }];
  });
  return {
    name: versions[0]?.name,
    "dist-tags": { latest: versions.at(-1)?.version },
    versions: Object.fromEntries(rows) as object,
  };
}
