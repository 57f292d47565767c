import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CopiedThing } from "../core/changes.ts";
import { applyChanges } from "./apply.ts";
import { effectOf, type ChangeSet } from "./change-set.ts";
import { compare } from "./compare.ts";
import { dangerOf } from "./delicate.ts";
import { blobPath, keepChanges, openStage, readChangeSet } from "./stage.ts";

let base: string;
let folder: string;
let parent: string;

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "glovebox-changes-test-")));
  folder = join(base, "project");
  parent = join(base, "state/changes");
  mkdirSync(join(folder, "sub/deep"), { recursive: true });
  writeFileSync(join(folder, "text"), "old\n");
  writeFileSync(join(folder, "other"), "other\n");
  writeFileSync(join(folder, "sub/inner"), "inner\n");
  writeFileSync(join(folder, "sub/deep/far"), "far\n");
  writeFileSync(join(base, "outside"), "outside\n");
});

afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

type Thing = CopiedThing & { readonly content?: string };

const top: Thing = { kind: "folder", path: "", mode: 0o755, isFresh: false };
const folderThing = (path: string, isFresh = false, mode = 0o755): Thing => ({
  kind: "folder",
  path,
  mode,
  isFresh,
});
const file = (path: string, content: string, mode = 0o644): Thing => ({
  kind: "file",
  path,
  mode,
  content,
});
const link = (path: string, target: string): Thing => ({ kind: "link", path, target });
const gone = (path: string): Thing => ({ kind: "gone", path });

/** As if the copy had been made now, and these were in its upper layer. */
function changesOf(things: readonly Thing[], startedMs = Date.now() + 60_000): ChangeSet {
  const stage = openStage(parent);
  for (const { content, ...thing } of [top, ...things]) {
    stage.sink.take(thing);
    if (content === undefined) continue;
    stage.sink.takeContent(Buffer.from(content));
    stage.sink.endFile("whole");
  }
  const { dev, ino } = lstatSync(folder, { bigint: true });
  const set: ChangeSet = {
    version: 1,
    id: stage.id,
    folder,
    folderIdentity: { dev: String(dev), ino: String(ino) },
    command: "test",
    endedAt: new Date(0).toISOString(),
    changes: compare({
      folder,
      things: stage.things(),
      blobPath: (blob) => blobPath(parent, stage.id, blob),
      startedNs: BigInt(startedMs) * 1_000_000n,
    }),
    leftOut: [],
    isComplete: true,
  };
  keepChanges(parent, set);
  return readChangeSet(parent, set.id);
}

const apply = (set: ChangeSet, holdBack: Parameters<typeof applyChanges>[0]["holdBack"] = none) =>
  applyChanges({ set, blobPath: (blob) => blobPath(parent, set.id, blob), holdBack });
const none = (): undefined => undefined;

const effects = (set: ChangeSet): readonly string[] =>
  set.changes.map((change) => `${effectOf(change)} ${change.path}`);
const reasons = (applied: ReturnType<typeof apply>): Record<string, string> =>
  Object.fromEntries(applied.refused.map(({ change, reason }) => [change.path, reason]));
const read = (path: string): string => readFileSync(join(folder, path), "utf8");
const here = (): readonly string[] => readdirSync(folder, { recursive: true }).map(String).sort();

