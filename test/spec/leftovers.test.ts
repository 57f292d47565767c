import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLeftoverCheck } from "../helpers/leftovers.ts";

test("finds a child, and an orphan by its mark, until they are gone", async () => {
  const check = await createLeftoverCheck();
  const env = { PATH: "/usr/bin:/bin", ...check.env };
  // The subshell's parent is gone at once: nothing but the mark leads to it.
  const parent = spawn("sh", ["-c", "(exec sleep 61) >&- 2>&- & echo $!"], { env, detached: true });
  const [pid] = (await once(parent.stdout, "data")) as [Buffer];
  await once(parent, "close");
  const child = spawn("sleep", ["62"], { env: { PATH: "/usr/bin:/bin" } });
  await once(child, "spawn");
  const left = [...(await check.find())];
  expect(left.sort()).toEqual(
    [`process ${child.pid} sleep 62`, `process ${pid.toString().trim()} sleep 61`].sort(),
  );
  child.kill("SIGKILL");
  process.kill(Number(pid.toString()), "SIGKILL");
  await once(child, "close");
  expect(await check.find()).toEqual([]);
});

test("finds a temporary folder, until it is gone", async () => {
  const check = await createLeftoverCheck();
  const folder = await mkdtemp(join(tmpdir(), "glovebox-leftover-"));
  expect(await check.find()).toEqual([`folder ${folder}`]);
  await rm(folder, { recursive: true });
  expect(await check.find()).toEqual([]);
});

test("does not count what was there before", async () => {
  const child = spawn("sleep", ["63"]);
  await once(child, "spawn");
  const check = await createLeftoverCheck();
  expect(await check.find()).toEqual([]);
  child.kill("SIGKILL");
  await once(child, "close");
});
