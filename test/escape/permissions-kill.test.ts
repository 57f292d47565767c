/**
 * @module
 * `kill -9` while somebody is asked, of each process that has a part in it: what was asked for is not
 * had, and nothing is left.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWorld, worldUsers, type AskingWorld } from "../e2e/asking-fixture.ts";
import { createLeftoverCheck, listProcesses, type HostProcess } from "../helpers/leftovers.ts";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";
import { openTestTerminal } from "../helpers/terminal.ts";
import { findLeftBehind } from "./left-behind.ts";

const gap = skipUnless("linux", ownNetworkGap());

const GONE_MS = 5_000;

/** Its output is what the program got. */
const script = "echo begun; cat ~/.aws/credentials; curl -sS -m 5 http://www.example.com/; echo on";

interface Family {
  readonly cli: HostProcess;
  readonly supervisor: HostProcess;
  /** Of the sandbox. */
  readonly init: HostProcess;
  readonly agent: HostProcess;
  /** Moves the messages of the file system that asks. */
  readonly relay: HostProcess;
  readonly shell: HostProcess;
  /** What is held. */
  readonly program: HostProcess;
}

/** Whoever of these dies takes the sandbox along; the others' deaths are the program's own. */
const parts = ["cli", "supervisor", "init", "agent", "relay", "shell"] as const;

describe.skipIf(gap !== undefined).each(worldUsers)("kill -9 while asked as %s", (user) => {
  let world: AskingWorld;

  beforeAll(async () => {
    world = await openWorld(user);
  });
  afterAll(async () => {
    await world.close();
  });

  const mounts = (): string => {
    const [command = "", ...words] = [...world.network.enter, "cat", "/proc/self/mountinfo"];
    return execFileSync(command, words, { encoding: "utf8" });
  };

  /** Kills while the question is open. @returns What the terminal showed, all in all, and the exit code. */
  async function killed(part: keyof Family, code: string, question: string) {
    const leftovers = await createLeftoverCheck();
    const mountsBefore = mounts();
    const terminal = openTestTerminal([...world.cli, "run", "-l", "bash", "-c", code], {
      env: { ...world.env, ...leftovers.env },
    });
    try {
      await terminal.until(question);
      const all = await leftovers.processes();
      const family = familyOf(all);
      process.kill(family[part].pid, "SIGKILL");
      await expect.poll(() => living(all), { timeout: GONE_MS }).toEqual([]);
      const exitCode = await terminal.ended;
      const left = await findLeftBehind(leftovers, [family.cli.pid]);
      expect(mounts()).toBe(mountsBefore);
      return { exitCode, left, shown: terminal.shown() };
    } finally {
      terminal.kill();
      await terminal.ended;
    }
  }

  test.each(parts)("of the %s, asked about a file: it is not read", async (part) => {
    const { exitCode, left, shown } = await killed(part, script, "read ~/.aws/credentials");
    expect(shown).not.toContain("AKIA");
    expect(shown).not.toMatch(/^on$/m);
    expect(exitCode).not.toBe(0);
    expect(left).toEqual([]);
  });

  test.each(parts)("of the %s, asked about a connection: it is not made", async (part) => {
    const code = "curl -sS -m 5 http://www.example.com/; echo on";
    const { exitCode, left, shown } = await killed(part, code, "connect to www.example.com:80");
    expect(world.received()).toBe("");
    expect(shown).not.toMatch(/^on$/m);
    expect(exitCode).not.toBe(0);
    expect(left).toEqual([]);
  });

  test("of the program that is held: its question goes away, and the next is asked", async () => {
    const leftovers = await createLeftoverCheck();
    const terminal = openTestTerminal([...world.cli, "run", "-l", "bash", "-c", script], {
      env: { ...world.env, ...leftovers.env },
    });
    await terminal.until("read ~/.aws/credentials");
    const all = await leftovers.processes();
    const { cli, program } = familyOf(all);
    process.kill(program.pid, "SIGKILL");
    await terminal.until("connect to www.example.com:80");
    process.kill(familyOf(await leftovers.processes()).program.pid, "SIGKILL");
    await terminal.until(/^on$/m);
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown()).not.toContain("AKIA");
    expect(world.received()).toBe("");
    await expect.poll(() => living(all), { timeout: GONE_MS }).toEqual([]);
    expect(await findLeftBehind(leftovers, [cli.pid])).toEqual([]);
  });
});

/** Of what a terminal was opened for: the kernel itself tells them apart, but for their names. */
function familyOf(all: readonly HostProcess[]): Family {
  const one = (what: string, found: readonly HostProcess[]): HostProcess => {
    const [first, ...others] = found;
    if (first === undefined || others.length > 0)
      throw new Error(`${found.length} of ${what} in ${JSON.stringify(all)}`);
    return first;
  };
  const childrenOf = ({ pid }: HostProcess): readonly HostProcess[] =>
    all.filter(({ parent }) => parent === pid);
  const launchers = all.filter(({ commandLine }) => commandLine.endsWith("glovebox-launcher ask"));
  const isLauncher = (pid: number): boolean => launchers.some((each) => each.pid === pid);
  const supervisor = one(
    "the supervisor",
    launchers.filter(({ parent }) => !isLauncher(parent)),
  );
  const init = one("pid 1", childrenOf(supervisor).filter(isFirstInside));
  const others = childrenOf(supervisor).filter(({ pid }) => pid !== init.pid);
  const shell = one("the shell", childrenOf(init));
  return {
    cli: one(
      "the CLI",
      all.filter(({ pid }) => pid === supervisor.parent),
    ),
    supervisor,
    init,
    agent: one(
      "the agent",
      others.filter((each) => !holdsFuse(each)),
    ),
    relay: one("the relay", others.filter(holdsFuse)),
    shell,
    program: one("the program", childrenOf(shell)),
  };
}

/** proc_pid_status(5): a number in each namespace of pids that it is in. */
function isFirstInside({ pid }: HostProcess): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return /^NSpid:\s+\d.*\s1$/m.test(status);
}

/** The agent's can't be looked at by its own user. */
function holdsFuse({ pid }: HostProcess): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) =>
      /^(\/dev)?\/fuse$/.test(readlinkSync(join(folder, fd))),
    );
  } catch {
    return false;
  }
}

/** Those of them that still are: not zombies, whose parent may be slow, nor others with their numbers. */
async function living(family: readonly HostProcess[]): Promise<readonly string[]> {
  const now = await listProcesses();
  return family
    .filter(({ pid, commandLine }) =>
      now.some((it) => it.pid === pid && it.commandLine === commandLine && it.state !== "Z"),
    )
    .map(({ pid, commandLine }) => `${pid} ${commandLine}`);
}
