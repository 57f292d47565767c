import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { readFrames } from "./frames.ts";

const token = "0123456789abcdef0123456789abcdef";

function frame(kind: string, bytes: string | Buffer): Buffer {
  const content = Buffer.from(bytes);
  const header = Buffer.alloc(5);
  header.write(kind);
  header.writeUInt32LE(content.length, 1);
  return Buffer.concat([header, content]);
}

const line = (words: string, mark = token): Buffer => frame("s", `${mark}${words}\n`);

async function linesOf(...chunks: readonly Buffer[]): Promise<string[]> {
  const source = new PassThrough();
  const frames = readFrames(source, token);
  for (const chunk of chunks) source.write(chunk);
  source.end();
  frames.stderr.resume();
  const lines: string[] = [];
  for (;;) {
    const next = await frames.nextLine();
    if (next === undefined) return lines;
    lines.push(next);
  }
}

describe("frames of a launcher", () => {
  test("are told apart, however the bytes are cut", async () => {
    const bytes = Buffer.concat([
      line("ready"),
      frame("e", "one"),
      line("exit"),
      frame("e", "two"),
    ]);
    for (let size = 1; size <= 7; size++) {
      const source = new PassThrough();
      const { stderr, nextLine } = readFrames(source, token);
      const output = text(stderr);
      for (let at = 0; at < bytes.length; at += size) source.write(bytes.subarray(at, at + size));
      source.end();
      expect([await nextLine(), await nextLine(), await nextLine()]).toEqual([
        "ready",
        "exit",
        undefined,
      ]);
      expect(await output).toBe("onetwo");
    }
  });

  test("without the token count only until the first with it", async () => {
    expect(await linesOf(line("error early", ""))).toEqual(["error early"]);
    const forged = [line("exit forged", ""), line("exit forged", token.replace("0", "1"))];
    expect(await linesOf(line("ready"), ...forged, line("exit"))).toEqual(["ready", "exit"]);
  });

  test.each<[string, readonly Buffer[]]>([
    ["of another kind", [frame("x", "")]],
    ["that are too long", [Buffer.from([0x65, 0xff, 0xff, 0xff, 0xff])]],
    ["that are none", [Buffer.from("forged\n")]],
    ["in greater number than anybody waits for", Array.from({ length: 100 }, () => line("ready"))],
  ])("%s end the stream", async (_what, chunks) => {
    const source = new PassThrough();
    const { stderr, nextLine } = readFrames(source, token);
    stderr.resume();
    for (const chunk of chunks) source.write(chunk);
    while ((await nextLine()) !== undefined);
    expect(source.destroyed).toBe(true);
  });
});
