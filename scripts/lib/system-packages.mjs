/**
 * @module
 * What must come from the operating system: a C compiler, and the languages that people run.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "./artifacts.mjs";
import { say } from "./say.mjs";

/** Debian package -> how its presence is seen without asking dpkg, which other systems lack. */
const packages = {
  gcc: () => hasProgram("gcc"),
  "libc6-dev": () => existsSync("/usr/include/stdio.h"),
  python3: () => hasProgram("python3"),
  "g++": () => hasProgram("g++"),
};

const RETRY_AFTER_MS = 24 * 60 * 60 * 1000;
const marker = join(root, "dist/.apt-failed");

/** Debian packages whose programs this machine lacks. */
export function missingPackages() {
  return Object.keys(packages).filter((name) => !packages[name]());
}

/**
 * Installs packages where that needs no question: Debian or Ubuntu, and root or sudo without a
 * password. Otherwise says which command does it. Does not throw: who needs a package checks again.
 */
export function installPackages(names) {
  const command = `apt-get update && apt-get install -y --no-install-recommends ${names.join(" ")}`;
  const elevate = mayInstall(names);
  if (elevate === undefined) {
    say(`missing: ${names.join(", ")}. ${adviceFor(command)}`);
    return;
  }
  say(`installing ${names.join(", ")} (${[...elevate, command].join(" ")})`);
  const env = ["env", "DEBIAN_FRONTEND=noninteractive"];
  const apt = (...args) =>
    runQuietly([...elevate, ...env, "apt-get", "-o", "Acquire::Retries=1", ...args]);
  apt("update");
  if (!apt("install", "-y", "--no-install-recommends", ...names)) {
    say(`apt-get failed (its messages are above). By hand: ${command}`);
    rememberFailure(names);
  }
}

/** The words in front of `apt-get` (none for root), or undefined where it can't or must not be used. */
function mayInstall(names) {
  if (process.env.GLOVEBOX_SETUP_APT === "never") return undefined;
  if (!hasProgram("apt-get") || failedLately(names)) return undefined;
  if (process.getuid() === 0) return [];
  const sudo = spawnSync("sudo", ["-n", "true"], { stdio: "ignore", timeout: 10_000 });
  return sudo.status === 0 ? ["sudo", "-n"] : undefined;
}

function adviceFor(command) {
  if (!hasProgram("apt-get")) return "Install them with this system's package manager.";
  if (process.getuid() === 0) return `To install: ${command}`;
  if (!hasProgram("sudo")) return `As root: ${command}`;
  return `To install: ${command.replaceAll("apt-get", "sudo apt-get")}`;
}

function runQuietly(argv) {
  const [program, ...args] = argv;
  const { status, stdout, stderr } = spawnSync(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`);
  return status === 0;
}

/** A machine without a network must not wait for apt-get at every start. */
function failedLately(names) {
  const stats = statSync(marker, { throwIfNoEntry: false });
  if (stats === undefined || Date.now() - stats.mtimeMs > RETRY_AFTER_MS) return false;
  return readFileSync(marker, "utf8") === names.join(" ");
}

function rememberFailure(names) {
  try {
    writeFileSync(marker, names.join(" "));
  } catch {
    // No `dist` yet, or not ours to write: then the next start tries again.
  }
}

export function hasProgram(name) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
