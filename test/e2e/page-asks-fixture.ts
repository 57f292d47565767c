/**
 * @module
 * A page whose programs ask for the network and for files of a home with secrets, and who answers.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { temporaryFolder } from "./cli-fixture.ts";
import { python, servePage, type OpenOptions, type Site } from "./page-fixture.ts";

export interface AskingSite extends Site {
  /** With a program that may ask for everything. */
  readonly openAsking: (code: string, options?: OpenOptions) => Promise<Page>;
  /** Python that prints files of the home, or why it may not. */
  readonly reading: (...paths: readonly string[]) => string;
}

/** For one `describe`. @param files Of the home; each says its own path. */
export function serveAskingPage(askTimeout: string, files: readonly string[]): AskingSite {
  const config = temporaryFolder();
  const site = servePage(() => {
    const file = join(config.path, "glovebox.yaml");
    const permissions = `{files: ask, always: true, askTimeout: ${askTimeout}}`;
    writeFileSync(file, `network: {allowed: [none, ask]}\npermissions: ${permissions}\n`);
    return ["--config", file];
  });
  beforeAll(() => {
    for (const path of files) {
      mkdirSync(dirname(join(site.home, path)), { recursive: true });
      writeFileSync(join(site.home, path), `${path}\n`);
    }
  });
  afterAll(() => {
    config.remove();
  });
  return {
    ...site,
    openAsking: async (code, { project, ...options } = {}) =>
      site.open({
        ...options,
        project: { ...python(code), hostFiles: "ask", network: "ask", ...project },
      }),
    reading: (...paths) => `
for path in ${JSON.stringify(paths.map((path) => join(site.home, path)))}:
    try: print(open(path).read(), end="", flush=True)
    except OSError as error: print(error.strerror, flush=True)
`,
  };
}

export const cardsOf = (page: Page): Locator => page.locator("article.ask");

export const buttonOf = (page: Page, name: string): Locator =>
  cardsOf(page).first().getByRole("button", { name, exact: true });

/** Waits until nothing has moved for as long as the page wants. */
export async function untilReady(page: Page): Promise<void> {
  await page.locator('article.ask button[aria-disabled="false"]').first().waitFor();
}

/** Of the first card. */
export async function answer(page: Page, name: string): Promise<void> {
  const button = buttonOf(page, name);
  await button.scrollIntoViewIfNeeded();
  await untilReady(page);
  await button.click();
}

/** How each question ended, as the page tells it afterwards. */
export async function decisionsOf(page: Page): Promise<readonly string[]> {
  await page.locator(".decisions summary").click();
  const lines = await page.locator(".decisions li").allTextContents();
  expect(lines).not.toEqual([]);
  return lines;
}
