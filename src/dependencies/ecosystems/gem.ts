/**
 * @module
 * Ruby's: Bundler.
 */
import { dependenciesFolder, type Ecosystem } from "../ecosystem.ts";

export const gem: Ecosystem = {
  id: "gem",
  languages: ["ruby"],
  extensions: [".rb"],
  commands: /^(ruby|rails|rake)( |$)/,
  interpreter: "ruby",
  tool: { program: "bundle", debian: "ruby-bundler" },
  manifests: ["Gemfile"],
  declares: (text) => /^[ \t]*(gem|gemspec)\b/m.test(text),
  companions: /^Gemfile\.lock$/,
  ownFolder: "vendor/bundle",
  registry: "https://rubygems.org/",
  fileHosts: ["index.rubygems.org"],
  install: (registry) => ({
    argv: ["bundle", "install", "--jobs", "2", "--retry", "1"],
    env: {
      BUNDLE_PATH: "out",
      BUNDLE_WITHOUT: "development:test",
      BUNDLE_DISABLE_VERSION_CHECK: "true",
      BUNDLE_TIMEOUT: "30",
      // It breaks its lines otherwise.
      THOR_COLUMNS: "1000",
      BUNDLE_MIRROR__ALL: registry,
    },
    result: ".",
  }),
  path: `${dependenciesFolder}/gem`,
  env: {
    BUNDLE_GEMFILE: `${dependenciesFolder}/gem/Gemfile`,
    BUNDLE_PATH: `${dependenciesFolder}/gem/out`,
    BUNDLE_FROZEN: "true",
    RUBYOPT: "-rbundler/setup",
  },
};
