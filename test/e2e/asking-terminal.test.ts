/**
 * @module
 * `glovebox run` on a terminal: the session of coderun's README, with our words.
 */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";
import { openTestTerminal, type TestTerminal } from "../helpers/terminal.ts";
import { openWorld, worldUsers, type AskingWorld } from "./asking-fixture.ts";

const gap = skipUnless("linux", ownNetworkGap());

/** Keys in the first half second of a question are not for it. */
const GUARD_MS = 600;

const sessionScript = `#!/bin/bash
echo hello
curl -sS -m 20 http://www.example.com/one
curl -sS -m 20 http://api.example.com/two
cat ~/.aws/credentials
echo bye
`;

describe.skipIf(gap !== undefined).each(worldUsers)("asked on a terminal as %s", (user) => {
  let world: AskingWorld;
  const open: TestTerminal[] = [];

  beforeAll(async () => {
    world = await openWorld(user);
    world.write("project/test.sh", sessionScript, 0o755);
  });
  afterAll(async () => {
    for (const terminal of open) terminal.kill();
    await world.close();
  });

  const run = (...args: readonly string[]): TestTerminal => {
    const terminal = openTestTerminal([...world.cli, "run", ...args], { env: world.env });
    open.push(terminal);
    return terminal;
  };
  /** Waits for the question and answers it as a person would, after having read it. */
  const answer = async (terminal: TestTerminal, question: string | RegExp, key: string) => {
    await terminal.until(question);
    await terminal.until(/\[\?\] more > ?/);
    await new Promise((resolve) => setTimeout(resolve, GUARD_MS));
    terminal.type(key);
  };

  test("each connection and each file is asked about while the script waits", async () => {
    const terminal = run("./test.sh");
    await terminal.until("hello");
    const asks = "glovebox: curl (from: ./test.sh) wants to";
    await answer(terminal, `${asks} connect to www.example.com:80`, "y");
    await terminal.until("allowed once");
    await terminal.until("hello from www.example.com");
    await answer(terminal, `${asks} connect to api.example.com:80`, "n");
    await terminal.until("denied");
    await terminal.until("curl: (7)");
    const read = "glovebox: cat (from: ./test.sh) wants to read ~/.aws/credentials";
    await answer(terminal, read, "s");
    await terminal.until("allowed in this run");
    await terminal.until("AKIAEXAMPLE");
    await terminal.until("bye");
    await terminal.until("--allow-net=api.example.com:80");
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown()).toContain("(AWS access keys)");
    expect(world.received()).toBe("93.184.216.34:80 GET /one\n");
  });

  test("no is no error of the program's: it gets EACCES, and nothing of the file", async () => {
    const terminal = run(
      "--network",
      "none",
      "-l",
      "bash",
      "-c",
      "cat ~/.aws/credentials; echo $?",
    );
    await answer(terminal, "wants to read ~/.aws/credentials", "\u001b");
    await terminal.until("Permission denied");
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown()).not.toContain("AKIA");
  });

  test("its time stands still while it is asked about, and goes on afterwards", async () => {
    const script = "curl -sS http://www.example.com/; cat ~/.aws/credentials; echo after; sleep 30";
    const terminal = run("--timeout", "1200ms", "-l", "bash", "-c", script);
    for (const question of ["connect to www.example.com:80", "read ~/.aws/credentials"]) {
      await terminal.until(question);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      terminal.type("s");
    }
    await terminal.until("after");
    await terminal.until("ran longer than 1200ms");
    expect(await terminal.ended).toBe(124);
  });

  test("an answer for always is not asked for again in this project, and can be taken back", async () => {
    const first = run("./test.sh");
    await answer(first, "connect to www.example.com:80", "a");
    await first.until("always");
    await answer(first, "connect to api.example.com:80", "n");
    await answer(first, "read ~/.aws/credentials", "n");
    expect(await first.ended).toBe(0);
    const second = run("./test.sh");
    await second.until("hello from www.example.com");
    await answer(second, "connect to api.example.com:80", "n");
    await answer(second, "read ~/.aws/credentials", "n");
    expect(await second.ended).toBe(0);
    expect(second.shown()).not.toContain("wants to connect to www.example.com");
  });

  test("the words of coderun and dockersnitch are understood", async () => {
    const script = "curl -sS http://evil.example.net/; cat ~/.aws/credentials";
    const terminal = run("-l", "bash", "-c", script);
    await answer(terminal, "connect to evil.example.net:80", "b\n");
    await answer(terminal, "read ~/.aws/credentials", "yes\n");
    await terminal.until("AKIAEXAMPLE");
    expect(await terminal.ended).toBe(0);
  });

  test("a key that was typed before the question is the program's, not the answer", async () => {
    const script =
      "sleep 0.5; curl -sS -m 5 http://evil.example.net/; read -r line; echo got:$line";
    const terminal = run("-l", "bash", "-c", script);
    terminal.type("y\ny\n");
    await terminal.until("connect to evil.example.net:80");
    await new Promise((resolve) => setTimeout(resolve, GUARD_MS));
    terminal.type("n");
    await terminal.until("got:y");
    expect(await terminal.ended).toBe(0);
    expect(world.received()).not.toContain("93.184.216.66");
  });

  test.each([
    ["at all addresses", "python3 -u -m http.server 8123 --bind 0.0.0.0"],
    ["at its loopback, as flask's and rails' servers do", "php -S 127.0.0.1:8123 -t ."],
  ])("a port that it listens on %s can be reached once that was allowed", async (_, server) => {
    const terminal = run(
      "-l",
      "bash",
      "-c",
      `echo hi > index.html; ${server} & sleep 0.3; echo goes on; wait`,
    );
    await answer(terminal, "listens on port 8123", "y");
    await terminal.until("http://127.0.0.1:8123 leads to port 8123 inside");
    const fetch = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}"];
    const args = [...world.network.enter, ...fetch, "http://127.0.0.1:8123/"];
    expect(execFileSync("env", args, { encoding: "utf8" })).toBe("200");
    expect(terminal.shown()).toContain("goes on");
    terminal.type("\u0003");
    await terminal.ended;
  });

  test("Ctrl-C on a question is no, and the program's signal", async () => {
    const script = "trap 'echo trapped; exit 5' INT; cat ~/.aws/credentials; echo never";
    const terminal = run("-l", "bash", "-c", script);
    await answer(terminal, "read ~/.aws/credentials", "\u0003");
    await terminal.until("trapped");
    expect(await terminal.ended).toBe(5);
    expect(terminal.shown()).not.toContain("AKIA");
  });
});
