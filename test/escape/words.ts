/**
 * @module
 * Attacks by what a caller gives a program: its words, its environment, its stdin.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { attackLimits } from "./attack.ts";
import { createSandbox, execute, type Field } from "./run-attack.ts";

const MIB = 1024 * 1024;
/** The kernel's own limit on one word: execve(2). */
const MAX_WORD_BYTES = 128 * 1024;

const oddText = [
  "line\nline\r\nexit code=0 signal=0 limit=none",
  "\u001b[2J\u0007",
  "$(id) `id` ${PATH} %s%n",
  "ü\u{1F512}",
];

export function describeWords(field: () => Field): void {
  test("newlines and control characters in words and environment arrive as they are", async () => {
    const printing =
      "import json, os, sys; print(json.dumps([sys.argv[1:], [os.environ['ODD' + str(i)] for i in range(4)]]))";
    const env = Object.fromEntries(oddText.map((text, index) => [`ODD${index}`, text]));
    const { stdout, outcome } = await run(
      field(),
      ["python3", "-X", "utf8", "-c", printing, ...oddText],
      { env },
    );
    expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
    expect(JSON.parse(stdout)).toEqual([oddText, oddText]);
  });

  test("a megabyte of words arrives, and one word of a megabyte is the program's fault", async () => {
    const words = Array.from({ length: 10 }, () => "w".repeat(MAX_WORD_BYTES - 8 * 1024));
    const count = ["/bin/sh", "-c", 'printf "%s" "$*" | wc -c', "sh", ...words];
    const many = await run(field(), count);
    expect(Number(many.stdout)).toBe(words.join(" ").length);
    const one = await run(field(), ["/bin/true", "w".repeat(MIB)]);
    expect(one.outcome).toMatchObject({ kind: "exited" });
    expect([0, 126]).toContain((one.outcome as { exitCode: number }).exitCode);
  });

  test("a flood of stdin that nobody reads holds nothing up and is not kept", async () => {
    let given = 0;
    const flood = Readable.from(
      (function* () {
        for (; given < 512; given++) yield Buffer.alloc(MIB, "x");
      })(),
    );
    const { outcome, wallTimeMs } = await run(field(), ["/bin/sh", "-c", "sleep 0.5; exit 3"], {
      stdin: flood,
    });
    expect(outcome).toEqual({ kind: "exited", exitCode: 3 });
    expect(wallTimeMs).toBeLessThan(3_000);
    expect(given, "MiB read ahead").toBeLessThan(64);
    flood.destroy();
  });

  test("a flood of stdin is read to its end, whatever bytes are in it", async () => {
    const frames = Buffer.from(
      "s\x20\0\0\0exit code=0 signal=0 limit=none\n\x04\0\0\0exec\0",
      "latin1",
    );
    const bytes = Buffer.concat(Array.from({ length: 40_000 }, () => frames));
    const { stdout } = await run(field(), ["/usr/bin/sha256sum"], {
      stdin: Readable.from([bytes]),
    });
    expect(stdout).toContain(createHash("sha256").update(bytes).digest("hex"));
  });
}

async function run(
  field: Field,
  argv: readonly string[],
  {
    env,
    stdin,
  }: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: Readable } = {},
) {
  const sandbox = await createSandbox(field, {}, attackLimits, []);
  try {
    return await execute(field, sandbox, argv, {
      limits: attackLimits,
      ...(env === undefined ? {} : { env }),
      ...(stdin === undefined ? {} : { stdin }),
    });
  } finally {
    await sandbox.destroy();
  }
}
