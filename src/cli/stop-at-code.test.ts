import { expect, test } from "vitest";
import { stopAtCode } from "./stop-at-code.ts";

const flags = [
  { short: "-c", long: "--code", required: true },
  { short: "-l", long: "--language", required: true },
  { long: "--network", required: true },
  { short: "-q", long: "--quiet", required: false },
];

test.each<[string, string, string]>([
  ["-l bash -c CODE --network=all", "-l bash -c CODE -- --network=all", "-c"],
  ["-l bash -cCODE -q", "-l bash -cCODE -- -q", "-cCODE"],
  ["--language=bash --code CODE --help", "--language=bash --code CODE -- --help", "--code"],
  ["--code=CODE -l python", "--code=CODE -- -l python", "--code="],
  ["-qc CODE -x", "-qc CODE -- -x", "short flags together"],
  ["-c -c -q", "-c -c -- -q", "code that looks like a flag"],
  ["-l -c FILE -q", "-l -c FILE -q", "a value that looks like the flag"],
  ["-c CODE -- -x", "-c CODE -- -x", "a `--` that is there already"],
  ["-l bash -c CODE", "-l bash -c CODE", "no words after it"],
  ["FILE -c CODE -x", "FILE -c CODE -x", "a FILE before it"],
  ["-- CMD -c CODE -x", "-- CMD -c CODE -x", "a command before it"],
  ["-q FILE", "-q FILE", "no code"],
])("%s becomes %s (%s)", (before, after) => {
  expect(stopAtCode(before.split(" "), flags).join(" ")).toBe(after);
});
