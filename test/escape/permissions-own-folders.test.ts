/**
 * @module
 * Programs that may write the whole home folder, and would make themselves what they were not allowed:
 * rules, what was compiled, installed languages, plugins, the policy that holds for them.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWorld, runToItsEnd, worldUsers, type AskingWorld } from "../e2e/asking-fixture.ts";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";

const gap = skipUnless("linux", ownNetworkGap());

/** Of this user, below the home folder; each with something that Glovebox keeps there. */
const kept = {
  ".state/glovebox": "projects/rules.json",
  ".cache/glovebox": "compiled/program",
  ".data/glovebox": "npm/language/bin/program",
  // Plugins that it names run on the host.
  ".config/glovebox": "run.yaml",
} as const;

/** As YAML it says nothing. */
const MINE = "# mine\n";

/** All that a program might try with a folder that it knows the name of. */
const attackScript = (home: string): string => `
cd ${home} || exit
for own in .state/glovebox .cache/glovebox .data/glovebox .config/glovebox; do
  find "$own" -type f | while read -r file; do echo theirs > "$file"; echo theirs >> "$file"; done
  mkdir -p "$own/projects" "$own/npm/evil/bin" && echo theirs > "$own/projects/evil.json"
  echo theirs > "$own/npm/evil/bin/evil"
  rm -rf "$own"
  mv "$own" moved; mv "\${own%/*}" "moved-\${own%/*}"
  mkdir -p "$own" && echo theirs > "$own/evil"
done
echo theirs > ordinary && echo done`;

describe.skipIf(gap !== undefined).each(worldUsers)("what is Glovebox's own as %s", (user) => {
  let world: AskingWorld;

  beforeAll(async () => {
    world = await openWorld(user);
    for (const [folder, file] of Object.entries(kept)) world.write(`home/${folder}/${file}`, MINE);
  });
  afterAll(async () => {
    await world.close();
  });

  const run = (...args: readonly string[]) =>
    runToItsEnd([...world.cli, "run", ...args], world.env);
  const bash = (script: string): readonly string[] => ["--", "bash", "-c", script];
  const ownNow = (): Record<string, string> =>
    Object.fromEntries(
      Object.entries(kept).map(([folder, file]) => [
        folder,
        readFileSync(join(world.home, folder, file), "utf8"),
      ]),
    );
  const expectUntouched = (): void => {
    expect(Object.values(ownNow())).toEqual(Object.values(kept).map(() => MINE));
    for (const folder of Object.keys(kept)) {
      const all = readdirSync(join(world.home, folder), { recursive: true, encoding: "utf8" });
      expect(all.filter((name) => name.includes("evil"))).toEqual([]);
    }
  };

  test("is not written by who may write the whole home folder", async () => {
    const { stdout } = await run(
      ...["--ask", "never", `--allow-write=${world.home}`],
      ...bash(attackScript(world.home)),
    );
    expect(stdout).toBe("done\n");
    expect(readFileSync(join(world.home, "ordinary"), "utf8")).toBe("theirs\n");
    expectUntouched();
  });

  test("is not written by who has the home folder as a workspace", async () => {
    for (const asking of [
      ["--ask", "never", `--allow-write=${world.home}`],
      ["--network", "none", "--files", "none"],
    ]) {
      const workspace = ["--workspace", `${world.home}:rw`];
      const { stdout } = await run(...asking, ...workspace, ...bash(attackScript("/workspace")));
      expect(stdout).toBe("done\n");
      expectUntouched();
    }
  });

  test("is opened by no rule that names it", async () => {
    const rules = Object.keys(kept).map((folder) => `--allow-write=${world.home}/${folder}`);
    const { stdout } = await run("--ask", "never", ...rules, ...bash(attackScript(world.home)));
    expect(stdout).not.toContain("mine");
    expectUntouched();
  });

  test("is not made by a program before Glovebox does", async () => {
    const cache = join(world.home, ".cache");
    const own = Object.keys(kept).map((folder) => join(world.home, folder));
    own.forEach((folder) => {
      renameSync(folder, `${folder}.away`);
    });
    renameSync(cache, `${cache}.real`);
    symlinkSync(".cache.real", cache);
    try {
      for (const way of [
        { flags: [`--allow-write=${world.home}`], home: world.home },
        { flags: ["--workspace", `${world.home}:rw`], home: "/workspace" },
      ]) {
        const attack = `cd ${way.home}; for f in .state .cache .cache.real .data .config; do
          mkdir -p $f/glovebox/npm; echo theirs > $f/glovebox/evil; done; echo done`;
        const { stdout } = await run("--ask", "never", ...way.flags, ...bash(attack));
        expect(stdout).toBe("done\n");
        expect(own.filter((folder) => existsSync(join(folder, "evil")))).toEqual([]);
      }
    } finally {
      putBack(own, cache);
    }
  });

  test("a policy that holds for a program is not written by it", async () => {
    const policy = "version: 1\nallow:\n  - write: .\n";
    world.write("project/policy.yaml", policy, 0o644);
    const file = join(world.project, "policy.yaml");
    const attack = (folder: string): string =>
      `cd ${folder}; echo theirs >> policy.yaml; echo theirs > new; mv new policy.yaml; rm -f policy.yaml
      mv ${folder} ${folder}.away; echo theirs > other; echo done`;
    for (const way of [
      { flags: ["--workspace", `${world.project}:rw`], folder: "/workspace" },
      { flags: [], folder: world.project },
    ]) {
      const flags = ["--ask", "never", "--policy", "policy.yaml", ...way.flags];
      const { stdout, stderr } = await run(...flags, ...bash(attack(way.folder)));
      expect(stdout, stderr).toBe("done\n");
      expect(readFileSync(file, "utf8")).toBe(policy);
      expect(readFileSync(join(world.project, "other"), "utf8")).toBe("theirs\n");
    }
  });

  test("what is learned is not written through a link of the program's", async () => {
    const attack = `ln -sf ../home/victim learned.yaml; rm -f learned.yaml; ln -s ../home/victim learned.yaml`;
    const workspace = ["--workspace", `${world.project}:rw`];
    world.write("home/victim", MINE);
    await run("--learn", "learned.yaml", ...workspace, ...bash(attack));
    expect(readFileSync(join(world.home, "victim"), "utf8")).toBe(MINE);
    expect(readFileSync(join(world.project, "learned.yaml"), "utf8")).toContain("version: 1");
  });
});

/** As it was: whatever was made meanwhile is gone. */
function putBack(own: readonly string[], cache: string): void {
  rmSync(cache);
  renameSync(`${cache}.real`, cache);
  for (const folder of own) {
    rmSync(folder, { recursive: true, force: true });
    renameSync(`${folder}.away`, folder);
  }
}
