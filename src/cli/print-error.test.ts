import { describe, expect, test } from "vitest";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import { errorDocument, exitCodeOfError, formatError } from "./print-error.ts";

const notInstalled = new GloveboxError("LANGUAGE_NOT_INSTALLED", "c is not installed", {
  language: "c",
  hint: "Run apt-get install gcc.",
});

describe("a failure", () => {
  test.each<[unknown, string, number]>([
    [invalidRequest("--cpu", "`x` is bad. Write 1s."), "--cpu: `x` is bad. Write 1s.", 2],
    [notInstalled, "c is not installed. Run apt-get install gcc.", 125],
    [new Error("a\u001b[2Jb"), "a\\x1b[2Jb. This is a fault of Glovebox: run it again with", 125],
    ["text", "text. This is a fault of Glovebox", 125],
  ])("%s is one line and an exit code", (error, line, exitCode) => {
    const text = formatError(error, "normal");
    expect(text).toContain(`glovebox: ${line}`);
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(exitCodeOfError(error)).toBe(exitCode);
  });

  test("says its hint once", () => {
    const hint = "Run `glovebox doctor`.";
    const error = new GloveboxError("PROVIDER_UNAVAILABLE", `no user namespaces. ${hint}`, {
      provider: "linux",
      hint,
    });
    expect(formatError(error, "normal")).toBe(`glovebox: no user namespaces. ${hint}\n`);
  });

  test("shows code, trace and causes when it is asked to", () => {
    const cause = new Error("EACCES: /sys");
    const details = { provider: "linux", step: "cgroup" };
    const error = new GloveboxError("SANDBOX_FAILED", "no cgroup", details, { cause });
    const text = formatError(error, "verbose");
    expect(text).toContain("  code: SANDBOX_FAILED\n");
    expect(text).toContain("  cause: EACCES: /sys\n");
    expect(text).toMatch(/\n {4}at .*print-error\.test\.ts/);
  });

  test("is a document for programs", () => {
    expect(errorDocument(notInstalled)).toEqual({
      error: {
        code: "LANGUAGE_NOT_INSTALLED",
        message: "c is not installed",
        details: { language: "c", hint: "Run apt-get install gcc." },
      },
      exit_code: 125,
    });
  });
});
