import fc from "fast-check";
import { expect, test } from "vitest";
import { drawingSize } from "./drawing-size.ts";

test.each<[string, number, number]>([
  [`<?xml?><svg xmlns="x" width="40" height='20'>`, 40, 20],
  [`<svg width="72pt" height="1in" viewBox="0 0 9 9">`, 96, 96],
  [`<svg viewBox="0 0 200 100">`, 200, 100],
  [`<svg\n viewBox="-1,-1, 200,100" width="100%" height="50px">`, 100, 50],
  [`<svg width="50" viewBox="0 0 200 100">`, 50, 25],
  [`<svg width="50">`, 50, 150],
  [`<svg stroke-width="7">`, 300, 150],
  [`<svg width="-4" height="1e9" viewBox="0 0 0 0">`, 300, 150],
  [`<svg width="100000" height="50000">`, 10_000, 5000],
  [`<svg width="1..2" height="4">`, 300, 4],
  ["none", 300, 150],
])("%s is %d by %d", (text, width, height) => {
  const size = drawingSize(text);
  expect(size.width).toBeCloseTo(width);
  expect(size.height).toBeCloseTo(height);
});

test("whatever it says, it has a size", () => {
  const tag = fc
    .array(fc.constantFrom(..."<svg width='height=\"viewBox 0123456789.,-e%ptin> ".split(/(?<=.)/)))
    .map((parts) => `<svg ${parts.join("")}`);
  fc.assert(
    fc.property(tag, (text) => {
      const { width, height } = drawingSize(text);
      for (const side of [width, height]) {
        expect(side).toBeGreaterThanOrEqual(1);
        expect(side).toBeLessThanOrEqual(10_000);
      }
    }),
  );
});
