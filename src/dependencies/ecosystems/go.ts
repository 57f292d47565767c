/**
 * @module
 * Go's: modules.
 */
import { dependenciesFolder, type Ecosystem } from "../ecosystem.ts";

export const go: Ecosystem = {
  id: "go",
  languages: ["go"],
  extensions: [],
  commands: /^go (run|build|test|vet)( |$)/,
  interpreter: "go",
  tool: { program: "go", debian: "golang" },
  manifests: ["go.mod"],
  declares: (text) => /^[ \t]*require\b/m.test(text),
  companions: /^go\.sum$/,
  ownFolder: "vendor",
  registry: "https://proxy.golang.org/",
  fileHosts: ["sum.golang.org"],
  install: (registry, _files, place) => ({
    argv: ["go", "mod", "download"],
    env: {
      GOPROXY: registry,
      GOMODCACHE: "/workspace/out",
      GOFLAGS: "-modcacherw",
      GOTOOLCHAIN: "local",
      GOCACHE: "/tmp/.go-cache",
      // What a registry of one's own has, the public list of checksums does not know.
      ...(place === "other" ? { GOSUMDB: "off" } : {}),
    },
    result: "out",
  }),
  path: `${dependenciesFolder}/go`,
  env: {
    GOMODCACHE: `${dependenciesFolder}/go`,
    GOPROXY: "off",
    GOSUMDB: "off",
    GOFLAGS: "-buildvcs=false -mod=mod",
  },
  takesManifest: true,
};
