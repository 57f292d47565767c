import fc from "fast-check";
import { expect, test } from "vitest";
import { createEventParser, readEvents, type ServerSentEvent } from "./server-sent-events.ts";

const stream = [
  "id: 1\nevent: output\ndata: {}\n\n",
  ": a comment\n\n",
  "data: two\r\ndata: lines\r\n\r\n",
  "data:no blank\rid\r\r",
  "event: without data\n\n",
  "data: é😀\nodd: field\n\n",
  "data: never complete\n",
].join("");
const expected: readonly ServerSentEvent[] = [
  { event: "output", data: "{}", id: "1" },
  { event: "message", data: "two\nlines", id: "1" },
  { event: "message", data: "no blank", id: "" },
  { event: "message", data: "é😀", id: "" },
];

test("events come out the same, wherever their bytes are cut", async () => {
  const bytes = new TextEncoder().encode(stream);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 40 }), async (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          edges.forEach((edge, index) => {
            controller.enqueue(bytes.slice(edges[index - 1] ?? 0, edge));
          });
          controller.close();
        },
      });
      const events: ServerSentEvent[] = [];
      for await (const event of readEvents(body, () => undefined)) events.push(event);
      expect(events).toEqual(expected);
    }),
  );
});

test("a long event in many pieces takes no time that grows with its square", () => {
  const parse = createEventParser();
  const piece = "x".repeat(64 * 1024);
  parse("data: ");
  const startedAt = performance.now();
  for (let count = 0; count < 512; count++) expect(parse(piece)).toEqual([]);
  const lengths = parse("\n\n").map(({ data }) => data.length);
  expect(lengths).toEqual([512 * piece.length]);
  expect(performance.now() - startedAt).toBeLessThan(5000);
});
