#!/usr/bin/env node
/**
 * @module
 * Runs the first program of every language on this machine and writes the table of docs/languages.md
 * anew. Languages that are not installed keep the line that they have there.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { root } from "./lib/artifacts.mjs";

const load = (file) => import(pathToFileURL(join(root, "dist", file)).href);
const { collect, createProvider, createService, defaultLimits, loadLanguages } =
  await load("index.js");
const { raiseToNeeds } = await load("core/limits.js");
const { expandArgv } = await load("languages/argv.js");
const { mainFileOf, namesFromCode } = await load("languages/from-code.js");
const { createDiskCache } = await load("service/compile-cache/disk-cache.js");
const { createPreparedStore } = await load("service/prepared/prepared-store.js");

const ROUNDS = 5;
const BARE_TIMEOUT_MS = 60_000;
const GREETING = "Hello, world!\n";
const document = join(root, "docs/languages.md");
const [begin, end] = ["<!-- table: npm run language-table -->", "<!-- end of table -->"];

const folder = mkdtempSync(join(tmpdir(), "language-table-"));
const provider = await createProvider("linux");
const service = createService({
  provider,
  compileCache: createDiskCache({ folder: join(folder, "compiled"), maxBytes: 2 ** 30 }),
  preparedStore: createPreparedStore(join(folder, "prepared")),
});
const never = new globalThis.AbortController().signal;

/** @returns Time from the request to the report, in ms: with the sandbox, and the compiler if it runs. */
async function greet(language, compileCache) {
  const content = Buffer.from(language.helloCode);
  const files = [{ path: mainFileOf(language, content), content }];
  const request = {
    program: { kind: "code", language: language.id, files },
    args: [],
    env: {},
    stdin: language.helloStdin === "" ? "empty" : Readable.from([language.helloStdin]),
    limits: raiseToNeeds(defaultLimits, language.limits, () => false),
    onOutputLimit: "truncate",
    network: { mode: "none" },
    enforcement: "best-effort",
    compileCache,
  };
  const started = globalThis.performance.now();
  const { report, output } = await collect(service, request, never);
  const took = globalThis.performance.now() - started;
  if (output.run.stdout.toString() !== GREETING) {
    const said = `${output.compile.output}${output.run.output}`.slice(0, 500);
    throw new Error(`${language.id}: ${JSON.stringify(report.run?.outcome)} ${said}`);
  }
  return took;
}

/** @returns Time of the same commands without Glovebox, in ms; undefined where they need its sandbox. */
function greetBare(language) {
  const content = Buffer.from(language.helloCode);
  const entry = mainFileOf(language, content);
  const names = namesFromCode(language, entry, content);
  const extensions = [...language.extensions, ...language.sourceExtensions];
  const cwd = mkdtempSync(join(folder, "bare-"));
  mkdirSync(dirname(join(cwd, entry)), { recursive: true });
  writeFileSync(join(cwd, entry), content);
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: cwd, LANG: "C.UTF-8", ...language.env };
  const started = globalThis.performance.now();
  let stdout = "";
  for (const words of [...(language.compile ?? []), language.run]) {
    const [program, ...args] = expandArgv(words, { entry, files: [entry], extensions, names });
    const run = { cwd, env, timeout: BARE_TIMEOUT_MS, encoding: "utf8" };
    const ended = spawnSync(program, args, { ...run, input: language.helloStdin });
    if (ended.status !== 0) return undefined;
    stdout = ended.stdout;
  }
  return stdout === GREETING ? globalThis.performance.now() - started : undefined;
}

function ms(values) {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (known.length === 0) return "";
  return `${Math.round(known[Math.floor(known.length / 2)])} ms`;
}

async function rowOf(language) {
  const runtime = await service.runtime(language, never);
  if (runtime === null) return undefined;
  await service.prepareLanguage(language, never);
  await greet(language, "use");
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const again = language.compile === undefined ? undefined : await greet(language, "use");
    times.push({ bare: greetBare(language), first: await greet(language, "off"), again });
  }
  const { id, title, aliases, extensions, install } = language;
  const cells = [
    `\`${id}\``,
    title,
    aliases.map((alias) => `\`${alias}\``).join(" "),
    extensions.map((extension) => `\`${extension}\``).join(" "),
    packagesOf(install),
    runtime.version ?? "",
    ...["bare", "first", "again"].map((name) => ms(times.map((each) => each[name]))),
  ];
  return `| ${cells.join(" | ")} |`;
}

function packagesOf({ debian, npm = [] }) {
  const names = debian.map((name) => `\`${name}\``);
  const ofNpm = npm.map((each) => `npm: \`${each.replace(/(?<=.)@.*$/, "")}\``);
  return [...names, ...ofNpm].join(" ");
}

const text = readFileSync(document, "utf8");
const before = text.slice(0, text.indexOf(begin) + begin.length);
const after = text.slice(text.indexOf(end));
const old = new Map(
  text
    .slice(before.length, text.length - after.length)
    .split("\n")
    .map((line) => [/^\| `([^`]+)`/.exec(line)?.[1], line]),
);
const rows = [];
const missing = [];
for (const language of loadLanguages().languages) {
  const row = await rowOf(language).catch((error) => {
    process.stderr.write(`FAILED ${error.message}\n`);
    return undefined;
  });
  if (row === undefined) missing.push(language.id);
  const line = row ?? old.get(language.id);
  if (line !== undefined) rows.push(line);
  process.stderr.write(`${line ?? `${language.id}: not installed`}\n`);
}
await service.close();
rmSync(folder, { recursive: true });
const head =
  "| id | language | other names | extensions | packages | version | bare | first | again |";
const table = [head, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |", ...rows].join("\n");
writeFileSync(document, `${before}\n\n${table}\n\n${after}`);
process.stderr.write(
  `${rows.length} languages; not installed here: ${missing.join(", ") || "none"}\n`,
);
