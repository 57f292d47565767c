/**
 * @module
 * Commands that get a terminal instead of pipes.
 */
import { PassThrough, Readable } from "node:stream";
import { expect } from "vitest";
import { execIn, python, runOnce, sh, waitForOutput, withSandbox } from "./harness.ts";
import type { Suite } from "./harness.ts";

const tty = { columns: 91, rows: 17 };

export function describeTerminals(suite: Suite): void {
  const { must } = suite;
  must(
    "a program with a terminal has one on all three streams, of the size asked for",
    async () => {
      const script = "test -t 0 && test -t 1 && test -t 2 && stty size && echo err >&2";
      const { text, stderr, outcome } = await runOnce(suite, sh(script), { tty });
      expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
      expect(text).toBe("17 91\r\nerr\r\n");
      expect(stderr.byteLength).toBe(0);
    },
  );

  must("a program without one has pipes", async () => {
    const { outcome } = await runOnce(suite, sh("test -t 0 || test -t 1 || test -t 2"));
    expect(outcome).toEqual({ kind: "exited", exitCode: 1 });
  });

  must("a terminal can be opened anew, as /dev/tty and by its name", async () => {
    const script = "echo one > /dev/tty; echo two > $(tty); (echo three > /dev/stdout)";
    const { text } = await runOnce(suite, sh(script), { tty });
    expect(text).toBe("one\r\ntwo\r\nthree\r\n");
  });

  must("what is typed comes echoed, and the end of the input is Ctrl-D", async () => {
    const stdin = Readable.from(["typed\n"]);
    const { text, outcome } = await runOnce(suite, sh("read line; echo got $line; cat"), {
      tty,
      stdin,
    });
    expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
    expect(text.replace("^D\b\b", "")).toBe("typed\r\ngot typed\r\n");
  });

  must("Ctrl-C on a terminal interrupts the program", async () => {
    const stdin = new PassThrough();
    const { seen, onOutput } = waitForOutput("ready");
    const running = runOnce(suite, sh("echo ready; sleep 20"), { tty, stdin, onOutput });
    await seen;
    // As a person does: a shell that is about to start its child may not listen the first time.
    const typing = setInterval(() => stdin.write("\u0003"), 300);
    const { outcome } = await running.finally(() => {
      clearInterval(typing);
    });
    expect(outcome).toEqual({ kind: "signaled", signal: "SIGINT" });
  });

  must("a program is told when its terminal changes its size", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      const script = `
import os, signal
def tell(word): os.write(1, ("%s %d %d\\n" % (word, *os.get_terminal_size())).encode())
signal.signal(signal.SIGWINCH, lambda *_: tell("now") or os._exit(0))
tell("ready")
while True: signal.pause()
`;
      const { seen, onOutput } = waitForOutput("ready");
      const running = execIn(suite, sandbox, python(script), { tty, onOutput });
      await seen;
      sandbox.resize({ columns: 120, rows: 40 });
      expect((await running).text).toBe("ready 91 17\r\nnow 120 40\r\n");
    });
  });

  must(
    "all output of a program with a terminal comes, also that of one that ends at once",
    async () => {
      const { text } = await runOnce(suite, sh("seq 20000"), { tty });
      expect(text.split("\r\n").length).toBe(20_001);
    },
  );

  must("a command with a terminal can follow one without, and the other way round", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      expect((await execIn(suite, sandbox, sh("echo a"))).text).toBe("a\n");
      expect((await execIn(suite, sandbox, sh("echo b"), { tty })).text).toBe("b\r\n");
      expect((await execIn(suite, sandbox, sh("echo c"))).text).toBe("c\n");
    });
  });

  must("a background process that holds the terminal does not prolong the command", async () => {
    const { wallTimeMs } = (await runOnce(suite, sh("setsid sleep 30 & echo x"), { tty })).usage;
    expect(wallTimeMs).toBeLessThan(5_000);
  });
}
