/**
 * @module
 * How the page looks and what can be done with keys alone: themes, keys of other editors, small screens.
 */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import {
  browserGap,
  editorOf,
  gapWords,
  outputOf,
  python,
  run,
  servePage,
  typeCode,
  untilStanding,
} from "./page-fixture.ts";

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const;
const openSettings = async (page: Page) => page.getByRole("button", { name: "Settings" }).click();
const themeOf = (page: Page) => page.locator("html").getAttribute("data-theme");
const backgroundOf = (page: Page) =>
  page.evaluate("getComputedStyle(document.body).backgroundColor");
const focused = async (page: Page): Promise<string> =>
  String(
    await page.evaluate(
      "`${document.activeElement.tagName} ${document.activeElement.ariaLabel ?? document.activeElement.innerText}`",
    ),
  );

/** Presses Tab until that has the focus. */
async function tabTo(page: Page, name: RegExp, key = "Tab"): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press(key);
    const now = await focused(page);
    if (name.test(now)) return;
    seen.push(now);
  }
  throw new Error(`Tab never came to ${String(name)}: ${seen.join(" | ")}`);
}

describe.skipIf(browserGap !== undefined)(`the page's looks and keys${gapWords}`, () => {
  const site = servePage();

  test("its theme is the system's, or the one that was chosen", async () => {
    const page = await site.open({ colorScheme: "light" });
    expect(await themeOf(page)).toBe("light");
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(async () => themeOf(page)).toBe("dark");
    await openSettings(page);
    const seen = new Set<unknown>();
    for (const theme of ["light", "dark", "solarized", "dracula", "contrast"]) {
      await page.getByLabel("Theme").selectOption(theme);
      expect(await themeOf(page)).toBe(theme);
      seen.add(await backgroundOf(page));
    }
    expect(seen.size).toBe(5);
    await page.reload();
    expect(await themeOf(page)).toBe("contrast");
  });

  test("the size of the code is as it was chosen", async () => {
    const page = await site.open();
    await openSettings(page);
    await page.getByLabel("Size of the code").fill("23");
    await page.keyboard.press("Escape");
    await page.reload();
    const size = await page.evaluate(
      "getComputedStyle(document.querySelector('.cm-content')).fontSize",
    );
    expect(size).toBe("23px");
  });

  test("the editor takes vim's keys", async () => {
    const page = await site.open({ project: python("one\ntwo\n") });
    await openSettings(page);
    await page.getByLabel("Keys of the editor").selectOption("vim");
    await page.getByRole("button", { name: "Close" }).click();
    await editorOf(page).click();
    await page.locator(".cm-vim-panel").waitFor();
    await page.keyboard.type("ggddihello ");
    await page.keyboard.press("Escape");
    await page.keyboard.type("yyp:%s/two/2/");
    await page.keyboard.press("Enter");
    await expect.poll(async () => editorOf(page).innerText()).toMatch(/^hello 2\nhello 2\s*$/);
    await page.keyboard.type("u");
    await expect.poll(async () => editorOf(page).innerText()).toMatch(/^hello two\nhello two\s*$/);
  });

  test("the editor takes Emacs' keys", async () => {
    const settings = { theme: "dark", keymap: "emacs", fontSizePx: 14 };
    const page = await site.open({ project: python("one two"), settings });
    await editorOf(page).click();
    await page.waitForLoadState("networkidle");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("x");
    await page.keyboard.press("Control+y");
    expect(await editorOf(page).innerText()).toBe("xone two");
  });

  test("Escape leaves vim's insert mode, and ends no run", async () => {
    const settings = { theme: "dark", keymap: "vim", fontSizePx: 14 };
    const page = await site.open({ project: python("input()\nwhile True: pass"), settings });
    await page.getByText("Input, arguments and limits").click();
    await page.getByLabel("Input (stdin)").fill("row\n");
    await run(page);
    await untilStanding(page, "Running");
    await editorOf(page).click();
    await page.keyboard.type("i");
    await page.keyboard.press("Escape");
    await untilStanding(page, "Running");
    await page.getByRole("button", { name: "Stop" }).click();
    await untilStanding(page, "Stopped");
  });

  test("Escape closes what stands open where it is typed, before it ends a run", async () => {
    const page = await site.open({ project: python("while True: pass\n") });
    await editorOf(page).click();
    await page.keyboard.press("Control+End");
    await run(page);
    await untilStanding(page, "Running");
    await editorOf(page).focus();
    await page.keyboard.type("pri");
    await page.locator(".cm-tooltip-autocomplete").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".cm-tooltip-autocomplete").waitFor({ state: "detached" });
    await page.keyboard.press("Control+f");
    await page.locator(".cm-search").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".cm-search").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "New file" }).click();
    await page.getByLabel("Name of the new file").press("Escape");
    await page.getByLabel("Name of the new file").waitFor({ state: "detached" });
    await untilStanding(page, "Running");
    await editorOf(page).press("Escape");
    await untilStanding(page, "Stopped");
  });

  test("all of it fits on a phone", async () => {
    const page = await site.open({ project: python("print('x' * 500)"), ...phone });
    const fits = async () =>
      page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth");
    const isSeen = async (name: string) => {
      const box = await page.getByRole("button", { name, exact: true }).first().boundingBox();
      expect(box!.x, name).toBeGreaterThanOrEqual(0);
      expect(box!.x + box!.width, name).toBeLessThanOrEqual(360);
    };
    expect(await fits()).toBe(true);
    for (const name of ["Run", "Share", "Settings", "New file"]) await isSeen(name);
    await page.getByText("Input, arguments and limits").click();
    expect(await fits()).toBe(true);
    await page.getByLabel("Output", { exact: true }).scrollIntoViewIfNeeded();
    await run(page);
    await untilStanding(page, "Exited with code 0");
    await outputOf(page).waitFor();
    expect(await fits()).toBe(true);
    await page.getByRole("button", { name: "Program", exact: true }).click();
    await editorOf(page).waitFor();
    await openSettings(page);
    await page.getByRole("dialog").waitFor();
    expect(await fits()).toBe(true);
    const dialog = await page.getByRole("dialog").boundingBox();
    expect(dialog!.x + dialog!.width).toBeLessThanOrEqual(360);
  });

  test("keys alone do: write, run, read, set", async () => {
    const page = await site.open({
      project: python("print('by keys')\n" + "print(1)\n".repeat(99)),
    });
    await tabTo(page, /^SELECT/);
    await tabTo(page, /^BUTTON Run/);
    await page.keyboard.press("Enter");
    await untilStanding(page, "Exited with code 0");
    await tabTo(page, /^BUTTON main\.py/);
    await tabTo(page, /Code of main\.py/);
    // In the editor, Tab indents.
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatch(/Code of main\.py/);
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+m");
    await tabTo(page, /Input, arguments/);
    await tabTo(page, /Output of the program/);
    await page.keyboard.press("Home");
    await expect.poll(async () => page.evaluate("document.activeElement.scrollTop")).toBe(0);
    await tabTo(page, /^BUTTON Settings/, "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused(page)).toMatch(/^BUTTON Settings/);
  });

  test("arrow keys move between the tabs of files", async () => {
    const files = ["a.py", "b.py"].map((path) => ({
      path,
      content: "",
      encoding: "utf8" as const,
    }));
    const page = await site.open({ project: { files } });
    await page.getByRole("tab", { name: "a.py" }).focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(async () => focused(page)).toBe("BUTTON b.py");
    await page.keyboard.press("F2");
    await page.keyboard.type("c.py\n");
    await page.getByRole("tab", { name: "c.py" }).waitFor();
  });

  test("a long program is scrolled, and is typed into without delay", async () => {
    const page = await site.open({ project: python("x = 1\n".repeat(20_000)) });
    await typeCode(page, "print(2)");
    await page.keyboard.press("Control+Enter");
    await untilStanding(page, "Exited with code 0");
  });
});
