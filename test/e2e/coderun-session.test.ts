/**
 * @module
 * The first session of coderun's README, under its own name: a Bash script, a file of the home that is
 * asked about, a connection that is asked about. With our words.
 */
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";
import { openTestTerminal, type TestTerminal } from "../helpers/terminal.ts";
import { openWorld, worldUsers, type AskingWorld } from "./asking-fixture.ts";
import { program } from "./cli-fixture.ts";

const gap = skipUnless("linux", ownNetworkGap());

/** Keys in the first half second of a question are not for it. */
const GUARD_MS = 600;

const script = `#!/bin/bash
head -1 ~/.aws/credentials
curl -sS -m 20 http://www.example.com/
curl -sS -m 20 http://api.example.com/
`;

describe.skipIf(gap !== undefined).each(worldUsers)("coderun's session as %s", (user) => {
  let world: AskingWorld;
  const open: TestTerminal[] = [];

  beforeAll(async () => {
    world = await openWorld(user);
    world.write("project/test.sh", script, 0o755);
  });
  afterAll(async () => {
    for (const terminal of open) terminal.kill();
    await world.close();
  });

  const coderun = (...args: readonly string[]): TestTerminal => {
    const name = join(dirname(program), "coderun");
    const words = world.cli.map((word) => (word === program ? name : word));
    const terminal = openTestTerminal([...words, ...args], { env: world.env });
    open.push(terminal);
    return terminal;
  };
  const answer = async (terminal: TestTerminal, question: string, key: string): Promise<void> => {
    await terminal.until(question);
    await terminal.until(/\[\?\] more > ?/);
    await new Promise((resolve) => setTimeout(resolve, GUARD_MS));
    terminal.type(key);
  };
  const answerAll = async (terminal: TestTerminal): Promise<void> => {
    const asks = (name: string): string => `glovebox: ${name} (from: ./test.sh) wants to`;
    await answer(terminal, `${asks("head")} read ~/.aws/credentials (AWS access keys)`, "y");
    await terminal.until("[default]");
    await answer(terminal, `${asks("curl")} connect to www.example.com:80`, "y");
    await terminal.until("hello from www.example.com");
    await answer(terminal, `${asks("curl")} connect to api.example.com:80`, "n");
    await terminal.until("curl: (7)");
  };

  test("`coderun -- ./test.sh`", async () => {
    const terminal = coderun("--", "./test.sh");
    await answerAll(terminal);
    expect(await terminal.ended).toBe(7);
    expect(terminal.shown()).not.toContain("AKIA");
    expect(world.received()).toBe("93.184.216.34:80 GET /\n");
  });

  test("`coderun`, and the script at its prompt", async () => {
    const terminal = coderun();
    await terminal.until("» ");
    terminal.type("./test.sh\r");
    await answerAll(terminal);
    await terminal.until("» ");
    terminal.type("echo $?\r");
    await terminal.until("7\n");
    terminal.type("bye\r");
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown()).not.toContain("AKIA");
  });
});
