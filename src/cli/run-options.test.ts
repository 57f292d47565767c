import { describe, expect, test } from "vitest";
import { parseRunOptions, type RawRunOptions, type RunOptions } from "./run-options.ts";

const callerEnv = { TOKEN: "s3cret", EMPTY: "" };

describe("the flags of `glovebox run`", () => {
  test.each<[RawRunOptions, Partial<RunOptions>]>([
    [{}, { provider: "auto", enforcement: "strict", report: "live" }],
    [{}, { onOutputLimit: "truncate", verbosity: "normal", env: {} }],
    [{ onOutputLimit: "kill" }, { onOutputLimit: "kill" }],
    [{ enforcement: "best-effort" }, { enforcement: "best-effort" }],
    [{ provider: "process", enforcement: "best-effort" }, { provider: "process" }],
    [{ image: "python:3" }, { provider: "docker", image: "python:3" }],
    [{ image: "alpine" }, { image: "alpine:latest" }],
    [{ image: "ghcr.io/acme/tool" }, { image: "ghcr.io/acme/tool" }],
    [{ env: ["A=1", "B=x=y", "C="] }, { env: { A: "1", B: "x=y", C: "" } }],
    [{ env: ["A=1", "A=2"] }, { env: { A: "2" } }],
    [{ env: ["TOKEN", "EMPTY"] }, { env: { TOKEN: "s3cret", EMPTY: "" } }],
    [{ quiet: true }, { verbosity: "quiet" }],
    [{ verbose: true }, { verbosity: "verbose" }],
    [{ json: true }, { report: "json" }],
  ])("%j means %j", (raw, expected) => {
    expect(parseRunOptions(raw, callerEnv)).toMatchObject(expected);
  });

  test.each<[RawRunOptions, Partial<RunOptions["asking"]>]>([
    [{}, { network: undefined, files: undefined, asker: { kind: "auto" }, report: false }],
    [{ network: "all" }, { network: "all" }],
    [
      { network: "ask", files: "none" },
      { network: "ask", files: "none" },
    ],
    [{ ask: "broker:/run/b.sock" }, { asker: { kind: "broker", path: "/run/b.sock" } }],
    [{ learn: "p.yaml" }, { asker: { kind: "never" }, learn: "p.yaml" }],
    [{ askTimeout: "2m" }, { askTimeoutMs: 120_000 }],
  ])("%j asks as %j", (raw, expected) => {
    expect(parseRunOptions(raw, callerEnv).asking).toMatchObject(expected);
  });

  test.each<[RawRunOptions, RegExp]>([
    [{ network: "some" }, /--network: `some` is unknown. Allowed: none, ask, all\./],
    [{ files: "some" }, /--files: `some` is unknown. Allowed: none, ask\./],
    [{ ask: "me" }, /--ask: `me` is unknown. Allowed: auto, tty, never, broker:SOCKET\./],
    [{ askTimeout: "10" }, /--ask-timeout: `10` is no time. Write a number and a unit/],
    [{ askTimeout: "0s" }, /--ask-timeout: `0s` is no time/],
    [{ askEnv: ["1A"] }, /--ask-env: `1A` is not the name of a variable/],
    [{ learn: "p.yaml", ask: "tty" }, /--learn: asks nobody/],
    [
      { provider: "vm" },
      /--provider: `vm` is unknown. Allowed: auto, linux, docker, process, remote, lambda\./,
    ],
    [{ image: "a b" }, /--image: `a b` is not an image like python:3/],
    [{ image: "a:1", provider: "process" }, /--image: is of no use with `--provider process`/],
    [{ provider: "process" }, /--provider: `process` isolates nothing.*--enforcement best-effort/],
    [{ enforcement: "lax" }, /--enforcement: `lax` is unknown. Allowed: strict, best-effort\./],
    [{ onOutputLimit: "stop" }, /--on-output-limit: `stop`.*Allowed: truncate, kill\./],
    [{ env: ["1A=x"] }, /--env: `1A` is not a name/],
    [{ env: ["=x"] }, /--env: `` is not a name/],
    [{ env: ["NOT_SET"] }, /--env: `NOT_SET` is not set in your environment/],
    [{ json: true, output: "none" }, /--output: `none` is too much.*up to 64MiB/],
    [{ json: true, output: "1GiB" }, /--output: `1GiB` is too much/],
    [{ out: "" }, /--out: is empty\. Name a folder\./],
    [{ quiet: true, verbose: true }, /--quiet: can't be used together with --verbose/],
  ])("%j is refused in words that help", (raw, message) => {
    expect(() => parseRunOptions(raw, callerEnv)).toThrow(message);
  });

  test("keep a bounded output for a JSON document", () => {
    expect(parseRunOptions({ json: true }, {}).limits.outputBytes).toBe(16 * 1024 ** 2);
    expect(parseRunOptions({ json: true, output: "1KiB" }, {}).limits.outputBytes).toBe(1024);
  });
});
