/**
 * @module
 * Programs on the page's terminal: they draw, read keys and lines, and learn the terminal's size.
 */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { contrast } from "../../web/src/styles/contrast.ts";
import {
  browserGap,
  gapWords,
  python,
  run,
  servePage,
  untilStanding,
  type Site,
} from "./page-fixture.ts";

const curses = `
import curses

def main(screen):
    key = None
    while key != ord("q"):
        height, width = screen.getmaxyx()
        screen.erase()
        screen.addstr(0, 0, f"size {width}x{height}")
        screen.addstr(2, 4, f"key {key}")
        screen.refresh()
        key = screen.getch()

curses.wrapper(main)
print("curses has ended")
`;

const open = async (site: Site, content: string): Promise<Page> => {
  const page = await site.open({ project: { ...python(content), isTerminal: true } });
  await run(page);
  return page;
};

const screenOf = async (page: Page): Promise<string> => {
  const text = await page.locator(".xterm-rows").innerText();
  return text.replaceAll("\u00a0", " ");
};

const untilScreen = async (page: Page, text: string | RegExp): Promise<void> => {
  await expect.poll(async () => screenOf(page), { timeout: 15_000 }).toMatch(text);
};

/** Of `rgb(1, 2, 3)`. */
const partsOf = (rgb: string): readonly number[] =>
  (rgb.match(/\d+/g) ?? []).map((part) => Number(part) / 255);

describe.skipIf(browserGap !== undefined)(`the page's terminal${gapWords}`, () => {
  const site = servePage();

  test("lets a program draw, read keys, and follow the size of its window", async () => {
    const page = await open(site, curses);
    await untilScreen(page, /size \d+x\d+/);
    const sizeOf = async () =>
      /size (\d+)x(\d+)/
        .exec(await screenOf(page))!
        .slice(1)
        .map(Number);
    const [columns = 0, rows = 0] = await sizeOf();
    expect(columns).toBeGreaterThan(40);
    expect(rows).toBeGreaterThan(15);
    await page.keyboard.press("a");
    await untilScreen(page, "key 97");
    await page.keyboard.press("ArrowUp");
    await untilScreen(page, "key 259");
    await page.setViewportSize({ width: 1000, height: 600 });
    await untilScreen(page, "key 410");
    const [fewerColumns = 0, fewerRows = 0] = await sizeOf();
    expect(fewerColumns).toBeLessThan(columns);
    expect(fewerRows).toBeLessThan(rows);
    await page.keyboard.press("q");
    await untilStanding(page, "Exited with code 0");
    await untilScreen(page, "curses has ended");
  });

  test.each(["light", "dark"] as const)(
    "shows text on black that can be read: %s",
    async (mode) => {
      const page = await site.open({
        project: {
          ...python(`print("\\x1b[37;40mwhite\\x1b[0m \\x1b[30;40mblack")`),
          isTerminal: true,
        },
        colorScheme: mode,
      });
      await run(page);
      await untilScreen(page, "white black");
      const cells = await page.evaluate<readonly (readonly string[])[]>(
        `[...document.querySelectorAll(".xterm-rows .xterm-bg-0")].map((cell) => {
        const { color, backgroundColor } = getComputedStyle(cell);
        return [color, backgroundColor];
      })`,
      );
      expect(cells).toHaveLength(2);
      for (const cell of cells) {
        const [text = [], ground = []] = cell.map(partsOf);
        expect(contrast(text, ground), String(cell)).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  test("gives a program lines that are typed, also where they are no ASCII", async () => {
    const page = await open(site, `print("hi", input("who? ")[::-1])`);
    await untilScreen(page, /who\?/);
    await page.keyboard.type("bob");
    await page.keyboard.insertText("ünï");
    await untilScreen(page, "bobünï");
    await page.keyboard.press("Enter");
    await untilScreen(page, "hi ïnübob");
    await untilStanding(page, "Exited with code 0");
  });

  test("gives a program Escape and Ctrl-C; the button stops it", async () => {
    const content = [
      "import os, tty",
      "tty.setraw(0)",
      'print("ready", end="", flush=True)',
      "while True: print(os.read(0, 9), end='', flush=True)",
    ].join("\n");
    const page = await open(site, content);
    await untilScreen(page, "ready");
    await page.keyboard.press("Escape");
    await untilScreen(page, /b'\\x1b'/);
    await page.keyboard.press("Control+c");
    await untilScreen(page, /b'\\x03'/);
    await page.getByRole("button", { name: "Stop" }).click();
    await untilStanding(page, "Stopped");
  });

  test("ends a program of its own by Ctrl-C", async () => {
    const page = await open(site, `print("up")\nwhile True: pass`);
    await untilScreen(page, "up");
    await page.keyboard.press("Control+c");
    await untilScreen(page, "KeyboardInterrupt");
    await untilStanding(page, "Ended by SIGINT");
  });

  test("follows the page's theme and size while a program runs", async () => {
    const page = await site.open({
      project: { ...python(curses), isTerminal: true },
      colorScheme: "light",
    });
    await run(page);
    await untilScreen(page, /size \d\dx/);
    const columnsOf = async () => Number(/size (\d+)x/.exec(await screenOf(page))?.[1]);
    const columns = await columnsOf();
    const looks = async () =>
      page.evaluate<string>(`(() => {
        const of = (name) => getComputedStyle(document.querySelector(name));
        return of(".xterm-scrollable-element").backgroundColor + " " + of(".xterm-rows").fontSize;
      })()`);
    expect(await looks()).toBe("rgb(255, 255, 255) 14px");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Size of the code").fill("20");
    await page.keyboard.press("Escape");
    await expect.poll(looks).toBe("rgb(22, 28, 38) 20px");
    await expect.poll(columnsOf).toBeLessThan(columns);
    await page.getByRole("button", { name: "Stop" }).click();
  });

  // It would lead anywhere, whatever its text says, and ask in a dialog of the browser's own.
  test("has no links that a program made", async () => {
    const link = String.raw`\x1b]8;;https://example.org/\x1b\\`;
    const content = `print("${link}" + ("look here " * 400) + "${String.raw`\x1b]8;;\x1b\\`}")`;
    const page = await open(site, content);
    await untilScreen(page, "look here");
    await page.locator(".xterm-screen").hover({ position: { x: 60, y: 60 } });
    await page.locator(".xterm-screen").click({ position: { x: 60, y: 60 } });
    // A dialog is a fault of any page here.
    await page.waitForTimeout(300);
    expect(page.context().pages()).toHaveLength(1);
  });

  test("has a program's colours", async () => {
    const content = String.raw`print("\x1b[31mred\x1b[0m \x1b[38;2;1;2;3mtrue\x1b[0m")`;
    const page = await open(site, content);
    await untilScreen(page, "red true");
    const spans = page.locator(".xterm-rows span");
    expect(await spans.filter({ hasText: "red" }).getAttribute("class")).toMatch(/xterm-fg-1/);
    const style = await spans.filter({ hasText: "true" }).getAttribute("style");
    expect(style).toBe("color: rgb(1, 2, 3);");
  });
});
