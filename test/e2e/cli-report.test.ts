import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { skipUnless } from "../helpers/require.ts";
import { glovebox, linuxGap, resultOf, startCli, untilText } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap());

describe.skipIf(gap !== undefined)(`glovebox run --json${gap ? ` (${gap})` : ""}`, () => {
  const run = async (
    ...args: string[]
  ): Promise<{ exitCode: number | null; document: unknown }> => {
    const { exitCode, stdout } = await glovebox(["run", "--json", ...args]);
    return { exitCode, document: JSON.parse(stdout) };
  };

  test("prints one document with output, outcome and usage", async () => {
    const code = "echo out; echo err >&2; exit 3";
    const { exitCode, document } = await run("-l", "bash", "-c", code);
    expect(exitCode).toBe(3);
    expect(document).toMatchObject({
      language: "bash",
      run: {
        stdout: "out\n",
        stdout_encoding: "utf8",
        stderr: "err\n",
        exit_code: 3,
        signal: null,
        outcome: "exited",
        truncated: false,
        usage: { wall_ms: expect.any(Number) as number },
      },
      enforcement: { files: { level: "enforced" }, wall_time: { level: "enforced" } },
      exit_code: 3,
    });
    expect(document).not.toHaveProperty("compile");
  });

  test("has bytes that are no UTF-8 as base64", async () => {
    const { document } = await run("-l", "bash", "-c", "printf '\\377\\000'");
    expect(document).toMatchObject({ run: { stdout: "/wA=", stdout_encoding: "base64" } });
  });

  test.each<[string[], number, Record<string, unknown>]>([
    [["-l", "bash", "-c", "kill -SEGV $$"], 139, { outcome: "signaled", signal: "SIGSEGV" }],
    [["--timeout", "100ms", "-l", "bash", "-c", "sleep 9"], 124, { outcome: "wall_time" }],
    [["--output", "3", "-l", "bash", "-c", "echo 12345"], 0, { stdout: "123", truncated: true }],
  ])("of %j ends with %i and says %j", async (args, expected, phase) => {
    const { exitCode, document } = await run(...args);
    expect(exitCode).toBe(expected);
    expect(document).toMatchObject({ run: phase, exit_code: expected });
  });

  test("has no run where compiling failed", async () => {
    const { exitCode, document } = await run("-l", "c", "-c", "int main(void) { return x; }");
    expect(exitCode).toBe(1);
    expect(document).toMatchObject({ compile: { exit_code: 1 }, run: null, exit_code: 1 });
  });
});

describe("glovebox doctor", () => {
  test("names every control that process misses, and ends with 1", async () => {
    const { exitCode, stdout } = await glovebox(["doctor", "--provider", "process"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^provider process, Linux \S+, user /);
    expect(stdout).toMatch(/^✗ {2}network +missing/m);
    expect(stdout).toMatch(/^~ {2}wallTime +weaker/m);
  });

  test.skipIf(gap !== undefined)("has the same as JSON, and an exit code to match", async () => {
    const { exitCode, stdout } = await glovebox(["doctor", "--json"]);
    const report = JSON.parse(stdout) as { ok: boolean; provider: string; kernel: string };
    expect(report).toMatchObject({ provider: "linux", available: true });
    expect(exitCode).toBe(report.ok ? 0 : 1);
  });
});

describe.skipIf(gap !== undefined)("glovebox languages", () => {
  test("lists the languages with what is installed", async () => {
    const { exitCode, stdout } = await glovebox(["languages", "--json"]);
    const { languages } = JSON.parse(stdout) as {
      languages: { id: string; version: string }[];
    };
    expect(exitCode).toBe(0);
    // A slow version command may be told by one call and not by the other: these are quick.
    const quick = ["bash", "c", "cpp", "javascript", "python"];
    const listed = languages.filter(({ id }) => quick.includes(id));
    expect(listed.map(({ id }) => id)).toEqual(quick);
    const table = (await glovebox(["languages"])).stdout;
    for (const { id, version } of listed) {
      expect(version).toMatch(/^\d/);
      expect(table).toMatch(new RegExp(`^${id} .*${version}`, "m"));
    }
  });
});

describe.skipIf(gap !== undefined)("glovebox serve", () => {
  test.each<NodeJS.Signals>(["SIGINT", "SIGTERM"])(
    "answers at the address that it prints, and stops at %s",
    async (signal) => {
      const child = startCli(["serve", "--port", "0", "--log-level", "silent"]);
      const result = resultOf(child);
      const greeting = await untilText(child.stdout, "curl");
      const [, url = ""] = /listens on (\S+)/.exec(greeting) ?? [];
      const answer = await fetch(`${url}/v1/execute`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ language: "bash", code: "echo $((6 * 7))" }),
      });
      expect(await answer.json()).toMatchObject({ run: { stdout: "42\n", exit_code: 0 } });
      const exit = once(child, "exit");
      child.kill(signal);
      expect(await exit).toEqual([0, null]);
      // What this host lacks is told at the start, and nothing is told at the end.
      expect((await result).stderr).toMatch(/^(glovebox: warning: not enforced here: .*\n)?$/);
    },
  );
});

describe("the process provider", () => {
  const flags = ["--provider", "process", "--enforcement", "best-effort"];

  test("warns in one line that it isolates nothing", async () => {
    const result = await glovebox(["run", ...flags, "-l", "bash", "-c", "echo ran"]);
    expect(result).toMatchObject({ exitCode: 0, stdout: "ran\n" });
    expect(result.stderr).toMatch(
      /^glovebox: warning: the `process` provider isolates nothing.*\n$/,
    );
  });
});
