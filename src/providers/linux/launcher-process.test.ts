import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Launcher } from "../../launcher/launcher.ts";
import { sharedLaunchers, singleLaunchers } from "./launcher-process.ts";

const folder = mkdtempSync(join(tmpdir(), "glovebox-launcher-test-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A program in the launcher's place; `tell` speaks on its lane, `onEnd` hears of the end of it. */
function launcherThat(does: string): string {
  const path = join(folder, "launcher.cjs");
  const helpers = `const fs = require("fs");
const lane = new (require("net").Socket)({ fd: 3 });
const frame = (line) => { const head = Buffer.from("s\\0\\0\\0\\0"); head.writeUInt32LE(line.length, 1); return Buffer.concat([head, Buffer.from(line)]); };
const tell = (line) => fs.writeSync(3, frame(line));
const onEnd = (listener) => lane.on("end", listener).on("data", (bytes) => { if (bytes.includes("end")) listener(); });
`;
  writeFileSync(path, `#!${process.execPath}\n${helpers}${does}`);
  chmodSync(path, 0o755);
  return path;
}

const startLauncher = (path: string): Launcher => singleLaunchers(path).start();

test("a launcher that is killed says so, and its last words are heard", async () => {
  const launcher = startLauncher(
    launcherThat(`tell("error no such limit\\n");\nprocess.kill(process.pid, "SIGKILL");`),
  );
  expect(await launcher.nextStatus()).toEqual({ kind: "error", text: "no such limit" });
  expect(await launcher.nextStatus()).toBeUndefined();
  expect(launcher.failure()).toContain("SIGKILL");
  await launcher.end();
});

test.each(["ready", "control x y"])(
  "a launcher that said `%s` ends when asked to",
  async (word) => {
    const launcher = startLauncher(
      launcherThat(`onEnd(() => process.exit(0));\ntell("${word}\\n");`),
    );
    expect(await launcher.nextStatus()).toBeDefined();
    await launcher.end();
    expect(launcher.failure()).toBeUndefined();
  },
);

test("a launcher that can't be started is a failure with its path", async () => {
  const path = join(folder, "missing");
  const launcher = startLauncher(path);
  expect(await launcher.nextStatus()).toBeUndefined();
  expect(launcher.failure()).toContain(`cannot start ${path}`);
  await launcher.end();
});

test("who waits for a word of a launcher that is let go of hears of its end", async () => {
  // Its lane is held open by another process, as by one that is being killed.
  const launcher = startLauncher(
    launcherThat(`require("child_process").spawn("sleep", ["5"], { stdio: ["ignore", "ignore", "ignore", 3] }).unref();
onEnd(() => process.exit(0));`),
  );
  const word = launcher.nextStatus();
  await launcher.end();
  expect(await word).toBeUndefined();
});

describe("a launcher that serves", () => {
  /** Lanes are fd 5 and up; what it says on the leash is that a lane is over. */
  const serving = (onMessage: string): string =>
    launcherThat(`const lane0 = new (require("net").Socket)({ fd: 5 });
lane0.on("data", (bytes) => { const reply = (line) => lane0.write(frame(line)); ${onMessage} });
const over = (number) => { const u32 = Buffer.alloc(4); u32.writeUInt32LE(number); lane.write(u32); };
lane.on("end", () => process.exit(0));
for (let fd = 6; fd < 5 + 128; fd++) { const other = new (require("net").Socket)({ fd }); other.on("data", () => undefined).on("end", () => over(fd - 5)); }`);

  test("has one sandbox after the other on a lane", async () => {
    const launchers = sharedLaunchers(
      serving(`reply(bytes.includes("end") ? "gone\\n" : "ready\\n");`),
    );
    for (let round = 0; round < 3; round++) {
      const launcher = launchers.start();
      launcher.send(Buffer.from("create"));
      expect(await launcher.nextStatus()).toEqual({ kind: "ready" });
      await launcher.end();
      expect(await launcher.nextStatus()).toBeUndefined();
      expect(launcher.failure()).toBeUndefined();
    }
    await launchers.close();
  });

  test("whose process dies is started again, and its sandbox's end is a failure", async () => {
    const launchers = sharedLaunchers(serving(`process.kill(process.pid, "SIGKILL");`));
    for (let round = 0; round < 2; round++) {
      const launcher = launchers.start();
      launcher.send(Buffer.from("create"));
      expect(await launcher.nextStatus()).toBeUndefined();
      expect(launcher.failure()).toContain("SIGKILL");
    }
    await launchers.close();
  });

  test("a lane that breaks is not used again", async () => {
    const launchers = sharedLaunchers(serving(`lane0.destroy(); over(0);`));
    const launcher = launchers.start();
    launcher.send(Buffer.from("create"));
    expect(await launcher.nextStatus()).toBeUndefined();
    expect(launcher.failure()).toContain("before its time");
    await launchers.close();
  });
});
