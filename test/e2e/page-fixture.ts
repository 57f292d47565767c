/**
 * @module
 * The page of a real server in a real browser. A test fails where the page had an error, broke its own
 * rules (CSP), or asked another host for something.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Project } from "../../web/src/state/project-values.ts";
import { findProgram } from "../helpers/find-program.ts";
import { skipUnless } from "../helpers/require.ts";
import { linuxGap, serveCli, temporaryFolder, type ServingCli } from "./cli-fixture.ts";

const screenshots = join(import.meta.dirname, "../../test-results");
/** For what the page is waited for. */
const SEEN_MS = 20_000;
/** Longer than any file of these tests: what hangs is killed then. */
const SERVER_LIFE_MS = 280_000;
const size = { width: 1280, height: 800 } as const;

const executablePath = findProgram("chromium");

/** Why pages can't be tested on this host; undefined where they can. */
export const browserGap = skipUnless(
  "browser",
  executablePath === undefined ? "chromium is missing" : linuxGap(),
);
export const gapWords = browserGap === undefined ? "" : ` (${browserGap})`;

export interface OpenOptions extends BrowserContextOptions {
  /** What this browser remembers: on top of an empty program of Python. */
  readonly project?: Partial<Project>;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Below the server's address. */
  readonly path?: string;
  /** A page of another site instead, which may ask itself and the server for things. */
  readonly at?: string;
  /** Messages of the console, and addresses of other hosts, that the test is about. */
  readonly allowed?: RegExp;
}

export interface Site {
  /** Of the server's user. */
  readonly home: string;
  /** `http://127.0.0.1:41234` */
  readonly url: () => string;
  /** Each page with memory of its own. */
  readonly open: (options?: OpenOptions) => Promise<Page>;
  /** Without an end: `kill -9`. */
  readonly kill: () => Promise<void>;
  /** At the same address, with the same database. */
  readonly restart: () => Promise<void>;
}

/** For one `describe`: its server and its browser, each started once. */
export function servePage(args: () => readonly string[] = () => []): Site {
  const folder = temporaryFolder();
  const env = {
    HOME: folder.path,
    XDG_STATE_HOME: join(folder.path, "state"),
    GLOVEBOX_STORAGE_FOLDER: join(folder.path, "db"),
  };
  let server: ServingCli | undefined;
  let browser: Browser | undefined;
  let port = "0";
  const faults: string[] = [];
  const pages: Page[] = [];
  const url = (): string => `http://127.0.0.1:${port}`;
  const start = async (): Promise<void> => {
    const words = ["--provider", "linux", "--port", port, ...args()];
    server = await serveCli(words, { env, timeoutMs: SERVER_LIFE_MS });
    ({ port } = new URL(server.url));
  };
  beforeAll(async () => {
    // Where there is none it would be computed, and the page drawn by it.
    const flags = ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
    const launched = chromium.launch({ ...(executablePath && { executablePath }), args: flags });
    [browser] = await Promise.all([launched, start()]);
  });
  afterEach(async ({ task }) => {
    mkdirSync(screenshots, { recursive: true });
    for (const [index, page] of pages.entries()) {
      const name = `${task.file.name}-${task.name}-${index}`.replace(/[^\w.-]+/g, "-").slice(-150);
      await page.screenshot({ path: join(screenshots, `${name}.png`) }).catch(() => undefined);
      await page.context().close();
    }
    pages.length = 0;
    expect(faults.splice(0), "what the page did wrong").toEqual([]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), server?.stop()]);
    folder.remove();
  });
  return {
    home: folder.path,
    url,
    open: async (options = {}) => {
      if (browser === undefined) throw new Error("open pages in tests");
      const page = await openPage(browser, { ...options, url: url(), faults });
      pages.push(page);
      return page;
    },
    kill: async () => {
      server?.child.kill("SIGKILL");
      await server?.stop();
    },
    restart: start,
  };
}

interface OpenedWith extends OpenOptions {
  readonly url: string;
  readonly faults: string[];
}

async function openPage(browser: Browser, options: OpenedWith): Promise<Page> {
  const { url, faults, project, settings, path = "/", at = url + path, allowed, ...rest } = options;
  const stored = { ...(project && { project: projectOf(project) }), ...(settings && { settings }) };
  const localStorage = Object.entries(stored).map(([name, value]) => ({
    name: `glovebox:${name}`,
    value: JSON.stringify(value),
  }));
  const storageState = { cookies: [], origins: [{ origin: url, localStorage }] };
  const context = await browser.newContext({ viewport: size, storageState, ...rest });
  const page = await context.newPage();
  page.setDefaultTimeout(SEEN_MS);
  page.on("console", (message) => {
    const isFault = message.type() === "error" && allowed?.test(message.text()) !== true;
    if (isFault) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => {
    faults.push(`error: ${error.stack ?? error.message}`);
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    const isOwn =
      [url, new URL(at).origin].includes(origin) || ["blob:", "data:"].includes(protocol);
    if (!isOwn && allowed?.test(request.url()) !== true) faults.push(request.url());
  });
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(at).catch((error: unknown) => {
    if (allowed?.test(String(error)) !== true) throw error;
  });
  return page;
}

const projectOf = (parts: Partial<Project>): Project => ({
  language: "python",
  version: "",
  files: [{ path: "main.py", content: "", encoding: "utf8" }],
  ...{ stdin: "", args: [], limits: {} },
  ...{ network: "none", hostFiles: "none", isTerminal: false },
  ...parts,
});

/** A project of one Python file. */
export const python = (content: string): Partial<Project> => ({
  files: [{ path: "main.py", content, encoding: "utf8" }],
});

export async function run(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Run", exact: true }).first().click();
}

/** Waits until the page says how the run stands. */
export async function untilStanding(page: Page, text: string | RegExp): Promise<void> {
  await page.locator("p.standing", { hasText: text }).waitFor();
}

/** What the program wrote, as the page shows it. */
export const outputOf = (page: Page) => page.getByRole("region", { name: "Output of the program" });

export const editorOf = (page: Page) => page.locator(".cm-content");

/** In the place of what is in the editor. */
export async function typeCode(page: Page, text: string): Promise<void> {
  await editorOf(page).click();
  await page.keyboard.press("Control+a");
  // Else Chromium itself would give the new text the style of the old one, which the page's rules refuse.
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}
