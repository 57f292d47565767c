import { describe, expect, test } from "vitest";
import { splitObjects } from "./json-stream.ts";

async function split(chunks: readonly (string | Buffer)[], maxBytes = 1000): Promise<object[]> {
  const objects: object[] = [];
  async function* source(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  for await (const object of splitObjects(source(), maxBytes)) objects.push(object);
  return objects;
}

describe("splitObjects", () => {
  const objects = [
    { a: 1 },
    { text: 'brace } quote " { backslash \\' },
    { ä: { b: [{}, "€"] } },
    {},
  ];

  test.each([
    ["lines", "\n"],
    ["lines of CR LF", "\r\n"],
    ["nothing in between", ""],
  ])("finds objects with %s, cut anywhere", async (_what, separator) => {
    const bytes = Buffer.from(objects.map((object) => JSON.stringify(object) + separator).join(""));
    for (let at = 0; at <= bytes.length; at++) {
      expect(await split([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(objects);
    }
    expect(await split([...bytes].map((byte) => Buffer.of(byte)))).toEqual(objects);
  });

  test("counts only the object's own bytes against the bound", async () => {
    const object = JSON.stringify({ a: "x".repeat(30) });
    expect(await split([object.repeat(50)], object.length)).toHaveLength(50);
    await expect(split([object], object.length - 1)).rejects.toThrow("longer than");
  });

  test("does not keep what is too long", async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"a":"');
      for (;;) {
        given += 100;
        yield Buffer.alloc(100, "x");
      }
    }
    await expect(splitObjects(endless(), 1000).next()).rejects.toThrow("longer than 1000 bytes");
    expect(given).toBeLessThan(1200);
  });

  test.each([
    ["text", "hello", "not made of JSON objects"],
    ["a closing brace", "}", "not made of JSON objects"],
    ["an array", "[{}]", "not made of JSON objects"],
    ["no JSON in braces", "{a}", "JSON"],
    ["half an object", '{"a":', "in the middle"],
  ])("refuses %s", async (_what, text, message) => {
    await expect(split([text])).rejects.toThrow(message);
  });

  test("an empty stream has none", async () => {
    expect(await split([" \r\n"])).toEqual([]);
  });
});
