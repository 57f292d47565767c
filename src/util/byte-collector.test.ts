import { describe, expect, test } from "vitest";
import { createByteCollector } from "./byte-collector.ts";

describe("a byte collector", () => {
  test.each([[[]], [[0]], [[1, 1, 1]], [[1023, 2]], [[3000, 1, 5000]], [[1, 2_000_000, 1]]])(
    "gives back pieces of %j bytes in their order",
    (sizes) => {
      const collector = createByteCollector();
      const pieces = sizes.map((size, index) => Buffer.alloc(size, index + 1));
      for (const piece of pieces) collector.add(piece);
      const wanted = Buffer.concat(pieces);
      expect(collector.byteLength).toBe(wanted.byteLength);
      expect(collector.take().equals(wanted)).toBe(true);
      expect(collector.byteLength).toBe(0);
    },
  );

  test("keeps what a piece was when it was added", () => {
    const collector = createByteCollector();
    const piece = Buffer.from("before");
    collector.add(piece);
    piece.fill("x");
    expect(collector.take().toString()).toBe("before");
  });
});
