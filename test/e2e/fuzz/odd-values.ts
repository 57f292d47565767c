/**
 * @module
 * Values that are nearly right, or not at all. Programs run here without a sandbox: no text among these
 * does anything where a shell or Python runs it, and no address leaves this machine.
 */
import fc from "fast-check";

const wrong = [
  ...["null", "true", "false", "0", "-1", "-0", "1", "2", "0.5", "1e308", "1e999", "-1e999"],
  ...["9007199254740992", "9007199254740993", "4294967296", "2147483648", "NaN", "Infinity"],
  ...["[]", "{}", "[[]]", '[""]', "[null]", "[0]", '{"a":1}', '{"length":3}', '{"__proto__":1}'],
  ...['{"constructor":{"prototype":1}}', '{"toString":1,"valueOf":1}', '{"then":1}'],
];

const texts = [
  ...["", " ", "NaN", "0", "-1", "10s", "0x10", "1e3", "null", "__proto__", "constructor"],
  ...["toString", "\0", "a\0b", "\u0001", "\r\nx: y", "%", "%00", "../../x", "/nowhere/x", "a//b"],
  ...[
    ".",
    "..",
    "\\",
    "\u2028",
    "\u202e",
    "\ufeff",
    "😀",
    "e\u0301",
    "'",
    "`",
    "*",
    "x".repeat(300),
  ],
  ...["ZQ", "ZQ==", "ZWNo\nbw==", "_-8=", "====", "UEsDBAoAAAAAAA==", "UEsFBgAAAAAAAA=="],
  ...["SIGKILL", "SIGFOO", "kill", "utf8", "base64", "hex", "bash", "python", "linux", "docker"],
  ...["none", "all", "ask", "strict", "best-effort", "http://127.0.0.1:9/", "http://[::1]/x"],
  ...["http://u:p@127.0.0.1/", "ftp://127.0.0.1/", "http://", "http://%/", "data:,x", "debian:12"],
];

/** What JSON.stringify never writes, and some that no JSON is. */
const notJson = [
  ...[
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"\\x"',
    '"\t"',
    "tru",
    "'a'",
    "01",
    "+1",
    ".5",
  ],
  ...["undefined", '"', '"\\"', "{", "[", "}", "/**/1", "1 2", '{"a":1,}', "[1,]", "\ufeff1"],
];

const long = [
  JSON.stringify("x".repeat(70_000)),
  JSON.stringify("😀".repeat(20_000)),
  "[".repeat(70) + "]".repeat(70),
  '{"a":'.repeat(60) + "1" + "}".repeat(60),
  `[${"1,".repeat(3000)}1]`,
  `{${Array.from({ length: 300 }, (_, index) => `"k${index}":""`).join()}}`,
  "9".repeat(400),
  `0.${"1".repeat(400)}`,
];

/** As written in a document. */
export const oddJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...wrong) },
  { weight: 6, arbitrary: fc.constantFrom(...texts.map((text) => JSON.stringify(text))) },
  { weight: 2, arbitrary: fc.constantFrom(...notJson) },
  { weight: 1, arbitrary: fc.constantFrom(...long) },
  { weight: 1, arbitrary: fc.integer().map(String) },
  { weight: 1, arbitrary: fc.double().map(String) },
);

export const oddKey: fc.Arbitrary<string> = fc.constantFrom(
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "length", ""],
  ...["0", "a\0", "\u202e", "x".repeat(500), "language", "code", "files", "type", "limits", "id"],
);

/** In a path or a query, raw: not all of it is percent-encoded. */
export const oddUrlPart: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      "",
      "0",
      "-1",
      "1",
      "1e3",
      "NaN",
      "null",
      "true",
      "undefined",
      "x",
      "a,b,,",
      ",",
      "*",
      "%00",
    ],
    ...[
      "%2e%2e%2f",
      "..",
      ".",
      "%2F",
      "%ff",
      "%",
      "%E0%A4%A",
      "%F0%9F%98%80",
      "é",
      "+",
      "%20",
      "&",
    ],
    ...[
      "__proto__",
      "constructor",
      "9007199254740993",
      "99999999999999999999",
      "1.5",
      "-0",
      "=",
      "?",
    ],
    ...[
      "1:0:0",
      "0:-1",
      "run:1",
      "18446744073709551616",
      "[]",
      "{}",
      "'--",
      "%0d%0ax:%20y",
      ";",
      "#",
    ],
    ...[
      "x".repeat(70),
      "x".repeat(3000),
      `${"x,".repeat(150)}x`,
      "0190a000-0000-7000-8000-000000000000",
    ],
  ),
  fc.nat().map(String),
);
