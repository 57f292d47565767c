import type { KnipConfig } from "knip";

const config: KnipConfig = {
  entry: [
    "src/index.ts",
    "src/cli/main.ts",
    // Loaded from `dist` by scripts/build.mjs.
    "src/languages/load.ts",
    "src/languages/serialize.ts",
    "scripts/*.mjs",
    // Loaded by vitest.
    "scripts/lib/results-reporter.mjs",
    "bench/main.ts",
    "web/src/main.tsx",
    "web/src/embed/embed.ts",
    "web/vite.config.ts",
    // Started as a process by a test.
    "test/escape/owner.ts",
    "test/helpers/docker/owner.ts",
    "test/helpers/remote/remote-owner.ts",
    "test/helpers/remote/server-program.ts",
  ],
  project: [
    "src/**/*.ts",
    "test/**/*.ts",
    "bench/**/*.ts",
    "scripts/**/*.mjs",
    "web/**/*.{ts,tsx}",
  ],
  // System programs that scripts and tests start.
  ignoreBinaries: [
    "apt-get",
    "cc",
    "gcc",
    "musl-gcc",
    "go",
    "openssl",
    "ssh-keygen",
    "flock",
    "ldd",
    "clang-format",
    "mkfifo",
    "dpkg-query",
    "prlimit",
    "unshare",
  ],
  // Put into the page by its path.
  ignoreDependencies: ["axe-core"],
  ignoreExportsUsedInFile: true,
};

export default config;
