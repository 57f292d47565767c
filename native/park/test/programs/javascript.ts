/**
 * @module
 * Programs for Node.js.
 */
import type { Program } from "./program.ts";

export const javascript: readonly Program[] = [
  { name: "hello", code: `console.log("Hello, world!");` },
  { name: "nothing", code: "" },
  { name: "a #! line", code: `#!/usr/bin/env node\nconsole.log(__filename);` },
  {
    name: "stdin",
    code: `process.stdin.setEncoding("utf8").on("data", (t) => process.stdout.write(t.toUpperCase()));`,
    stdin: "a\nb",
  },
  {
    name: "stdin at once",
    code: `console.log(require("fs").readFileSync(0, "utf8").length)`,
    stdin: "z\u00f6lf",
  },
  { name: "exit code", code: `process.stdout.write("x"); process.exit(42);` },
  { name: "exception", code: `function f() { throw new TypeError("bad"); }\nf();` },
  { name: "a promise", code: `Promise.reject(new Error("no"));` },
  {
    name: "names",
    code: `console.log(__filename, __dirname, process.argv, process.execArgv, process.title, require.main === module, process.cwd(), Object.getOwnPropertyNames(globalThis).sort().join(), process.pid === +require("fs").readlinkSync("/proc/self"));`,
    args: ["two words", "", "-x"],
  },
  {
    name: "environment",
    code: `console.log(process.env, require("fs").readFileSync("/proc/self/environ", "latin1")); require("child_process").spawnSync("sh", ["-c", "env; ls /proc/self/fd"], { stdio: "inherit" });`,
  },
  { name: "open files", code: `console.log(require("fs").readdirSync("/proc/self/fd").join());` },
  {
    name: "at the end",
    code: `process.on("exit", (c) => console.log("exit", c)); process.on("beforeExit", () => console.log("before")); setTimeout(() => console.log("timer"), 50); setImmediate(() => console.log("immediate")); process.exitCode = 3;`,
  },
  {
    name: "SIGTERM",
    code: `process.stdout.write("x", () => process.kill(process.pid, "SIGTERM")); setTimeout(() => {}, 1000);`,
  },
  {
    name: "threads",
    code: `const { Worker, isMainThread, parentPort } = require("worker_threads"); if (isMainThread) new Worker(__filename).on("message", (m) => { console.log("got", m); require("zlib").gzip("x", (e, b) => { console.log(b.length); require("crypto").pbkdf2("a", "b", 9, 9, "sha1", (e, k) => console.log(k.length)); }); }); else parentPort.postMessage(1);`,
  },
  {
    name: "modules",
    code: {
      "main.js": `import("./lib/a.mjs").then((m) => console.log(m.default)); console.log(require("./lib/b"), require("./data.json"));`,
      "lib/a.mjs": `export default import.meta.url.endsWith("/lib/a.mjs");`,
      "lib/b.js": `exports.b = module.parent?.filename === require.main.filename;`,
      "data.json": `{"x":1}`,
    },
  },
  {
    name: "a package",
    code: {
      "main.js": `export {}; console.log(typeof require, await 1);`,
      "package.json": `{"type":"module"}`,
    },
  },
  { name: "syntax error", code: `console.log("x");\nif (1 {\n` },
  {
    name: "recursion",
    code: `const f = () => f(); try { f(); } catch (e) { console.log(e.message); }`,
  },
];
