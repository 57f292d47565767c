/**
 * @module
 * What axe-core, which knows the rules of WCAG 2.2, finds on the page: nothing, in each of its states.
 */
import { describe, expect, test } from "vitest";
import { violationsOf } from "./page-axe.ts";
import {
  browserGap,
  gapWords,
  python,
  run,
  servePage,
  untilStanding,
  type OpenOptions,
} from "./page-fixture.ts";

/** To look into a page, axe is put into it: the page's own rules forbid that. */
const bypassCSP = true;
const themes = ["light", "dark", "solarized", "dracula", "contrast"] as const;
const phone: OpenOptions = { viewport: { width: 360, height: 740 }, hasTouch: true };
const colourful = [
  String.raw`print(*(f"\x1b[{n}mcolour {n}\x1b[0m" for n in [*range(30, 38), *range(90, 98), 1, 2, 7]))`,
  "import sys",
  'sys.stderr.write("main.py:1:1\\n")',
  "sys.exit(3)",
].join("\n");

describe.skipIf(browserGap !== undefined)(`the page is accessible${gapWords}`, () => {
  const site = servePage();

  test.each(themes)("in the theme %s, with output", async (theme) => {
    const settings = { theme, keymap: "usual", fontSizePx: 14 };
    const page = await site.open({ project: python(colourful), settings, bypassCSP });
    await run(page);
    await untilStanding(page, "Exited with code 3");
    expect(await violationsOf(page)).toEqual([]);
  });

  test.each([
    ["at a desk", {}],
    ["on a phone", phone],
  ])("%s, with all that can be opened", async (_, size) => {
    const files = ["a.py", "lib/b.py"].map((path) => ({
      path,
      content: "",
      encoding: "utf8" as const,
    }));
    const page = await site.open({ project: { files }, ...size, bypassCSP });
    expect(await violationsOf(page), "as it begins").toEqual([]);
    await page.getByText("Input, arguments and limits").click();
    await page.getByLabel("Arguments").fill(`"`);
    expect(await violationsOf(page), "with a wrong field").toEqual([]);
    await page.getByRole("button", { name: "New file" }).click();
    expect(await violationsOf(page), "with a new file").toEqual([]);
    for (const name of ["Share", "Settings"]) {
      await page.getByRole("button", { name }).click();
      await page.getByRole("dialog").waitFor();
      expect(await violationsOf(page), name).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
  });

  test("with a terminal, and with what a compiler says", async () => {
    const project = { ...python('input("who? ")'), isTerminal: true };
    const page = await site.open({ project, bypassCSP });
    await run(page);
    await page.locator(".xterm-rows", { hasText: "who?" }).waitFor();
    expect(await violationsOf(page), "a terminal").toEqual([]);
    const files = [{ path: "main.c", content: "nonsense", encoding: "utf8" as const }];
    const other = await site.open({ project: { language: "c", files }, bypassCSP });
    await run(other);
    await untilStanding(other, "The compiler exited with code 1");
    expect(await violationsOf(other), "a compiler").toEqual([]);
  });
});
