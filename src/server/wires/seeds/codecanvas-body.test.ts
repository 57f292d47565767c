import { describe, expect, test } from "vitest";
import { parseRunRequest } from "./codecanvas-body.ts";

const parse = (text: string) => parseRunRequest(Buffer.from(text));

describe("a body of codecanvas", () => {
  test.each<[string, string, string, string]>([
    ["one object", '{"source":"a","language":"b"}', "a", "b"],
    ["with space around it", ' \n{"source":"a","language":"b"}\n ', "a", "b"],
    ["two, the later one wins", '{"source":"a","language":"b"}{"source":"c"}', "c", "b"],
    ["a field each", '{"source":"a"}\n{"language":"b"}', "a", "b"],
    ["names in any case", '{"Source":"a","LANGUAGE":"b"}', "a", "b"],
    ["null, which changes nothing", '{"source":"a","language":"b"} {"source":null}', "a", "b"],
    ["null alone", "null", "", ""],
    ["unknown fields", '{"source":"a","language":"b","stdin":{"x":[1]},"__proto__":1}', "a", "b"],
    ["braces and quotes in text", '{"source":"}{\\"}\\\\","language":"b"}{}', '}{"}\\', "b"],
    ["half a surrogate pair", '{"source":"\\ud800","language":"b"}', "\ufffd", "b"],
    ["nothing", "", "", ""],
  ])("%s", (_name, text, source, language) => {
    expect(parse(text)).toEqual({ source, language });
  });

  test.each([
    "x",
    "{",
    "}",
    '{"source":"a"',
    '{"source":"a',
    '{"source":1}',
    '{"language":["b"]}',
    "[]",
    "1",
    '"a"',
    '{"source":"a"}x',
    '{"source":"a"},{}',
    "[".repeat(100),
  ])("gives up at %s", (text) => {
    expect(parse(text)).toBeUndefined();
  });

  test.each([
    ["letters", "a", 15_000_000],
    ["escapes", "\\n", 7_500_000],
    ["escaped quotes and braces", '\\"{', 5_000_000],
  ])("is read in time that grows with its length: %s", (_name, text, count) => {
    const source = `{"language":"b","source":"${text.repeat(count)}`;
    const startedAt = performance.now();
    expect(parse(source)).toBeUndefined();
    expect(parse(`${source}"}`)?.language).toBe("b");
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
