import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = import.meta.dirname;

/** Real processes under real limits, on a machine that may be busy. */
const SLOW_MS = 60_000;

/**
 * Minutes each: begun last, one of them would run alone at the end. The second one needs no daemon:
 * on a new machine the first waits for its images, which one core makes.
 */
const slowFiles = [
  "test/escape/docker.test.ts",
  "test/conformance/linux.test.ts",
  "test/conformance/docker.test.ts",
  "test/e2e/cli-languages.test.ts",
];

/** What root's pass of the same run has shown, and what is the same for every user. */
const notForSecondPass = [
  // Only root can start a Docker daemon.
  "test/{docker,helpers}/**",
  "test/{conformance,escape}/docker*.test.ts",
  "test/conformance/compare.test.ts",
  "test/e2e/cli-docker.test.ts",
  "test/e2e/lent-files.test.ts",
  // HTTP and the page, which are the same for every user; cli-report.test.ts serves on `linux` as that one.
  "test/e2e/{http,page,wire}-*.test.ts",
  "test/escape/{sandbox-socket,web-sockets,lambda-answers,plans}.test.ts",
  "test/conformance/{remote,lambda}.test.ts",
  "test/e2e/cli-{lambda,plan,plan-deploy}.test.ts",
  // Words, exit codes and choices: what comes before a sandbox.
  "test/e2e/cli-keys.test.ts",
  "test/e2e/cli-lost-reader.test.ts",
  "test/e2e/cli-usage.test.ts",
  "test/e2e/versions.test.ts",
  // As an ordinary user already in the first pass, or words.
  "test/e2e/asking-{flags,programs,secrets,ssh,terminal}.test.ts",
  "test/e2e/{backdoors,cli-permissions,coderun-session}.test.ts",
  "test/escape/permissions-{acted-on,kill,own-folders}.test.ts",
  // coderun-session.test.ts has a shell of that user, cli-run.test.ts its sandboxes.
  "test/e2e/{shell,shell-terminal,cli-plugins,cli-remote,extend}.test.ts",
  // escape/linux-ahead.test.ts, which asks more of them, has such sandboxes of that user.
  "test/conformance/linux-ahead.test.ts",
  // packages.test.ts starts packages as that user; these are about what is in them.
  "test/e2e/package-{catalogue,images}.test.ts",
  // Interpreters without a sandbox around them.
  "native/park/**",
  // cli-languages.test.ts prepares as that user too, and conformance/linux.test.ts uses it.
  "test/e2e/serve-prepare.test.ts",
];
const isSecondPass = process.env["GLOVEBOX_TEST_PASS"] === "second";

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
  test: {
    name,
    include,
    exclude: [...configDefaults.exclude, ...(isSecondPass ? notForSecondPass : [])],
    testTimeout,
    hookTimeout: SLOW_MS,
    // Ninety small files would load the same modules ninety times; ours have no state of their own.
    isolate: name !== "unit" && name !== "spec",
  },
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
      project("unit", ["{src,scripts,bench,web}/**/*.test.ts"], 20_000),
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