describe("what changed", () => {
  test("is added, changed, deleted, and nothing else", () => {
    const set = changesOf([
      file("text", "new\n"),
      file("other", "other\n"),
      file("made", "made\n"),
      gone("sub"),
      gone("never-there"),
      folderThing("empty"),
    ]);
    expect(effects(set)).toEqual([
      "added empty",
      "added made",
      "deleted sub",
      "deleted sub/deep",
      "deleted sub/deep/far",
      "deleted sub/inner",
      "changed text",
    ]);
    apply(set);
    expect(here()).toEqual(["empty", "made", "other", "text"]);
    expect(read("text")).toBe("new\n");
  });

  test("may be the mode alone", () => {
    const set = changesOf([file("text", "old\n", 0o755), folderThing("sub", false, 0o700)]);
    expect(effects(set)).toEqual(["changed sub", "changed text"]);
    const { ino } = lstatSync(join(folder, "text"));
    expect(apply(set).refused).toEqual([]);
    expect(lstatSync(join(folder, "text"))).toMatchObject({ ino, mode: 0o100755 });
    expect(lstatSync(join(folder, "sub")).mode).toBe(0o40700);
  });

  test("may be a folder that was made anew, with all that is not in it any more", () => {
    const set = changesOf([
      folderThing("sub", true),
      file("sub/young", "1"),
      folderThing("sub/deep"),
    ]);
    expect(effects(set)).toEqual(["deleted sub/deep/far", "deleted sub/inner", "added sub/young"]);
    apply(set);
    expect(here()).toEqual(["other", "sub", "sub/deep", "sub/young", "text"]);
  });

  test("may be a file in the place of a folder, and the reverse", () => {
    const set = changesOf([file("sub", "file"), folderThing("text"), file("text/in", "in")]);
    expect(apply(set).refused).toEqual([]);
    expect(read("sub")).toBe("file");
    expect(read("text/in")).toBe("in");
    expect(here()).toEqual(["other", "sub", "text", "text/in"]);
  });

  test("may be a link in the place of a folder, a file or another link", () => {
    symlinkSync("text", join(folder, "way"));
    const set = changesOf([link("sub", "other"), link("text", "other"), link("way", "other")]);
    expect(apply(set).refused).toEqual([]);
    expect(["sub", "text", "way"].map((name) => readlinkSync(join(folder, name)))).toEqual([
      "other",
      "other",
      "other",
    ]);
  });

  test("has names of any bytes", () => {
    const name = Buffer.from([0xff, 0x0a, 0x1b, 0x5b]).toString("latin1");
    const set = changesOf([file(name, "odd")]);
    expect(apply(set).refused).toEqual([]);
    const names = readdirSync(folder, { encoding: "latin1" });
    expect(names).toContain(name);
  });

  test("in folders that can't be written to comes in before they are", () => {
    const set = changesOf([folderThing("closed", false, 0o500), file("closed/in", "in", 0o400)]);
    expect(apply(set).refused).toEqual([]);
    expect(read("closed/in")).toBe("in");
    expect(lstatSync(join(folder, "closed")).mode & 0o777).toBe(0o500);
    chmodSync(join(folder, "closed"), 0o700);
  });

  test("never has set-user-ID bits, nor takes a folder's own away", () => {
    chmodSync(join(folder, "sub"), 0o2755);
    const set = changesOf([file("text", "new", 0o4755 & 0o777), folderThing("sub", false, 0o700)]);
    expect(apply(set).refused).toEqual([]);
    expect(lstatSync(join(folder, "text")).mode & 0o7777).toBe(0o755);
    expect(lstatSync(join(folder, "sub")).mode & 0o7777).toBe(0o2700);
  });

  test("is for others what the user's umask says where it is new", () => {
    const before = process.umask(0o077);
    try {
      apply(changesOf([file("made", "x", 0o666), folderThing("wide", false, 0o777)]));
    } finally {
      process.umask(before);
    }
    expect(lstatSync(join(folder, "made")).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(folder, "wide")).mode & 0o777).toBe(0o700);
  });

  test("of 5,000 files is applied as a whole", () => {
    const files = Array.from({ length: 5000 }, (_, index) => file(`many/${index}`, String(index)));
    const set = changesOf([folderThing("many"), ...files]);
    expect(apply(set).done).toHaveLength(5001);
    expect(readdirSync(join(folder, "many"))).toHaveLength(5000);
  });
});

