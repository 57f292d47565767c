/**
 * @module
 * What is built from what, and whether it is stale. `bin/glovebox` asks at every start from a
 * clone, so the usual answer costs one stat(2) a file and loads nothing but node:fs.
 */
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** `inputs` are files and folders, relative to the root; `stamp` is written when the build is whole. */
export const artifacts = {
  program: {
    inputs: [
      "src",
      "languages",
      "package.json",
      "package-lock.json",
      "tsconfig.json",
      "tsconfig.build.json",
      "scripts/build.mjs",
      "scripts/lib/publish.mjs",
      "scripts/lib/notices.mjs",
      "scripts/lib/pack-modules.mjs",
    ],
    output: "dist/cli.js",
    stamp: "dist/.program.stamp",
  },
  page: {
    inputs: [
      "web",
      "src/client",
      "src/core",
      "src/util",
      "src/permissions",
      "languages",
      "package.json",
      "package-lock.json",
      "tsconfig.json",
      "scripts/build-page.mjs",
      "scripts/lib/notices.mjs",
      "scripts/lib/publish.mjs",
    ],
    output: "dist/web/index.html",
    stamp: "dist/.page.stamp",
  },
  launcher: {
    inputs: ["native/launcher", "native/park", "scripts/compile-launcher.mjs"],
    output: "dist/launcher/glovebox-launcher",
    stamp: "dist/.launcher.stamp",
  },
};

/** True if the output is missing or was made from other inputs. */
export function isStale({ inputs, output, stamp }) {
  const made = readStamp(join(root, stamp));
  if (made === undefined || statSync(join(root, output), { throwIfNoEntry: false }) === undefined) {
    return true;
  }
  const files = listFiles(inputs);
  const quick = quickPrint(files);
  if (made.quick === quick) return false;
  // A fresh copy has other times and the same content: then nothing needs to be built.
  if (made.content !== contentPrint(files)) return true;
  rememberTimes(stamp, { ...made, quick });
  return false;
}

/** So that the content is not read at the next start again. Who can't write there pays each time. */
function rememberTimes(stamp, made) {
  try {
    writeStamp({ stamp }, made);
  } catch {
    // Another user's checkout.
  }
}

/** The state of the inputs. Taken before a build, so that an edit during it makes the result stale. */
export function readInputs({ inputs }) {
  const files = listFiles(inputs);
  return { quick: quickPrint(files), content: contentPrint(files) };
}

/** Records that the output was made from these inputs. */
export function writeStamp({ stamp }, made) {
  // Renamed into place: several starts may do this at once, and others read it meanwhile.
  const temporary = join(root, `${stamp}.${process.pid}`);
  writeFileSync(temporary, JSON.stringify(made));
  renameSync(temporary, join(root, stamp));
}

function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // Missing or cut short: as good as never built.
    return undefined;
  }
}

function listFiles(inputs) {
  const files = [];
  const visitFolder = (path) => {
    for (const entry of readdirSync(`${root}/${path}`, { withFileTypes: true })) {
      if (isForeign(entry.name)) continue;
      if (entry.isDirectory()) visitFolder(`${path}/${entry.name}`);
      else visit(`${path}/${entry.name}`);
    }
  };
  const visit = (path) => {
    const stats = statSync(`${root}/${path}`, { throwIfNoEntry: false });
    if (stats === undefined) return;
    if (stats.isDirectory()) visitFolder(path);
    // Not the time of the content's change, which cp -p, tar and touch set to an older one.
    else files.push({ path, size: stats.size, changedMs: stats.ctimeMs });
  };
  for (const input of inputs) visit(input);
  return files;
}

/** Tests, notes and editors' hidden files are not part of what is built. */
function isForeign(name) {
  return name.startsWith(".") || name.endsWith(".test.ts") || name === "test" || name.endsWith("~");
}

function quickPrint(files) {
  let print = "";
  for (const { path, size, changedMs } of files) print += `${path} ${size} ${changedMs}\n`;
  return print;
}

function contentPrint(files) {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  for (const { path, size } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${path}\0${size}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex");
}
