import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costOf, windowBytes } from "./bounds.ts";
import { createCredit, createIntake } from "./credit.ts";

/** Lets all that can go on go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a stream over a connection", () => {
  test("brings every byte in order, and its sender never has more on the way than the window", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 6 }),
        async (sizes, slowness) => {
          const credit = createCredit();
          const intake = createIntake((cost) => expect(credit.grant(cost)).toBe(true));
          const held: Buffer[] = [];
          const read: Buffer[] = [];
          const sent = sizes.map((size, index) => Buffer.alloc(size, index));
          const sending = sent.map((bytes) =>
            credit.send(bytes, async (piece) => {
              expect(intake.arrive(piece.byteLength)).toBe(true);
              held.push(piece);
            }),
          );
          const total = sizes.reduce((sum, size) => sum + size, 0);
          let readBytes = 0;
          for (let round = 0; readBytes < total; round++) {
            await settle();
            const cost = held.reduce((sum, { byteLength }) => sum + costOf(byteLength), 0);
            expect(cost).toBeLessThanOrEqual(windowBytes);
            for (const piece of held.splice(0, round % slowness === 0 ? Infinity : 1)) {
              read.push(piece);
              readBytes += piece.byteLength;
              intake.take(piece.byteLength);
            }
          }
          await Promise.all(sending);
          expect(Buffer.compare(Buffer.concat(read), Buffer.concat(sent))).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("waits for its reader, and not after it was thrown away", async () => {
    const credit = createCredit();
    let sentBytes = 0;
    const send = async ({ byteLength }: Buffer): Promise<void> => void (sentBytes += byteLength);
    const sending = credit.send(Buffer.alloc(2 * windowBytes), send);
    await settle();
    expect(sentBytes).toBe(windowBytes);
    credit.discard();
    await sending;
    await credit.send(Buffer.alloc(10), send);
    expect(sentBytes).toBe(windowBytes);
  });

  test("a reader can't grant what was not sent, nor a sender send what was not granted", () => {
    expect(createCredit().grant(1)).toBe(false);
    const intake = createIntake(() => undefined);
    expect(intake.arrive(windowBytes)).toBe(true);
    expect(intake.arrive(1)).toBe(false);
  });

  test("single bytes cost more than themselves", async () => {
    const credit = createCredit();
    let pieces = 0;
    const send = async (): Promise<void> => {
      pieces += 1;
    };
    for (let i = 0; i < 10_000; i++) void credit.send(Buffer.alloc(1), send);
    await settle();
    expect(pieces).toBeLessThanOrEqual(windowBytes / costOf(1));
  });
});
