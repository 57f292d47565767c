import { describe, expect, test } from "vitest";
import { toTree, type TreeNode } from "./folder-tree.ts";

/** `lib(a.py b.py) main.py`. */
const drawn = (nodes: readonly TreeNode[]): string =>
  nodes
    .map((node) => (node.kind === "file" ? node.name : `${node.name}(${drawn(node.children)})`))
    .join(" ");

describe("toTree", () => {
  test.each([
    [["main.py"], "main.py"],
    [["b.py", "a.py"], "a.py b.py"],
    [["main.py", "lib/b.py", "lib/a.py"], "lib(a.py b.py) main.py"],
    [["a/b/c.txt", "a/d.txt", "a/b/e/f.txt"], "a(b(e(f.txt) c.txt) d.txt)"],
    [["constructor/__proto__"], "constructor(__proto__)"],
  ])("%j is %s", (paths, expected) => {
    expect(drawn(toTree(paths))).toBe(expected);
  });

  test("each node has its whole path", () => {
    const [a] = toTree(["a/b/c.txt"]);
    expect(a).toMatchObject({
      path: "a",
      children: [{ path: "a/b", children: [{ path: "a/b/c.txt", name: "c.txt" }] }],
    });
  });
});
