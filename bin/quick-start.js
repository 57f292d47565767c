/**
 * @module
 * Loads the CLI from its few files, with the code that V8 has compiled of them before. Node's own loader
 * for that is in Node >= 22.1 only, and reads a file a module.
 */
/* global require, module */
"use strict";
const fs = require("node:fs");
const { homedir } = require("node:os");
const { join } = require("node:path");
const { Script, constants } = require("node:vm");

/**
 * Node's own modules that take milliseconds to load, and that most runs, or the first moments of one,
 * do without: they are loaded when something of them is used.
 */
const slowModules = new Set([
  "node:child_process",
  "node:crypto",
  "node:dns",
  "node:dns/promises",
  "node:fs/promises",
  "node:http",
  "node:net",
  "node:readline",
  "node:stream",
  "node:stream/promises",
  "node:timers/promises",
  "node:tls",
  "node:tty",
  "node:util",
]);

/** @param {string} dist The folder of the files; their names begin with `quick-`. */
module.exports = function startQuickly(dist) {
  const cache = cacheFolder();
  const packs = new Map();
  const loaded = new Map();
  const url = require("node:url").pathToFileURL(join(dist, "quick-start.cjs")).href;

  const pack = (name) => {
    if (!packs.has(name)) packs.set(name, readPack(dist, name, cache));
    return packs.get(name);
  };
  const load = (id) => {
    if (!id.startsWith("./")) return slowModules.has(id) ? whenUsed(id) : require(id);
    const name = id.slice(2);
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const made = { exports: {} };
    loaded.set(name, made);
    pack(first.packs[name])[name](made.exports, load, made, url);
    return made.exports;
  };
  const first = pack("start");
  load(`./${first.first}`);
};

/** Stands for a module until something of it is used. */
function whenUsed(id) {
  return new Proxy(
    {},
    {
      get: (_target, name) => require(id)[name],
      has: (_target, name) => name in require(id),
      ownKeys: () => Reflect.ownKeys(require(id)),
      getOwnPropertyDescriptor: (_target, name) => {
        const descriptor = Reflect.getOwnPropertyDescriptor(require(id), name);
        return descriptor && { ...descriptor, configurable: true };
      },
    },
  );
}

function readPack(dist, name, cache) {
  const file = join(dist, `quick-${name}.cjs`);
  const source = fs.readFileSync(file, "utf8");
  const path = cache && join(cache, `${process.version}-${process.arch}-${name}`);
  const key = keyOf(file);
  const { age = -1, data } = (path && readKept(path, key)) || {};
  const script = new Script(source, {
    filename: file,
    ...(data && { cachedData: data }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const isNew = data === undefined || script.cachedDataRejected;
  // It has the functions that were called: the first runs may have called different ones.
  const isDue = isNew || age < FIRST_KEPT || Math.random() < KEPT_AGAIN;
  if (path && isDue) {
    process.once("exit", () => keep(path, key, isNew ? 0 : age + 1, script.createCachedData()));
  }
  return script.runInThisContext();
}

/** Runs after each of which the compiled code is kept anew, and the share of the later ones. */
const FIRST_KEPT = 3;
const KEPT_AGAIN = 0.02;

/** V8 looks at no more of the source than its length. */
function keyOf(file) {
  const { ino, size, mtimeMs, ctimeMs } = fs.statSync(file);
  return Buffer.from(`${file} ${ino} ${size} ${mtimeMs} ${ctimeMs}\n`);
}

function readKept(path, key) {
  try {
    const bytes = fs.readFileSync(path);
    if (!bytes.subarray(0, key.length).equals(key)) return undefined;
    return { age: bytes[key.length], data: bytes.subarray(key.length + 1) };
  } catch {
    return undefined;
  }
}

/** Written beside and renamed: who reads it sees a whole one or none. */
function keep(path, key, age, bytes) {
  try {
    const temporary = `${path}.${process.pid}`;
    fs.writeFileSync(temporary, Buffer.concat([key, Buffer.from([Math.min(age, 255)]), bytes]), {
      flag: "wx",
      mode: 0o600,
    });
    fs.renameSync(temporary, path);
  } catch {
    // A full disk: the next start compiles again.
  }
}

/** Undefined where there is none that only this user can write to. */
function cacheFolder() {
  try {
    const base = process.env.XDG_CACHE_HOME || `${homedir()}/.cache`;
    fs.mkdirSync(`${base}/glovebox/node`, { recursive: true, mode: 0o700 });
    // Who can write there can choose what runs here: with sudo that may be somebody else's folder.
    const isOurs = (folder) => {
      const { uid, mode } = fs.lstatSync(folder);
      return uid === process.geteuid() && (mode & 0o022) === 0;
    };
    const all = [base, `${base}/glovebox`, `${base}/glovebox/node`];
    return all.every(isOurs) ? all[2] : undefined;
  } catch {
    // No home, or one that can't be written to.
    return undefined;
  }
}
