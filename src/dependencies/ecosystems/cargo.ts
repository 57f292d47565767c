/**
 * @module
 * Rust's: Cargo.
 */
import { dependenciesFolder, type Ecosystem } from "../ecosystem.ts";

const path = `${dependenciesFolder}/cargo`;

export const cargo: Ecosystem = {
  id: "cargo",
  languages: [],
  extensions: [],
  commands: /^cargo( \+\S+)? (b|build|c|check|r|run|t|test|bench|clippy|doc)( |$)/,
  interpreter: "cargo",
  tool: { program: "cargo", debian: "cargo" },
  manifests: ["Cargo.toml"],
  declares: (text) => /^[ \t]*\[((build-|target\..*\.)?dependencies)\b/m.test(text),
  companions: /^Cargo\.lock$/,
  ownFolder: "vendor",
  registry: "https://index.crates.io/",
  fileHosts: ["static.crates.io", "crates.io"],
  install: (registry, files) => ({
    argv: [
      ...["cargo", "vendor", "--quiet", "--versioned-dirs", "--respect-source-config"],
      ...(files.some((file) => file.path === "Cargo.lock") ? ["--locked"] : []),
      "out/vendor",
    ],
    env: {
      CARGO_HOME: "/workspace/.glovebox-cargo",
      CARGO_NET_RETRY: "1",
      CARGO_HTTP_TIMEOUT: "30",
      // Before 1.68 it does not speak to such a registry otherwise; it compiles nothing here.
      ...{ CARGO_UNSTABLE_SPARSE_REGISTRY: "true", RUSTC_BOOTSTRAP: "1" },
    },
    files: {
      // Cargo wants to see the sources of what it gets the dependencies of.
      ...{ "src/main.rs": "fn main() {}\n", "src/lib.rs": "" },
      ".glovebox-cargo/config.toml": replaceSource(`registry = "sparse+${registry}"`),
      "out/config.toml": `${replaceSource(`directory = "${path}/vendor"`)}[net]\noffline = true\n`,
    },
    result: "out",
  }),
  path,
  env: { CARGO_HOME: path, CARGO_NET_OFFLINE: "true", CARGO_TARGET_DIR: "/tmp/target" },
};

const replaceSource = (line: string): string =>
  `[source.crates-io]\nreplace-with = "glovebox"\n[source.glovebox]\n${line}\n`;
