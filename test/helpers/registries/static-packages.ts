/**
 * @module
 * Packages for registries that are static files, and those files: gems, PHP's and Rust's.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { file, tarOf } from "../images/layout.ts";
import { makeZip } from "../make-zip.ts";
import type { Files } from "./packages.ts";

type Served = Readonly<Record<string, string | Buffer>>;

const digest = (name: "md5" | "sha256", content: string | Buffer): string =>
  createHash(name).update(content).digest("hex");

interface Gem {
  readonly name: string;
  readonly version: string;
  readonly files: Files;
  /** Of those files: they are run when it is installed. */
  readonly extensions?: readonly string[];
}

/** Rubygems' compact index, https://guides.rubygems.org/rubygems-org-compact-index-api/. */
export function gemIndex(folder: string, gems: readonly Gem[]): Served {
  const rows = gems.map((gem) => {
    const bytes = gemFile(gem);
    const info = `---\n${gem.version} |checksum:${digest("sha256", bytes)}\n`;
    return { ...gem, bytes, info };
  });
  const versions = rows.map(
    ({ name, version, info }) => `${name} ${version} ${digest("md5", info)}`,
  );
  return {
    [`${folder}versions`]: `created_at: 2026-01-01T00:00:00Z\n---\n${versions.join("\n")}\n`,
    [`${folder}names`]: `---\n${rows.map(({ name }) => name).join("\n")}\n`,
    ...Object.fromEntries(rows.map(({ name, info }) => [`${folder}info/${name}`, info])),
    ...Object.fromEntries(
      rows.map(({ name, version, bytes }) => [`${folder}gems/${name}-${version}.gem`, bytes]),
    ),
  };
}

function gemFile({ name, version, files, extensions = [] }: Gem): Buffer {
  const list = (values: readonly string[]): string => JSON.stringify(values);
  const metadata = `--- !ruby/object:Gem::Specification
name: ${name}
version: !ruby/object:Gem::Version
  version: "${version}"
platform: ruby
authors: ["test"]
summary: test
require_paths: ["lib"]
bindir: bin
executables: []
extensions: ${list(extensions)}
extra_rdoc_files: []
rdoc_options: []
licenses: []
dependencies: []
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: "0"
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: "0"
requirements: []
specification_version: 4
files: ${list(Object.keys(files))}
test_files: []
`;
  const data = tarOf(Object.entries(files).map(([path, content]) => file(path, content)));
  return tarOf([file("metadata.gz", gzipSync(metadata)), file("data.tar.gz", gzipSync(data))]);
}

/** Composer's, https://getcomposer.org/doc/05-repositories.md#composer. */
export function composerRepository(
  folder: string,
  name: string,
  version: string,
  files: Files,
  more: object = {},
): Served {
  const zip = makeZip(
    Object.entries(files).map(([path, content]) => {
      return { path: `package/${path}`, content, mode: 0o100644 };
    }),
  );
  const place = `${folder}dist/${name}.zip`;
  const dist = { type: "zip", url: `{base}${place.slice(1)}`, reference: "1", shasum: "" };
  const packages = { [name]: { [version]: { name, version, dist, type: "library", ...more } } };
  return { [`${folder}packages.json`]: JSON.stringify({ packages }), [place]: zip };
}

/** Cargo's sparse index, https://doc.rust-lang.org/cargo/reference/registry-index.html. */
export function cargoIndex(folder: string, name: string, version: string, files: Files): Served {
  const manifest = `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\n`;
  const root = `${name}-${version}`;
  const members = Object.entries({ "Cargo.toml": manifest, ...files });
  const crate = gzipSync(tarOf(members.map(([path, text]) => file(`${root}/${path}`, text))));
  const row = { name, vers: version, deps: [], cksum: digest("sha256", crate), features: {} };
  const place = `${folder}${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`;
  return {
    [`${folder}config.json`]: JSON.stringify({ dl: `{base}${folder.slice(1)}dl`, api: "{base}" }),
    [place]: `${JSON.stringify({ ...row, yanked: false })}\n`,
    [`${folder}dl/${name}/${version}/download`]: crate,
  };
}
