/**
 * @module
 * Measures what SPECIFICATION.md promises: `npm run bench -- --help`. Ends with 1 if a promise is
 * broken. Every number is a ratio or a difference to something else of the same run.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { benches } from "./benches.ts";
import { drawCharts } from "./charts/charts.ts";
import { parseFigures } from "./charts/figures.ts";
import { formatJson, formatTable, isAnyOver } from "./report.ts";

const usage = `Usage: npm run bench -- [--only NAME]… [--quick] [--json FILE] [--charts FOLDER]
       npm run bench -- --from FILE --charts FOLDER
       npm run bench -- --list

  --only NAME      run this bench only (repeatable)
  --quick          fewer rounds, rougher figures
  --json FILE      write the figures to FILE, too
  --charts FOLDER  draw them as SVG files
  --from FILE      draw what --json has written before; runs nothing
  --list           name the benches
`;

const EXIT_BROKEN_PROMISE = 1;
const EXIT_USAGE = 2;

/** A little before other programs, where this user may ask for it: what is compared gets it alike. */
const NICENESS = -5;

interface Flags {
  readonly only: readonly string[];
  readonly effort: BenchOptions["effort"];
  readonly json: string | undefined;
  /** Where charts are drawn. */
  readonly charts: string | undefined;
  /** The figures of an earlier run. */
  readonly from: string | undefined;
  readonly task: "run" | "draw" | "list" | "help";
}

function parseFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      charts: { type: "string" },
      from: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const unknown = values.only.find((name) => benches.every((bench) => bench.name !== name));
  if (unknown !== undefined) throw new Error(`no bench is named \`${unknown}\`; see --list`);
  const { only, json, charts, from } = values;
  if (from !== undefined && charts === undefined) throw new Error("--from needs --charts");
  const wanted = from === undefined ? "run" : "draw";
  const task = values.help ? "help" : values.list ? "list" : wanted;
  return { only, effort: values.quick ? "quick" : "full", json, charts, from, task };
}

async function runBench(bench: Bench, effort: BenchOptions["effort"]): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-bench-"));
  // Programs of another user are started in it.
  chmodSync(folder, 0o755);
  const progress = (text: string): void => void process.stderr.write(`${bench.name}: ${text}\n`);
  const removeFolder = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", removeFolder);
  try {
    return await bench.run({ effort, folder, progress });
  } finally {
    process.off("exit", removeFolder);
    removeFolder();
  }
}

async function runAll({ only, effort, json, charts }: Flags): Promise<number> {
  try {
    setPriority(NICENESS);
  } catch {
    // Ordinary users may only step back.
  }
  const chosen = only.length === 0 ? benches : benches.filter(({ name }) => only.includes(name));
  const results = new Map<string, readonly Row[]>();
  warnOfLoad();
  for (const bench of chosen) results.set(bench.name, await runBench(bench, effort));
  process.stdout.write(formatTable(results));
  const figures = formatJson(results);
  if (json !== undefined) writeFileSync(json, figures);
  if (charts !== undefined) writeCharts(figures, charts);
  return isAnyOver(results) ? EXIT_BROKEN_PROMISE : 0;
}

function writeCharts(figures: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of drawCharts(parseFigures(figures))) {
    writeFileSync(join(folder, name), svg);
    process.stderr.write(`${join(folder, name)}\n`);
  }
}

/** Ratios stand a busy machine better than times do, but not any: every hand-over then waits. */
function warnOfLoad(): void {
  const [lastMinute = 0] = loadavg();
  if (lastMinute < cpus().length / 2) return;
  process.stderr.write(
    `bench: this machine is busy (load ${lastMinute.toFixed(1)} on ${cpus().length} CPUs): ` +
      "what hands over between processes looks worse than it is\n",
  );
}

async function main(args: readonly string[]): Promise<number> {
  let flags: Flags;
  try {
    flags = parseFlags(args);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${usage}`);
    return EXIT_USAGE;
  }
  if (flags.task === "run") return runAll(flags);
  if (flags.task === "draw" && flags.from !== undefined && flags.charts !== undefined) {
    writeCharts(readFileSync(flags.from, "utf8"), flags.charts);
    return 0;
  }
  const list = benches.map(({ name, about }) => `${name.padEnd(10)} ${about}\n`).join("");
  process.stdout.write(flags.task === "list" ? list : usage);
  return 0;
}

// So that the listeners for `exit` run: they end and remove what the bench has made.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.exitCode = await main(process.argv.slice(2));
