import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Change } from "./change-set.ts";
import { showBytePath } from "./show-path.ts";
import { countChanges, summarize } from "./summary.ts";
import { textDiff } from "./text-diff.ts";

const seen = { dev: "1", ino: "1", size: 1, mtimeNs: "1" };
const file = (size = 1, mode = 0o644) => ({ kind: "file", mode, size, blob: 0 }) as const;
const was = (size = 1, mode = 0o644) => ({ kind: "file", mode, size, seen }) as const;
const lines = (changes: readonly Change[]) =>
  summarize({ changes, leftOut: [], isComplete: true } as never);

test("a line says what became of a file", () => {
  expect(
    lines([
      { path: "a", after: file(2048) },
      { path: "b", before: was(10), after: file(20, 0o755) },
      { path: "c", before: was(10), after: { kind: "file", mode: 0o600, size: 10 } },
      { path: "d", before: was() },
      { path: "e", after: { kind: "link", target: "a" } },
      { path: "f", before: was(), after: file(), isConflict: true },
      { path: "g", before: was(), after: { kind: "folder", mode: 0o755 } },
    ]),
  ).toEqual([
    "! M  f  1B -> 1B; CONFLICT: you have changed it too",
    "  A  a  2.0KiB",
    "  M  b  10B -> 20B; mode 644 -> 755",
    "  M  c  mode 644 -> 600",
    "  D  d",
    "  A  e  -> a",
    "  M  g/  file -> folder; 0 files",
  ]);
});

test("a new folder is one line, but what is dangerous in it has its own, first", () => {
  const many = Array.from({ length: 300 }, (_, index) => ({ path: `n/${index}`, after: file() }));
  const folder = { path: "n", after: { kind: "folder", mode: 0o755 } } as const;
  const changes = [folder, ...many, { path: "n/.envrc", after: file() }];
  expect(lines(changes)).toEqual(["! A  n/.envrc  1B; direnv runs it", "  A  n/  301 files"]);
  expect(countChanges({ changes })).toBe("302 added");
});

test("more than a hundred lines are cut, never those that are to be looked at", () => {
  const many = Array.from({ length: 300 }, (_, index) => ({ path: `f${index}`, after: file() }));
  const shown = lines([...many, { path: "z/.git/config", after: file() }]);
  expect(shown).toHaveLength(101);
  expect(shown[0]).toContain("z/.git/config");
  expect(shown.at(-1)).toBe("   … and 201 more");
});

test("no name can act on a terminal, and no two look the same", () => {
  const name = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((it) => Buffer.from(it));
  fc.assert(
    fc.property(name, name, (one, two) => {
      const [left, right] = [one, two].map((it) => showBytePath(it.toString("latin1")));
      expect(left).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(left === right).toBe(one.equals(two));
    }),
  );
  expect(showBytePath(Buffer.from("a\u202etxt").toString("latin1"))).toBe("a\\u{202e}txt");
});

test("a text's change is shown with its surroundings, and safely", () => {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-diff-test-"));
  const [left, right] = [join(folder, "left"), join(folder, "right")];
  try {
    writeFileSync(left, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    writeFileSync(right, "1\n2\n3\n4\nfive\u001b[31m\n6\n7\n8\n9\n");
    expect(textDiff(left, right)).toEqual([
      "@@ line 5 @@",
      ...[" 2", " 3", " 4", "-5", "+five\\u{1b}[31m", " 6", " 7", " 8"],
    ]);
    writeFileSync(right, Buffer.from([0, 1, 2]));
    expect(textDiff(left, right)).toEqual(["(no text, or too long to be shown)"]);
    expect(textDiff(undefined, left).slice(0, 2)).toEqual(["@@ line 1 @@", "+1"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
