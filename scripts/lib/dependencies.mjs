/**
 * @module
 * The npm packages of this checkout.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { root } from "./artifacts.mjs";
import { say, SetupError } from "./say.mjs";

const lockFile = join(root, "package-lock.json");
const installed = join(root, "node_modules/.package-lock.json");
const stamp = join(root, "node_modules/.glovebox-installed");

/** True if node_modules is missing, was not installed whole, or belongs to another package-lock.json. */
export function dependenciesAreStale() {
  const tree = statSync(installed, { throwIfNoEntry: false });
  // npm writes it last: without it an install was cut short.
  if (tree === undefined) return true;
  if (tree.mtimeMs >= statSync(lockFile).mtimeMs) return false;
  try {
    return readFileSync(stamp, "utf8") !== lockFilePrint();
  } catch {
    return true;
  }
}

/**
 * @param {number} lockFd The lock of this checkout: npm goes on for a while when this process is
 *   killed, and must be alone with node_modules until it ends.
 * @throws {SetupError} with npm's own words.
 */
export async function installDependencies(lockFd) {
  say("installing npm packages (npm ci)");
  // No package needs an install script, so none is trusted with one.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const child = spawn("npm", args, { cwd: root, stdio: ["ignore", 2, 2, lockFd] });
  const [code] = await once(child, "close").catch((error) => {
    throw new SetupError(`npm could not be started (${error.message}). Install npm, try again.`);
  });
  if (code !== 0) {
    throw new SetupError(
      `npm ci failed with code ${code} (its messages are above). Check the network and ` +
        "npm's registry setting (npm config get registry), then try again.",
    );
  }
  writeFileSync(stamp, lockFilePrint());
}

function lockFilePrint() {
  return createHash("sha256").update(readFileSync(lockFile)).digest("hex");
}
