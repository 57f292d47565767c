#!/usr/bin/env node
/**
 * @module
 * Runs the first program of every language on this machine and writes the table of docs/languages.md
 * anew. Languages that are not installed keep the line that they have there.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { root } from "./lib/artifacts.mjs";

const load = (file) => import(pathToFileURL(join(root, "dist", file)).href);
const { collect, createProvider, createService, defaultLimits, loadLanguages } =
  await load("index.js");
const { raiseToNeeds } = await load("core/limits.js");
const { mainFileOf } = await load("languages/from-code.js");

const ROUNDS = 3;
const document = join(root, "docs/languages.md");
const [begin, end] = ["<!-- table: npm run language-table -->", "<!-- end of table -->"];

const provider = await createProvider("linux");
const service = createService({ provider });
const never = new globalThis.AbortController().signal;

async function greet(language) {
  const content = Buffer.from(language.helloCode);
  const files = [{ path: mainFileOf(language, content), content }];
  const { report, output } = await collect(
    service,
    {
      program: { kind: "code", language: language.id, files },
      args: [],
      env: {},
      stdin: language.helloStdin === "" ? "empty" : Readable.from([language.helloStdin]),
      limits: raiseToNeeds(defaultLimits, language.limits, () => false),
      onOutputLimit: "truncate",
      network: { mode: "none" },
      enforcement: "best-effort",
    },
    never,
  );
  if (output.run.stdout.toString() !== "Hello, world!\n") {
    const said = `${output.compile.output}${output.run.output}`.slice(0, 500);
    throw new Error(`${language.id}: ${JSON.stringify(report.run?.outcome)} ${said}`);
  }
  return { compile: report.compile?.usage.wallTimeMs, run: report.run.usage.wallTimeMs };
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (values) => (values[0] === undefined ? "" : `${Math.round(median(values))} ms`);

async function rowOf(language) {
  const runtime = await service.runtime(language, never);
  if (runtime === null) return undefined;
  const times = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await greet(language));
  const { id, title, aliases, extensions, install } = language;
  const cells = [
    `\`${id}\``,
    title,
    aliases.map((alias) => `\`${alias}\``).join(" "),
    extensions.map((extension) => `\`${extension}\``).join(" "),
    packagesOf(install),
    runtime.version ?? "",
    ms(times.map(({ compile }) => compile)),
    ms(times.map(({ run }) => run)),
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
await provider.close();
const head = "| id | language | other names | extensions | packages | version | compile | run |";
const table = [head, "| --- | --- | --- | --- | --- | --- | --- | --- |", ...rows].join("\n");
writeFileSync(document, `${before}\n\n${table}\n\n${after}`);
process.stderr.write(
  `${rows.length} languages; not installed here: ${missing.join(", ") || "none"}\n`,
);
