import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { skipUnless } from "../helpers/require.ts";
import { linuxGap, program, startCli } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap());
const fullDisk = "/dev/full";
const unsafe = ["--provider", "process", "--enforcement", "best-effort", "--quiet"];

describe("a reader that went away", () => {
  /** The command's exit code and stderr; the reader of its stdout is gone before it writes. */
  async function runUnread(args: readonly string[]): Promise<[number | null, string]> {
    const child = startCli(args);
    child.stdout.destroy();
    child.stdin.end();
    const [[exitCode], stderr] = await Promise.all([
      once(child, "close") as Promise<[number | null]>,
      text(child.stderr),
    ]);
    return [exitCode, stderr];
  }

  test.each<[number, string[]]>([
    [0, ["--help"]],
    [0, ["--version"]],
    [0, ["run", "--help"]],
    [0, ["help", "serve"]],
    [0, ["languages", "--provider", "process"]],
    [1, ["doctor", "--provider", "process"]],
    [3, ["run", "--json", ...unsafe, "-l", "bash", "-c", "exit 3"]],
    [141, ["run", ...unsafe, "-l", "bash", "-c", "while echo more; do :; done"]],
    [2, ["run", "--json", "nowhere.py"]],
  ])("leaves the exit code %i, and no word, to %j", async (expected, args) => {
    const [exitCode, stderr] = await runUnread(args);
    expect(exitCode).toBe(expected);
    // A failure is still told, in one line.
    expect(stderr).toMatch(expected === 2 ? /^glovebox: FILE: .*\n$/ : /^$/);
  });

  test.skipIf(gap !== undefined)("is no fault of the linux provider either", async () => {
    expect(await runUnread(["doctor"])).toEqual([expect.any(Number), ""]);
    expect(await runUnread(["languages"])).toEqual([0, ""]);
  });
});

test.skipIf(!existsSync(fullDisk)).each([[["--help"]], [["languages", "--provider", "process"]]])(
  "output of %j that is lost on a full disk is told, with exit code 125",
  async (args) => {
    const script = `exec "$0" "$@" > ${fullDisk}`;
    const child = spawn("sh", ["-c", script, process.execPath, program, ...args], {
      env: { ...process.env, GLOVEBOX_NO_BUILD: "1" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const closed = once(child, "close");
    const stderr = await text(child.stderr);
    expect(stderr).toBe("glovebox: stdout can't be written (ENOSPC): output is lost.\n");
    expect(await closed).toEqual([125, null]);
  },
);