describe("nothing leads out of the folder", () => {
  test("where a folder became a link between the run and now", () => {
    const set = changesOf([file("sub/inner", "evil"), file("sub/new", "evil"), gone("sub/deep")]);
    mkdirSync(join(base, "victim/deep"), { recursive: true });
    writeFileSync(join(base, "victim/inner"), "victim");
    renameSync(join(folder, "sub"), join(base, "moved"));
    symlinkSync("../victim", join(folder, "sub"));
    const applied = apply(set);
    expect(applied.done).toEqual([]);
    expect(new Set(Object.values(reasons(applied)))).toEqual(new Set(["its folder is not there"]));
    expect(readdirSync(join(base, "victim")).sort()).toEqual(["deep", "inner"]);
    expect(readFileSync(join(base, "victim/inner"), "utf8")).toBe("victim");
  });

  test("where a file became a link", () => {
    const set = changesOf([file("text", "evil"), file("other", "other\n", 0o777)]);
    for (const name of ["text", "other"]) {
      rmSync(join(folder, name));
      symlinkSync("../outside", join(folder, name));
    }
    chmodSync(join(base, "outside"), 0o600);
    expect(Object.keys(reasons(apply(set)))).toEqual(["other", "text"]);
    expect(readFileSync(join(base, "outside"), "utf8")).toBe("outside\n");
    expect(lstatSync(join(base, "outside")).mode & 0o777).toBe(0o600);
  });

  test("where the folder itself is another one by now", () => {
    const set = changesOf([file("text", "new")]);
    renameSync(folder, join(base, "away"));
    mkdirSync(folder);
    expect(() => apply(set)).toThrow("another folder");
    rmSync(folder, { recursive: true });
    symlinkSync("away", folder);
    expect(() => apply(set)).toThrow();
    expect(readFileSync(join(base, "away/text"), "utf8")).toBe("old\n");
  });

  test("by a link that a program made: it is made, and never followed", () => {
    const set = changesOf([link("evil", "/etc/passwd"), link("up", "../outside")]);
    expect(apply(set, dangerOf).done).toEqual([]);
    expect(existsSync(join(folder, "evil"))).toBe(false);
    expect(apply(set).refused).toEqual([]);
    // Once more, over the links: still nothing is written through them.
    const again = changesOf([file("up", "through")]);
    expect(apply(again).refused).toEqual([]);
    expect(readFileSync(join(base, "outside"), "utf8")).toBe("outside\n");
    expect(lstatSync(join(folder, "up")).isFile()).toBe(true);
  });
});

describe("what the user changed meanwhile is not overwritten", () => {
  test("since the copy was made", () => {
    const set = changesOf([file("text", "new"), file("fresh", "x"), gone("other")], 0);
    const applied = apply(set);
    expect(Object.keys(reasons(applied))).toEqual(["other", "text"]);
    expect(applied.done.map(({ path }) => path)).toEqual(["fresh"]);
    expect(read("text")).toBe("old\n");
    expect(read("other")).toBe("other\n");
  });

  test("since it was shown", () => {
    const set = changesOf([file("text", "new"), file("made", "program's"), gone("other")]);
    writeFileSync(join(folder, "text"), "mine\n");
    writeFileSync(join(folder, "made"), "mine\n");
    utimesSync(join(folder, "other"), new Date(1), new Date(1));
    expect(reasons(apply(set))).toEqual({
      made: "something of that name is there by now",
      other: "it was changed in your folder since the run began",
      text: "it was changed in your folder since the run began",
    });
    expect(read("text") + read("made") + read("other")).toBe("mine\nmine\nother\n");
  });

  test("nor does a folder go that something new is in", () => {
    const set = changesOf([gone("sub")]);
    writeFileSync(join(folder, "sub/mine"), "mine");
    expect(reasons(apply(set))).toEqual({ sub: "ENOTEMPTY" });
    expect(here()).toEqual(["other", "sub", "sub/mine", "text"]);
  });

  test("nor is what was hard-linked changed at its other name", () => {
    linkSync(join(folder, "text"), join(base, "twin"));
    apply(changesOf([file("text", "new")]));
    expect(readFileSync(join(base, "twin"), "utf8")).toBe("old\n");
  });
});

test("what is in a folder stays where the folder does", () => {
  const set = changesOf([link("sub", "/etc")]);
  expect(Object.keys(reasons(apply(set, dangerOf)))).toHaveLength(4);
  expect(read("sub/deep/far")).toBe("far\n");
});

test("what was cut off in the middle can be applied again", () => {
  const set = changesOf([
    file("text", "new"),
    file("made", "made"),
    link("way", "made"),
    gone("other"),
    folderThing("young"),
  ]);
  apply(set);
  expect(apply(set).refused).toEqual([]);
  expect(here()).toEqual([
    "made",
    "sub",
    "sub/deep",
    "sub/deep/far",
    "sub/inner",
    "text",
    "way",
    "young",
  ]);
});

test("a failure leaves the file as it was, and no other behind", () => {
  const set = changesOf([file("text", "new"), file("made", "made")]);
  const applied = applyChanges({
    set,
    blobPath: (blob) => (blob === 0 ? join(base, "missing") : blobPath(parent, set.id, blob)),
    holdBack: none,
  });
  expect(reasons(applied)).toEqual({ text: "ENOENT" });
  expect(read("text") + read("made")).toBe("old\nmade");
  expect(here().filter((name) => name.includes(".tmp"))).toEqual([]);
});
