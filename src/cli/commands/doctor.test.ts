import { expect, test } from "vitest";
import { controls, enforced, type Enforcement } from "../../core/enforcement.ts";
import { formatProbe } from "./doctor.ts";

const rows = controls.map((control) => {
  const status = enforced("a daemon\u001b[2J");
  return [control, { ...status, note: "note\u001b[1A", remedy: "mend\u009b1A" }] as const;
});

test.each([true, false])(
  "words of a daemon can't redraw the terminal, available: %s",
  (available) => {
    const text = formatProbe(
      {
        provider: "docker",
        available,
        reason: "no\u001b[2J\rhere",
        remedy: "do\u001b]0;title\u0007",
        facts: [["name\u001b[0m", "value\u0008"]],
        enforcement: Object.fromEntries(rows) as Enforcement,
      },
      { kernel: "6.1", user: "user me (1)" },
      (_style, words) => words,
    );
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
    for (const shown of available
      ? ["daemon\\x1b[2J", "mend\\x9b1A"]
      : ["no\\x1b[2J", "do\\x1b]0"]) {
      expect(text).toContain(shown);
    }
  },
);
