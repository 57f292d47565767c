import { expect, test } from "vitest";
import { checkDigest, chooseImage, digestOf, ownArchitecture, readManifest } from "./manifest.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const config = `{"digest":"${digest("c")}","size":2}`;
const layers = `[{"digest":"${digest("d")}","size":2}]`;
const read = (text: string): ReturnType<typeof readManifest> => readManifest(Buffer.from(text));

test("an image's manifest tells its blobs", () => {
  expect(read(`{"mediaType":"m","config":${config},"layers":${layers}}`)).toEqual({
    kind: "image",
    mediaType: "m",
    blobs: [digest("c"), digest("d")],
  });
});

const address = "http://127.0.0.1:1/";
test.each([
  `{"config":{"digest":"${digest("c")}","urls":["${address}"]},"layers":${layers}}`,
  `{"config":${config},"layers":[{"digest":"${digest("d")}","urls":["${address}"]}]}`,
  `{"config":${config},"layers":${layers},"subject":{"urls":["${address}"]}}`,
  `{"config":${config},"layers":${layers},"urls":"${address}"}`,
  `{"manifests":[{"digest":"${digest("c")}","urls":["${address}"]}]}`,
  // As Go reads them: in any case, with escapes, and two of one name into one.
  `{"config":{"digest":"${digest("c")}","URLs" :\n["${address}"]},"layers":${layers}}`,
  `{"config":{"digest":"${digest("c")}","url\u017f":["${address}"]},"layers":${layers}}`,
  `{"config":{"digest":"${digest("c")}","\\u0075rls":["${address}"]},"layers":${layers}}`,
  `{"config":{"urls":["${address}"]},"config":${config},"layers":${layers}}`,
  `{"config":{"digest":"${digest("c")}","urls":["${address}"],"urls":[]},"layers":${layers}}`,
  `{"a":"\\"","Config":{"urls":["${address}"]},"config":${config},"layers":${layers}}`,
])("%s names an address", (text) => {
  expect(() => read(text)).toThrow(/names addresses of its own \(`urls`\)/);
});

test.each([
  `{"config":{"digest":"${digest("c")}","urls":[ ]},"layers":${layers}}`,
  `{"config":{"digest":"${digest("c")}","urls":null},"layers":${layers}}`,
  `{"config":${config},"layers":${layers},"annotations":{"a":"urls\\": \\"urls"},"b":["urls"]}`,
])("%s names none", (text) => {
  expect(read(text).kind).toBe("image");
});

test.each([
  ["no JSON", "{", /description is malformed/],
  ["docker's first form", `{"schemaVersion":1,"fsLayers":[{"blobSum":"a"}]}`, /old form/],
  ["both an image and a list", `{"config":${config},"layers":${layers},"Manifests":[{}]}`, /./],
  ["a digest that is none", `{"config":{"digest":"sha256:../x"},"layers":[]}`, /./],
  ["too many layers", `{"config":${config},"layers":[${Array(1001).fill(config).join()}]}`, /./],
])("%s is refused", (_what, text, message) => {
  expect(() => read(text)).toThrow(message);
});

const of = (letter: string, architecture: string, os = "linux", variant?: string): string =>
  JSON.stringify({ digest: digest(letter), platform: { architecture, os, variant } });
const bare = JSON.stringify({ digest: digest("b") });

test.each([
  [[of("1", "s390x"), of("2", ownArchitecture)], "2"],
  [[of("1", ownArchitecture, "windows"), of("2", ownArchitecture)], "2"],
  [[of("1", ownArchitecture, "linux", "v99"), of("2", ownArchitecture)], "2"],
  [[bare, of("2", ownArchitecture)], "2"],
  [[of("1", "s390x"), bare], "b"],
])("of %j it is %s", (manifests, letter) => {
  const list = read(`{"manifests":[${manifests.join()}]}`);
  expect(list.kind === "list" && chooseImage(list)).toBe(digest(letter));
});

test("nothing for this machine is told", () => {
  const list = read(`{"manifests":[${of("1", "s390x")}]}`);
  expect(() => list.kind === "list" && chooseImage(list)).toThrow(/has nothing for linux\//);
});

test("a digest is of the bytes", () => {
  const raw = Buffer.from("x");
  for (const algorithm of ["sha256", "sha512"]) checkDigest(raw, digestOf(raw, algorithm));
  expect(() => {
    checkDigest(raw, digest("a"));
  }).toThrow(/is not sha256:a/);
  expect(() => {
    checkDigest(raw, "md5:9dd4e461268c8034f5c8564e155c67a6");
  }).toThrow(/unknown kind/);
});
