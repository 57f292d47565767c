import { expect, test } from "vitest";
import { formatImages, imagesDocument, type ListedImage } from "./format-images.ts";

const listed: readonly ListedImage[] = [
  {
    target: { image: "gcc:14", languages: ["c", "cpp"], dockerfile: undefined },
    stored: { name: "gcc:14", id: "sha256:1", sizeBytes: 1_400_000_000 },
  },
  { target: { image: "mine:1", languages: ["mine"], dockerfile: "FROM a" }, stored: undefined },
  { target: { image: "debian:1", languages: [], dockerfile: undefined }, stored: undefined },
];

test("the table says what is there, and how to get what is not", () => {
  expect(formatImages(listed, "docker", (_format, text) => text)).toBe(
    `LANGUAGE  IMAGE     SIZE     GET IT WITH
c, cpp    gcc:14    1.40 GB
mine      mine:1    missing  glovebox images build mine
-         debian:1  missing  glovebox images pull debian:1
`,
  );
});

test.each([
  ["linux", undefined, "glovebox languages install lua --method tree"],
  ["linux", "FROM a", "glovebox languages install lua --method tree"],
  ["docker", "FROM a", "glovebox images build lua"],
])("on %s what is made here is never pulled, built from %j", (provider, dockerfile, get) => {
  const target = { image: "localhost/glovebox/lua:debian", languages: ["lua"], dockerfile };
  expect(imagesDocument([{ target, stored: undefined }], provider)).toMatchObject({
    images: [{ get }],
  });
});

test("the document has the same", () => {
  expect(imagesDocument(listed, "docker")).toMatchObject({
    images: [
      { image: "gcc:14", languages: ["c", "cpp"], present: true, size_bytes: 1_400_000_000 },
      { image: "mine:1", present: false, id: null, get: "glovebox images build mine" },
      { image: "debian:1", languages: [], present: false, size_bytes: null },
    ],
  });
});
