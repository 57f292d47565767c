import { expect, test } from "vitest";
import { parseChangesFlags } from "./changes-flags.ts";

test("one of them may be said", () => {
  expect(parseChangesFlags({})).toBeUndefined();
  expect(parseChangesFlags({ apply: true })).toBe("apply");
  expect(parseChangesFlags({ applyAll: true })).toBe("applyAll");
  expect(parseChangesFlags({ keep: true })).toBe("keep");
  expect(parseChangesFlags({ discard: true })).toBe("discard");
  expect(() => parseChangesFlags({ keep: true, discard: true })).toThrow(
    /--discard.*can't be used together with --keep/,
  );
});
