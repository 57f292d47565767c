import { lstatSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { childPlace, createNodeTable, hostPathOf } from "./nodes.ts";
import { rootNodeId } from "./protocol.ts";

const here = lstatSync(import.meta.dirname, { bigint: true });
const other = lstatSync(import.meta.filename, { bigint: true });
const roots = [{ hostPath: "/home/u", kind: "folder" }] as const;

function tableWithRoot() {
  const nodes = createNodeTable(roots);
  const root = nodes.remember(nodes.get(rootNodeId), "0", here);
  return { nodes, root };
}

test("keeps a node until the kernel has forgotten it as often as it was told of it", () => {
  const { nodes, root } = tableWithRoot();
  const file = nodes.remember(root, "file", here);
  expect(nodes.remember(root, "file", here)).toBe(file);
  nodes.forget({ nodeId: file.id, lookups: 1 });
  expect(hostPathOf(nodes.get(file.id))).toBe("/home/u/file");
  nodes.forget({ nodeId: file.id, lookups: 1 });
  expect(() => nodes.get(file.id)).toThrow("ESTALE");
});

test("keeps a folder that the kernel has forgotten for what is in it", () => {
  const { nodes, root } = tableWithRoot();
  const folder = nodes.remember(root, "folder", here);
  const file = nodes.remember(folder, "file", here);
  nodes.forget({ nodeId: folder.id, lookups: 1 });
  expect(hostPathOf(file)).toBe("/home/u/folder/file");
  nodes.forget({ nodeId: file.id, lookups: 9 });
  nodes.forget({ nodeId: root.id, lookups: 1 });
  expect(nodes.size()).toBe(1);
});

test("takes another file under the same name for another node", () => {
  const { nodes, root } = tableWithRoot();
  const before = nodes.remember(root, "name", here);
  const after = nodes.remember(root, "name", other);
  expect(after.id).not.toBe(before.id);
  expect(() => hostPathOf(before)).toThrow("ESTALE");
});

test("follows a rename, and what was in its place has no name any more", () => {
  const { nodes, root } = tableWithRoot();
  const [from, to] = [nodes.remember(root, "new", here), nodes.remember(root, "old", other)];
  nodes.move({ parent: root, name: "new" }, { parent: root, name: "old" });
  expect(hostPathOf(from)).toBe("/home/u/old");
  expect(() => hostPathOf(to)).toThrow("ESTALE");
});

test("is empty again after whatever happened, once all is forgotten", () => {
  const names = fc.constantFrom("a", "b", "c");
  const steps = fc.array(
    fc.tuple(fc.constantFrom("look", "remove", "move"), names, names, fc.boolean()),
  );
  fc.assert(
    fc.property(steps, (sequence) => {
      const { nodes, root } = tableWithRoot();
      const told: number[] = [root.id];
      for (const [step, name, newName, isSame] of sequence) {
        if (step === "look") told.push(nodes.remember(root, name, isSame ? here : other).id);
        else if (step === "remove") nodes.detach(root, name);
        else nodes.move({ parent: root, name }, { parent: root, name: newName });
      }
      for (const nodeId of told) nodes.forget({ nodeId, lookups: 1 });
      expect(nodes.size()).toBe(1);
    }),
  );
});

test("knows no place for what is hidden or can't be named", () => {
  const { root } = tableWithRoot();
  const hidden = ["/home/u/state"];
  expect(childPlace(root, "stat", hidden)).toEqual({ folder: "/home/u", name: "stat" });
  for (const name of ["state", "odd-\ufffd"]) {
    expect(() => childPlace(root, name, hidden)).toThrow("ENOENT");
  }
});
