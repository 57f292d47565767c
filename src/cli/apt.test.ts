import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { expect, test } from "vitest";
import { dispensablePackages, missingPackages } from "./apt.ts";

const hasDpkg = spawnSync("dpkg-query", ["--version"]).status === 0;
const isInstalled = (name: string): boolean =>
  spawnSync("dpkg-query", ["--show", name]).status === 0;
/** The package of the Node that runs this, where it is of one. */
const ofNode = spawnSync("dpkg-query", ["--search", realpathSync(process.execPath)], {
  encoding: "utf8",
}).stdout.split(":", 1);

test.skipIf(!hasDpkg)("packages that are not there are told apart", async () => {
  expect(await missingPackages(["bash", "no-such-package"])).toEqual(["no-such-package"]);
});

test.skipIf(!hasDpkg)(
  "the system can't do without its shell, nor Glovebox without Node",
  async () => {
    const needed = ["bash", "dash", "coreutils", ...ofNode].filter((name) => name !== "");
    expect(await dispensablePackages([...needed, "no-such-package"])).toEqual(["no-such-package"]);
  },
);

test.skipIf(!hasDpkg || !isInstalled("lua5.4"))("it can do without Lua", async () => {
  expect(await dispensablePackages(["lua5.4", "sed"])).toEqual(["lua5.4"]);
});
