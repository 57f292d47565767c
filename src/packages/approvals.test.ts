import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashOf, openApprovals, type Approvals } from "./approvals.ts";
import { packageSchema, type Package } from "./package.ts";

let folder: string;
let approvals: Approvals;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-approvals-test-"));
  approvals = openApprovals(join(folder, "state"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const packageOf = (command: string): Package =>
  packageSchema.parse({ glovebox: 1, name: "tool", command });

function approve(path: string, command: string): string {
  const it = packageOf(command);
  const sha256 = hashOf(command);
  approvals.add({ path, sha256, package: it, runnable: it, text: command });
  return sha256;
}

test("what was approved is found by its content, wherever it lies", () => {
  expect(approvals.find(hashOf("jq"))).toBeUndefined();
  const sha256 = approve("/a/tool", "jq");
  expect(openApprovals(join(folder, "state")).find(sha256)).toEqual(packageOf("jq"));
  expect(approvals.last("/a/tool")).toMatchObject({ path: "/a/tool", sha256, text: "jq" });
});

test("a file's older content is not approved any more once a newer one is", () => {
  const old = approve("/a/tool", "jq");
  const now = approve("/a/tool", "yq");
  expect(approvals.find(old)).toBeUndefined();
  expect(approvals.find(now)).toEqual(packageOf("yq"));
});

test("content that another file has, too, stays approved", () => {
  const sha256 = approve("/a/tool", "jq");
  approve("/b/tool", "jq");
  approve("/a/tool", "yq");
  expect(approvals.find(sha256)).toBeDefined();
  expect(approvals.remove("/b/tool")).toBe(true);
  expect(approvals.find(sha256)).toBeUndefined();
  expect(approvals.remove("/b/tool")).toBe(false);
  expect(approvals.all().map(({ path }) => path)).toEqual(["/a/tool"]);
});

const recordOf = (sha256: string): string =>
  join(folder, "state/packages/approved", `${sha256}.json`);

test("what others could have written is not read", () => {
  const sha256 = approve("/a/tool", "jq");
  chmodSync(recordOf(sha256), 0o666);
  expect(() => approvals.find(sha256)).toThrow("others can write to it");
});

test("what is broken is no approval", () => {
  const sha256 = approve("/a/tool", "jq");
  writeFileSync(recordOf(sha256), "{");
  expect(() => approvals.find(sha256)).toThrow("is broken");
  writeFileSync(recordOf(sha256), '{"v":2,"package":{}}');
  expect(approvals.find(sha256)).toBeUndefined();
});

test("nothing but the records is left behind", () => {
  approve("/a/tool", "jq");
  approve("/a/tool", "yq");
  const names = readdirSync(join(folder, "state/packages"), { recursive: true });
  expect(names).toHaveLength(4);
});
