/**
 * @module
 * Flags of runs that ask nobody: what they give, and what is said at the end.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";
import { openTestTerminal } from "../helpers/terminal.ts";
import {
  openWorld,
  runToItsEnd,
  worldUsers,
  type AskingWorld,
  type Ended,
} from "./asking-fixture.ts";

const gap = skipUnless("linux", ownNetworkGap());

/** Keys in the first half second of a question are not for it. */
const GUARD_MS = 600;

describe.skipIf(gap !== undefined).each(worldUsers)("flags of %s's runs", (user) => {
  let world: AskingWorld;
  beforeAll(async () => {
    world = await openWorld(user);
  });
  afterAll(async () => {
    await world.close();
  });

  const run = (flags: readonly string[], script: string): Promise<Ended> =>
    runToItsEnd([...world.cli, "run", ...flags, "--", "bash", "-c", script], {
      ...world.env,
      MINE: "of-mine",
    });
  const readKeys = "cat ~/.aws/credentials";

  test.runIf(process.getuid?.() === 0)(
    "files are asked about wherever its user may open /dev/fuse, also where that is root alone",
    async () => {
      const { enter } = world.network;
      const asUdevless = [
        "mount -t tmpfs none /mnt && mknod -m 600 /mnt/fuse c 10 229",
        'mount --bind /mnt/fuse /dev/fuse && exec "$@"',
      ].join(" && ");
      const { stderr } = await runToItsEnd(
        [
          ...[...enter, "unshare", "--mount", "sh", "-c", asUdevless, "sh"],
          ...world.cli.slice(enter.length),
          ...["run", "--files", "ask", "--ask", "never", "--report", "--", "bash", "-c", readKeys],
        ],
        world.env,
      );
      if (user === "root") expect(stderr).toMatch(/denied +cat: read .*credentials/);
      else expect(stderr).toContain("let this user open it: as root `modprobe fuse; chmod 666");
    },
  );

  test("what was answered before is learned all the same, and holds for nobody meanwhile", async () => {
    const terminal = openTestTerminal([...world.cli, "run", "--", "bash", "-c", readKeys], {
      env: world.env,
    });
    try {
      await terminal.until("more >");
      await new Promise((resolve) => setTimeout(resolve, GUARD_MS));
      terminal.type("a");
      await terminal.until("aws_access_key_id");
      expect(await terminal.ended).toBe(0);
    } finally {
      terminal.kill();
    }
    expect((await run(["--ask", "never"], readKeys)).stdout).toContain("aws_access_key_id");
    const learned = join(world.home, "learned.yaml");
    const { stdout } = await run(["--learn", learned], readKeys);
    expect(stdout).toBe("");
    expect(readFileSync(learned, "utf8")).toContain("~/.aws/credentials");
  });

  test("a report says what was denied, and what would allow it", async () => {
    const { stderr } = await run(
      ["--ask", "never", "--report"],
      "curl -sS http://www.example.com/",
    );
    expect(stderr).toMatch(/denied +curl: connect to www.example.com:80 +\[nobody to ask\]/);
    expect(stderr).toContain("  --allow-net=www.example.com:80 ");
  });

  test("a host that does not exist is told", async () => {
    const flags = ["--ask", "never", "--allow-net", "no-such-host.example"];
    const { stderr } = await run(flags, "curl -sS http://no-such-host.example/");
    expect(stderr).toMatch(/glovebox: (there is no host|no address) of .*no-such-host\.example/);
  });

  test("an allowed variable is given, one that is not set is left out", async () => {
    const flags = ["--ask", "never", "--allow-env", "MINE", "--allow-env", "NOT_SET"];
    const { stdout } = await run(flags, "echo $MINE ${NOT_SET-nothing}");
    expect(stdout).toBe("of-mine nothing\n");
  });

  test("an allowed file that is not there is told", async () => {
    const { stderr, exitCode } = await run(["--ask", "never", "--allow-read", "/nowhere"], "true");
    expect([stderr, exitCode]).toEqual([
      "glovebox: --allow-read=/nowhere: there is nothing of this name\n",
      0,
    ]);
  });

  test("a question stays whole while a note waits for its answer", async () => {
    const script = `for i in $(seq 30); do (curl -sS -m 5 http://h$i.example.com/ &) ; done; wait; sleep 2`;
    const terminal = openTestTerminal([...world.cli, "run", "--", "bash", "-c", script], {
      env: world.env,
    });
    try {
      await terminal.until("more >");
      await new Promise((resolve) => setTimeout(resolve, 2 * GUARD_MS));
      expect(terminal.shown()).not.toContain("asks too much");
      terminal.type("\u0003\u0003");
      await terminal.until("asks too much");
    } finally {
      terminal.kill();
    }
  });
});
