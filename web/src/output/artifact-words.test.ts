import { expect, test } from "vitest";
import { describeMissing, downloadName, shownName } from "./artifact-words.ts";

const none = { files: [], skipped: [], truncated: false };

test("what did not come back is told, and how much more", () => {
  const skipped = Array.from({ length: 12 }, (_, at) => ({ path: `p${at}`, reason: "link" }));
  const sentences = describeMissing({ ...none, skipped, truncated: true });
  expect(sentences).toHaveLength(12);
  expect(sentences[0]).toMatch(/more or larger files/);
  expect(sentences[1]).toBe("p0 did not come: it is a link.");
  expect(sentences[11]).toBe("2 more did not come.");
  expect(describeMissing({ ...none, problem: "it is gone" })).toEqual([
    "The files could not be read: it is gone",
  ]);
  expect(describeMissing(none)).toEqual([]);
});

test("a name is one line, of what is there, and not without an end", () => {
  expect(shownName("a\u202egpj.exe\nb")).toBe("a⟨U+202E⟩gpj.exe b");
  expect(shownName(`${"x".repeat(500)}.png`)).toMatch(/^….{115}\.png$/);
});

test("a file is saved without its folders", () => {
  expect(downloadName("out/sub/a.txt")).toBe("a.txt");
  expect(downloadName("out/a\u202eb")).toBe("a⟨U+202E⟩b");
  expect(downloadName("")).toBe("file");
});
