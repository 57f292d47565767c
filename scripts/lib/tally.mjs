/**
 * @module
 * Adds up results of all kinds of tests and prints what people need to see of them.
 */

const marks = { passed: "ok  ", failed: "FAIL", skipped: "skip" };

/** Prints results as they come and, last, `N passed, N failed, N skipped` alone on a line. */
export class Tally {
  #counts = { passed: 0, failed: 0, skipped: 0 };
  #failures = [];
  #skips = new Map();

  /**
   * @param {{ name: string, state: "passed" | "failed" | "skipped", output: string }} result
   *   `output` is why it failed or was skipped.
   */
  add(result) {
    this.count(result);
    const reason = result.state === "skipped" ? `: ${result.output}` : "";
    process.stdout.write(`${marks[result.state]} ${result.name}${reason}\n`);
  }

  /** Counts without a line of its own: for the many tests whose runner prints its own progress. */
  count({ name, state, output }) {
    this.#counts[state] += 1;
    if (state === "failed") this.#failures.push({ name, output });
    if (state === "skipped") this.#skips.set(name, output);
  }

  finish() {
    for (const [name, reason] of this.#skips) {
      process.stdout.write(`skipped: ${name}${reason ? ` (${reason})` : ""}\n`);
    }
    for (const { name, output } of this.#failures) {
      process.stdout.write(`\nFAILED: ${name}\n${indent(output)}\n`);
    }
    const { passed, failed, skipped } = this.#counts;
    process.stdout.write(
      `\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
    );
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  }
}

function indent(text) {
  return text.replace(/^/gm, "    ");
}
