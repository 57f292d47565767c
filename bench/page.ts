/**
 * @module
 * What the playground costs its user: the first load, and how much later output is seen than the API
 * gives it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { chromium, type Browser, type Page } from "playwright-core";
import { packageFolder } from "../src/util/package-folder.ts";
import { findProgram } from "../test/helpers/find-program.ts";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { firstLoadBytes } from "./first-load.ts";
import { pythonHello, startBenchServer, type BenchServer } from "./server.ts";
import { median } from "./statistics.ts";

const MAX_ABOVE_API_MS = 30;
const MAX_FIRST_LOAD_MB = 0.25;
const WARM_UP_RUNS = 5;
/** Nobody clicks while the server still tidies up after the run before, or the page draws it. */
const PAUSE_MS = 200;
const SEEN_MS = 20_000;

export const pageBench: Bench = {
  name: "page",
  about: "the playground: first load, first paint, and a click against POST /v1/execute",
  kind: "promise",
  run,
};

async function run(options: BenchOptions): Promise<readonly Row[]> {
  const size: Row = {
    name: "first load, gzipped",
    value: firstLoadBytes(join(packageFolder(), "dist/web")) / 1e6,
    unit: "MB",
    bound: { kind: "most", value: MAX_FIRST_LOAD_MB },
    how: "index.html with all scripts and styles that it names, and what these import",
  };
  const executablePath = findProgram("chromium");
  if (executablePath === undefined)
    return [
      size,
      { name: "click to output above POST /v1/execute", skipped: "there is no chromium" },
    ];
  await using server = await startBenchServer(options.folder);
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath, args });
  try {
    return [
      size,
      await measurePaint(options, browser, server),
      ...(await measureClicks(options, browser, server)),
    ];
  } finally {
    await browser.close();
  }
}

/** Each time as a visitor who was never here. */
async function measurePaint(
  { effort, progress }: BenchOptions,
  browser: Browser,
  { url }: BenchServer,
): Promise<Row> {
  const rounds = effort === "full" ? 20 : 5;
  progress(`${rounds} first visits`);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const page = await browser.newPage();
    await page.goto(url);
    await page.locator(".cm-content").waitFor({ timeout: SEEN_MS });
    const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1";
    times.push(await page.evaluate<number>(paint));
    await page.context().close();
  }
  const how = `median of ${rounds} visits with an empty cache, on this machine`;
  return { name: "first contentful paint", value: median(times), unit: "ms", how };
}

async function measureClicks(
  { effort, progress }: BenchOptions,
  browser: Browser,
  server: BenchServer,
): Promise<readonly Row[]> {
  const rounds = effort === "full" ? 100 : 20;
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.locator(".cm-content").click({ timeout: SEEN_MS });
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(pythonHello.code);
  progress(`${rounds} clicks, in turn with POST /v1/execute`);
  const clicks: number[] = [];
  const calls: number[] = [];
  for (let round = -WARM_UP_RUNS; round < rounds; round++) {
    await setTimeout(PAUSE_MS);
    const callMs = await server.execute(pythonHello);
    await setTimeout(PAUSE_MS);
    const clickMs = await clickToOutput(page);
    if (round < 0) continue;
    calls.push(callMs);
    clicks.push(clickMs);
  }
  const how = `medians of ${rounds}, in turn`;
  return [
    {
      name: "click to output above POST /v1/execute",
      value: median(clicks) - median(calls),
      unit: "ms",
      bound: { kind: "most", value: MAX_ABOVE_API_MS },
      how: `${how}; output counts once it is painted`,
    },
    { name: "click to output", value: median(clicks), unit: "ms", how },
    { name: "POST /v1/execute", value: median(calls), unit: "ms", how },
  ];
}

/** In the page, so that nothing of the browser's remote control is counted. */
async function clickToOutput(page: Page): Promise<number> {
  const ms = await page.evaluate<number>(clickScript);
  await page.locator("p.standing.good").waitFor({ timeout: SEEN_MS });
  return ms;
}

const clickScript = readFileSync(join(packageFolder(), "bench/page-click.js"), "utf8");
