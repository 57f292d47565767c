/**
 * @module
 * A reporter of vitest: writes what each test came to, and why a file or a hook failed, which vitest's
 * own in JSON leaves out.
 */
import { writeFileSync } from "node:fs";

/**
 * Writes `[{ file, name, state, output }]` to the file that GLOVEBOX_TEST_RESULTS names. `name` is empty
 * where a file itself could not be run to its end.
 */
export default class ResultsReporter {
  onTestRunEnd(modules) {
    const results = modules.flatMap((module) => [
      ...[...module.children.allTests()].map((test) => resultOf(module, test)),
      ...[module, ...module.children.allSuites()].flatMap((suite) => failureOf(module, suite)),
    ]);
    writeFileSync(process.env.GLOVEBOX_TEST_RESULTS, JSON.stringify(results));
  }
}

function resultOf(module, test) {
  const { state, errors = [], note = "" } = test.result();
  return {
    file: module.moduleId,
    name: test.fullName,
    state: state === "passed" || state === "failed" ? state : "skipped",
    output: state === "skipped" ? note : textOf(errors),
  };
}

function failureOf(module, suite) {
  const errors = suite.errors();
  if (errors.length === 0) return [];
  const name = suite === module ? "" : suite.fullName;
  return [{ file: module.moduleId, name, state: "failed", output: textOf(errors) }];
}

function textOf(errors) {
  return errors.map(({ stack, message }) => stack ?? message).join("\n");
}
