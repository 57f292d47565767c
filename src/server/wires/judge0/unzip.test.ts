import { expect, test } from "vitest";
import { makeZip, type ZipEntry } from "../../../../test/helpers/make-zip.ts";
import { unzip } from "./unzip.ts";

const bounds = { maxFiles: 4, maxFileBytes: 1000, maxBytes: 1500 };

test("files come out with their content, and folders don't", async () => {
  const zip = makeZip([
    { path: "lib/" },
    { path: "lib/a.txt", content: "aaa" },
    { path: "run", content: "echo", mode: 0o100755, method: 0 },
    { path: "plain", content: "", mode: 0o100644 },
  ]);
  const found = await unzip(zip, bounds);
  expect(found).toEqual({
    ok: true,
    files: [
      { path: "lib/a.txt", content: Buffer.from("aaa"), executable: false },
      { path: "run", content: Buffer.from("echo"), executable: true },
      { path: "plain", content: Buffer.alloc(0), executable: false },
    ],
  });
});

const big = Buffer.alloc(900);

test.each<[string, readonly ZipEntry[], RegExp]>([
  ["climbs out", [{ path: "../a" }], /a name that has a part `\.\.`: \.\.\/a/],
  ["is absolute", [{ path: "/etc/passwd" }], /a name that is absolute/],
  ["is a link", [{ path: "a", content: "/etc/passwd", mode: 0o120777 }], /a link or a device: a/],
  ["is a device", [{ path: "a", mode: 0o020644 }], /a link or a device/],
  ["is a folder that is none", [{ path: "a/", mode: 0o100644 }], /a link or a device/],
  ["is there twice", [{ path: "a" }, { path: "a" }], /has a twice/],
  ["is encrypted", [{ path: "a", says: { flags: 1 } }], /is encrypted: a/],
  ["is compressed otherwise", [{ path: "a", method: 12 }], /another way than deflate/],
  ["is too large", [{ path: "a", content: Buffer.alloc(1001) }], /more than 1000 bytes: a/],
  ["says that it is huge", [{ path: "a", says: { bytes: 0xfffffffe } }], /more than 1000 bytes/],
  ["holds more than it says", [{ path: "a", content: big, says: { bytes: 3 } }], /is broken: a/],
  ["holds less than it says", [{ path: "a", content: "a", says: { bytes: 3 } }], /is broken: a/],
  ["has another sum", [{ path: "a", content: "a", says: { crc: 1 } }], /is broken: a/],
  ["has too many files", ["a", "b", "c", "d", "e"].map((path) => ({ path })), /more than 4 files/],
  [
    "is too large with others",
    [
      { path: "a", content: big },
      { path: "b", content: big },
    ],
    /has 1800 bytes unpacked, more than 1500/,
  ],
  ["has far too many", Array.from({ length: 9 }, (_, at) => ({ path: `${at}` })), /9 entries/],
])("a file that %s is refused", async (_name, entries, reason) => {
  expect(await unzip(makeZip(entries), bounds)).toEqual({
    ok: false,
    reason: expect.stringMatching(reason) as unknown,
  });
});

test("what is no zip, or only a part of one, is refused", async () => {
  const zip = makeZip([{ path: "lib/a.txt", content: "aaa".repeat(50) }]);
  for (let length = 0; length < zip.byteLength; length++) {
    expect(await unzip(zip.subarray(0, length), bounds)).toMatchObject({ ok: false });
    expect(await unzip(zip.subarray(zip.byteLength - length), bounds)).toMatchObject({ ok: false });
  }
});

test("no byte of a zip makes it anything but files or a refusal", async () => {
  const zip = makeZip([{ path: "a.txt", content: "aaaa" }, { path: "b" }]);
  for (let at = 0; at < zip.byteLength; at++) {
    for (const value of [0, 0x7f, 0xff]) {
      const changed = Buffer.from(zip);
      changed[at] = value;
      expect(typeof (await unzip(changed, bounds)).ok).toBe("boolean");
    }
  }
});
