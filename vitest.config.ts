import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = import.meta.dirname;

/** Real processes under real limits, on a machine that may be busy. */
const SLOW_MS = 60_000;

/** Minutes each: begun last, one of them would run alone at the end. */
const slowFiles = [
  "test/escape/docker.test.ts",
  "test/conformance/docker.test.ts",
  "test/conformance/linux.test.ts",
  "test/e2e/cli-languages.test.ts",
];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const slow = slowFiles.flatMap((path) =>
      sorted.filter(({ moduleId }) => moduleId === join(root, path)),
    );
    return [...slow, ...sorted.filter((file) => !slow.includes(file))];
  }
}

const project = (name: string, include: string[], testTimeout: number) => ({
  extends: true as const,
  test: { name, include, testTimeout, hookTimeout: SLOW_MS },
});

export default defineConfig({
  root,
  test: {
    // The cache only orders a run by what was slow in the last one. A place for it outside of the
    // checkout would have to be one that no other user can make first.
    ...(canWrite(join(root, "node_modules")) ? {} : { cache: false as const }),
    environment: "node",
    pool: "forks",
    // A test that waits for a limit burns no CPU, but one that floods a pipe does.
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    // Starts nothing until a test asks for it.
    globalSetup: ["test/helpers/docker/global-setup.ts"],
    projects: [
      project("unit", ["src/**/*.test.ts", "scripts/**/*.test.ts"], 20_000),
      project("spec", ["test/spec/**/*.test.ts"], 20_000),
      project("native", ["native/**/*.test.ts"], SLOW_MS),
      project("conformance", ["test/{conformance,docker,helpers}/**/*.test.ts"], SLOW_MS),
      project("escape", ["test/escape/**/*.test.ts"], SLOW_MS),
      project("e2e", ["test/e2e/**/*.test.ts"], SLOW_MS),
    ],
  },
});

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
