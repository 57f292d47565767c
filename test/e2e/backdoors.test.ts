/**
 * @module
 * The packages of examples/backdoors: Glovebox shows what their READMEs say, and they get nothing.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../helpers/find-program.ts";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";
import { openTestTerminal } from "../helpers/terminal.ts";
import {
  runToItsEnd,
  type Ended,
  openWorld,
  worldUsers,
  type AskingWorld,
} from "./asking-fixture.ts";
import { examples } from "./cli-fixture.ts";

const gap = skipUnless("linux", ownNetworkGap());
const folder = join(examples, "backdoors");

/** Keys in the first half second of a question are not for it. */
const GUARD_MS = 600;

interface Backdoor {
  readonly name: string;
  /** What the policy file of `--learn` has; absent: nothing was asked for. */
  readonly learned?: string;
  /** It can't be run without this program. */
  readonly needs: string;
}

const backdoors: readonly Backdoor[] = [
  { name: "npm-postinstall", learned: 'read: "~/.aws/credentials"', needs: "npm" },
  { name: "python-test-helper", needs: "python3" },
  {
    name: "node-cli",
    learned: 'net: "api.github.com.mirror-eu.example.net:443"',
    needs: "node",
  },
  { name: "configure-script", needs: "sh" },
  { name: "shell-installer", learned: 'forward: "4444"', needs: "python3" },
  { name: "python-cli", learned: 'read: "~/.config/gh/hosts.yml"', needs: "python3" },
];

interface Told {
  /** Words behind `glovebox run`. */
  readonly words: string;
  /** Lines of stderr where nobody can be asked. */
  readonly never: string;
  /** What is asked on a terminal. */
  readonly question: string | undefined;
}

/** The blocks of its README. */
function told(name: string): Told {
  const readme = readFileSync(join(folder, name, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/^```(?:sh|text)\n([\s\S]*?)\n```$/gm)].map(([, it]) => it);
  const [command = "", never = "", question] = blocks;
  return { words: command.replace(/^glovebox run /, ""), never, question };
}

test("all are tested", () => {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((it) => it.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual(backdoors.map(({ name }) => name).sort());
});

describe.skipIf(gap !== undefined).each(worldUsers)("backdoors run by %s", (user) => {
  let world: AskingWorld;

  beforeAll(async () => {
    world = await openWorld(user);
    world.write("home/.config/gh/hosts.yml", "oauth_token: gho_example\n");
    for (const { name } of backdoors) copyFolder(join(folder, name), name, world);
    world.write("project/configure-script/.git/hooks/pre-push.sample", "#!/bin/sh\n", 0o755);
  });
  afterAll(async () => {
    await world.close();
  });

  /** The words of a README, with flags in front. */
  const commandOf = (name: string, flags: readonly string[]): readonly string[] => [
    ...world.cli.map((word) => (word === world.project ? join(world.project, name) : word)),
    ...["run", ...flags, ...told(name).words.split(" ")],
  ];
  const runAlone = (name: string, ...flags: readonly string[]): Promise<Ended> =>
    runToItsEnd(commandOf(name, flags), world.env);

  /** As a README names the place. */
  const ours = (stderr: string): string =>
    stderr
      .replaceAll(world.project, "/home/you")
      .split("\n")
      .filter((line) => line.startsWith("glovebox: "))
      .join("\n");
  const untouched = (name: string): void => {
    const project = join(world.project, name);
    const sources = filesOf(join(folder, name));
    const extra = name === "configure-script" ? [".git/hooks/pre-push.sample"] : [];
    expect(filesOf(project)).toEqual([...sources, ...extra].sort());
    expect(world.received()).toBe("");
  };

  describe.each(backdoors)("$name", ({ name, needs, learned }) => {
    const missing = skipUnless(
      "programs",
      findProgram(needs) === undefined ? `${needs} is missing` : undefined,
    );

    test.skipIf(missing !== undefined)(
      "nobody to ask: it gets nothing, and its user is told",
      async () => {
        const { stderr, exitCode } = await runAlone(name, "--ask", "never");
        expect(ours(stderr)).toBe(told(name).never);
        expect(exitCode).toBe(0);
        untouched(name);
      },
    );

    test.skipIf(missing !== undefined)("asked on a terminal, no is no", async () => {
      const { question, never } = told(name);
      const terminal = openTestTerminal(commandOf(name, []), { env: world.env, columns: 180 });
      try {
        for (const line of question?.split("\n") ?? []) await terminal.until(line);
        if (question !== undefined) {
          await new Promise((resolve) => setTimeout(resolve, GUARD_MS));
          terminal.type("n");
        }
        expect(await terminal.ended).toBe(0);
        const shown = terminal.shown().replaceAll(world.project, "/home/you");
        for (const line of never.split("\n")) expect(shown).toContain(line);
        expect(shown).not.toMatch(/AKIA|gho_/);
        untouched(name);
      } finally {
        terminal.kill();
      }
    });

    test.skipIf(missing !== undefined)("--learn writes down what it asked for", async () => {
      const file = join(world.home, `learned-${name}.yaml`);
      const { exitCode } = await runAlone(name, "--learn", file);
      expect(exitCode).toBe(0);
      const policy = readFileSync(file, "utf8");
      if (learned === undefined) expect(policy).not.toMatch(/^ +- /m);
      else expect(policy.match(/^ +- (.*)$/gm)?.map((it) => it.trim())).toEqual([`- ${learned}`]);
      untouched(name);
    });
  });

  test("a writable folder keeps its hooks from what runs in it", async () => {
    const hooks = join(world.project, "configure-script/.git/hooks");
    const words = ["run", "--ask", "never", "--workspace", ".:rw", "--", "sh", "./configure"];
    const cli = world.cli.map((it) => (it === world.project ? join(it, "configure-script") : it));
    const [command = "", ...rest] = [...cli, ...words];
    const child = spawn(command, rest, {
      env: { ...process.env, ...world.env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    await once(child, "close");
    expect(readdirSync(hooks)).toEqual(["pre-push.sample"]);
    expect(existsSync(join(world.project, "configure-script/config.h"))).toBe(true);
  });
});

function copyFolder(from: string, name: string, world: AskingWorld): void {
  for (const path of filesOf(from)) {
    const file = join(from, path);
    const mode = statSync(file).mode & 0o755;
    world.write(join("project", name, path), readFileSync(file, "utf8"), mode);
  }
}

/** Relative paths, sorted. */
function filesOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(path, name)).isFile())
    .sort();
}
