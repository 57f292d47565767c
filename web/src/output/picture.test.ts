import { expect, test } from "vitest";
import { readPicture } from "./picture.ts";

const fromHex = (hex: string): Uint8Array => {
  const found = hex.replace(/\s/g, "").match(/../g) ?? [];
  return Uint8Array.from([...found.map((byte) => parseInt(byte, 16)), ...new Array<number>(64)]);
};
const text = (of: string): string => Buffer.from(of, "latin1").toString("hex");

test.each<[string, string, object]>([
  [
    "PNG",
    `89504e470d0a1a0a 0000000d ${text("IHDR")} 00000280 000001e0`,
    { type: "image/png", width: 640, height: 480 },
  ],
  ["GIF", `${text("GIF89a")} 8002 e001`, { type: "image/gif", width: 640, height: 480 }],
  [
    "JPEG, behind a segment and bytes that fill",
    "ffd8 ffe0 0004 0000 ffff ffc2 0011 08 01e0 0280",
    { type: "image/jpeg", width: 640, height: 480 },
  ],
  ["JPEG that says no size", "ffd8 ffda 0004 0000", { type: "image/jpeg" }],
  [
    "lossy WebP",
    `${text("RIFF")} 00000000 ${text("WEBPVP8 ")} 00000000 000000 9d012a 8002 e001`,
    { type: "image/webp", width: 640, height: 480 },
  ],
  [
    "lossless WebP",
    `${text("RIFF")} 00000000 ${text("WEBPVP8L")} 00000000 2f 7fc27700`,
    { type: "image/webp", width: 640, height: 480 },
  ],
  [
    "extended WebP",
    `${text("RIFF")} 00000000 ${text("WEBPVP8X")} 00000000 00000000 7f0200 df0100`,
    { type: "image/webp", width: 640, height: 480 },
  ],
  [
    "AVIF",
    `00000020 ${text("ftypavif")} 00000000 00000014 ${text("ispe")} 00000000 00000280 000001e0`,
    { type: "image/avif", width: 640, height: 480 },
  ],
])("reads the size of a %s", (_, hex, picture) => {
  expect(readPicture(fromHex(hex))).toEqual(picture);
});

test("what is none, or is cut off, is none", () => {
  expect(readPicture(new Uint8Array(0))).toBeUndefined();
  expect(readPicture(Uint8Array.from([0x89, 0x50, 0x4e, 0x47]))).toBeUndefined();
  expect(
    readPicture(new TextEncoder().encode("PNG, but only by its words, and long")),
  ).toBeUndefined();
});

test("bytes of any kind behind a good begin do no harm", () => {
  for (let seed = 1; seed < 2000; seed++) {
    const bytes = Uint8Array.from({ length: 64 }, (_, at) => (at * seed * 2654435761) >>> 13);
    bytes.set([0xff, 0xd8, 0xff]);
    expect(readPicture(bytes)?.type).toBe("image/jpeg");
  }
});
