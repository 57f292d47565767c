/**
 * @module
 * Programs that may write to a folder, and would leave something there that other programs of the user
 * act on later: hooks of repositories at its top and deeper down, settings of editors.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWorld, runToItsEnd, worldUsers, type AskingWorld } from "../e2e/asking-fixture.ts";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";

const gap = skipUnless("linux", ownNetworkGap());

const kept = [
  ".git/hooks/pre-push",
  ".git/config",
  ".envrc",
  "packages/one/.git/hooks/pre-push",
  "packages/one/.vscode/tasks.json",
  "deep/er/still/down/.mcp.json",
  // Of a submodule, or a worktree.
  "module/.git",
] as const;

const MINE = "mine\n";

/** What is written to, replaced, moved away with all above it, and reached by other names. */
const attackScript = (folder: string): string => `
cd ${folder} || exit
for file in ${kept.join(" ")}; do
  echo theirs > $file; echo theirs >> $file
  echo theirs > new && mv -f new $file; rm -f new
  ln $file linked && echo theirs > linked; rm -f linked
  ln -s $file symbolic && echo theirs > symbolic; rm -f symbolic
  part=$file
  while [ "$part" != . ]; do
    mv $part moved && cp -r moved $part && echo theirs > $file
    rm -rf $part; part=$(dirname $part)
  done
done 2>/dev/null
mkdir -p .git/hooks packages/one/.git/hooks && echo theirs > packages/one/.git/hooks/evil
echo theirs > ordinary && echo done`;

describe.skipIf(gap !== undefined).each(worldUsers)("what others act on, as %s", (user) => {
  let world: AskingWorld;

  beforeAll(async () => {
    world = await openWorld(user);
    for (const path of kept) world.write(`home/work/${path}`, MINE, 0o644);
  });
  afterAll(async () => {
    await world.close();
  });

  const ways: readonly (readonly [what: string, flags: () => string[], folder: () => string])[] = [
    ["a workspace", () => ["--network", "none", "--files", "none"], () => "/workspace"],
    ["a workspace of a run that asks", () => ["--ask", "never"], () => "/workspace"],
    [
      "a workspace by its own path",
      () => ["--ask", "never", "--files", "ask"],
      () => `${world.home}/work`,
    ],
  ];

  test.each(ways)("stays as it is in %s", async (_, flags, folder) => {
    const work = join(world.home, "work");
    const { stdout } = await runToItsEnd(
      [
        ...[...world.cli, "run", ...flags(), "--workspace", `${work}:rw`],
        ...["--", "bash", "-c", attackScript(folder())],
      ],
      world.env,
    );
    expect(stdout).toBe("done\n");
    for (const path of kept) expect(readFileSync(join(work, path), "utf8"), path).toBe(MINE);
    const all = readdirSync(work, { recursive: true, encoding: "utf8" });
    expect(all.filter((path) => path.endsWith("evil"))).toEqual([]);
  });

  test("what was not there is told, however deep, with names that paint nothing", async () => {
    world.write("home/other/README", "");
    const script = `mkdir -p a/b; touch a/b/.envrc .bashrc; d=$(printf '\\033[2Jx'); mkdir "$d"; touch "$d/.mcp.json"`;
    const { stderr } = await runToItsEnd(
      [
        ...[...world.cli, "run", "--network", "none", "--files", "none"],
        ...["--workspace", `${world.home}/other:rw`, "--", "bash", "-c", script],
      ],
      world.env,
    );
    expect(stderr).toContain('warning: it made .bashrc, "\\u{1b}[2Jx/.mcp.json", a/b/.envrc in ');
    expect(stderr).not.toContain("\u001b[2J");
  });
});
