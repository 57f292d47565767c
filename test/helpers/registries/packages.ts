/**
 * @module
 * Packages for registries of tests, as bytes: wheels and source distributions of Python, tarballs of npm.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { makeZip } from "../make-zip.ts";
import { file, tarOf } from "../images/layout.ts";

export type Files = Readonly<Record<string, string>>;

/** As `NAME-VERSION-py3-none-any.whl`. */
export function wheel(
  name: string,
  version: string,
  files: Files,
  requires: readonly string[] = [],
): Buffer {
  const info = `${name}-${version}.dist-info`;
  const needs = requires.map((each) => `Requires-Dist: ${each}\n`).join("");
  return makeZip(
    Object.entries({
      ...files,
      [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${needs}`,
      [`${info}/WHEEL`]:
        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
      [`${info}/RECORD`]: "",
    }).map(([path, content]) => {
      return { path, content, mode: path.includes(".data/scripts/") ? 0o100755 : 0o100644 };
    }),
  );
}

/** Whose build backend, which is its own, runs `code` first, and makes an empty module. */
export function sourceDistribution(name: string, version: string, code: string): Buffer {
  const backend = `
import os, zipfile
${code}
def build_wheel(folder, settings=None, metadata=None):
    info = "${name}-${version}.dist-info/"
    file = "${name}-${version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, file), "w") as z:
        z.writestr("${name}.py", "")
        z.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: ${name}\\nVersion: ${version}\\n")
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        z.writestr(info + "RECORD", "")
    return file
`;
  const folder = `${name}-${version}`;
  return gzipSync(
    tarOf([
      file(`${folder}/PKG-INFO`, `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`),
      file(
        `${folder}/pyproject.toml`,
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
      ),
      file(`${folder}/backend.py`, backend),
    ]),
  );
}

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly tarball: Buffer;
  readonly manifest: object;
}

export function npmPackage(
  name: string,
  version: string,
  files: Files,
  more: object = {},
): NpmPackage {
  const manifest = { name, version, main: "index.js", ...more };
  const all = { "package.json": JSON.stringify(manifest), ...files };
  const members = Object.entries(all).map(([path, content]) => file(`package/${path}`, content));
  return { name, version, manifest, tarball: gzipSync(tarOf(members)) };
}

/** As a lock file has it. */
export const integrityOf = ({ tarball }: NpmPackage): string =>
  `sha512-${createHash("sha512").update(tarball).digest("base64")}`;

export interface GoModule {
  readonly path: string;
  readonly version: string;
  readonly mod: string;
  readonly zip: Buffer;
}

export function goModule(path: string, version: string, files: Files): GoModule {
  const mod = `module ${path}\n`;
  const entries = Object.entries({ "go.mod": mod, ...files }).map(([name, content]) => {
    return { path: `${path}@${version}/${name}`, content };
  });
  return { path, version, mod, zip: makeZip(entries) };
}
