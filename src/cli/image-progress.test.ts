import { describe, expect, test } from "vitest";
import type { ImageProgress } from "../core/image.ts";
import { formatBytes, openProgress } from "./image-progress.ts";

/** Feeds all steps, each a second after the one before; what was written. */
function written(
  output: { readonly isTTY?: boolean; readonly columns?: number },
  steps: readonly ImageProgress[],
): string {
  let text = "";
  let now = 0;
  const display = openProgress({ ...output, write: (part) => (text += part) }, () => now);
  for (const step of steps) {
    display.show("python:3", step);
    now += 1000;
  }
  display.clear();
  return text;
}

const pull: readonly ImageProgress[] = [
  { text: "Pulling from library/python", layer: "3" },
  { text: "Pulling fs layer", layer: "a" },
  { text: "Downloading", layer: "a", doneBytes: 500_000, totalBytes: 1_000_000 },
  { text: "Downloading", layer: "b", doneBytes: 0, totalBytes: 3_000_000 },
  { text: "Download complete", layer: "a" },
  { text: "Extracting", layer: "a", doneBytes: 10, totalBytes: 1_000_000 },
  { text: "Downloading", layer: "b", doneBytes: 3_000_000, totalBytes: 3_000_000 },
  { text: "Pull complete", layer: "b" },
  { text: "Status: Downloaded newer image for python:3" },
];

describe("on a terminal", () => {
  test("one line adds up all layers and is gone at the end", () => {
    const lines = written({ isTTY: true, columns: 200 }, pull).split("\r\x1b[K");
    expect(lines).toEqual([
      "",
      "python:3  Pulling from library/python",
      "python:3  Pulling fs layer",
      `python:3  [${"#".repeat(12)}${"-".repeat(12)}]  50%  500.0 kB of 1.0 MB`,
      `python:3  [${"#".repeat(3)}${"-".repeat(21)}]  12%  500.0 kB of 4.0 MB`,
      `python:3  [${"#".repeat(6)}${"-".repeat(18)}]  25%  1.0 MB of 4.0 MB`,
      `python:3  [${"#".repeat(6)}${"-".repeat(18)}]  25%  1.0 MB of 4.0 MB`,
      `python:3  [${"#".repeat(24)}] 100%  4.0 MB of 4.0 MB  Downloading`,
      `python:3  [${"#".repeat(24)}] 100%  4.0 MB of 4.0 MB  Pull complete`,
      `python:3  [${"#".repeat(24)}] 100%  4.0 MB of 4.0 MB  Status: Downloaded newer image for python:3`,
      "",
    ]);
  });

  test("no line is wider than it", () => {
    const lines = written({ isTTY: true, columns: 30 }, pull).split("\r\x1b[K");
    expect(Math.max(...lines.map((line) => line.length))).toBe(29);
  });

  test("words of the engine can't move the cursor", () => {
    const text = written({ isTTY: true }, [{ text: "Step 1/2 : RUN \u001b[2J\n\revil" }]);
    expect(text).toBe("\r\x1b[Kpython:3  Step 1/2 : RUN \\x1b[2J evil\r\x1b[K");
  });
});

test("elsewhere there is a line of its own at first and each five seconds", () => {
  expect(written({}, pull)).toBe(
    "glovebox: python:3  Pulling from library/python\n" + "glovebox: python:3  1.0 MB of 4.0 MB\n",
  );
});

test.each([
  [0, "0.0 kB"],
  [74_800_000, "74.8 MB"],
  [1_020_000_000, "1.02 GB"],
])("%i bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
