/**
 * @module
 * What programs write to harm the page that shows it: nothing of it runs, leaves its place, or holds the
 * page up. That the page broke no rule of its own is looked at after each test, see page-fixture.ts.
 */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import {
  browserGap,
  gapWords,
  outputOf,
  python,
  run,
  servePage,
  untilStanding,
} from "./page-fixture.ts";

const html = `<script>window.harm = 1</script><img src=x onerror="window.harm = 1">`;
const write = (text: string): string => `print(${JSON.stringify(text)})`;
const limits = { outputBytes: 16 << 20 };
/** A person sees that it takes a moment, and goes on. */
const FLUENT_MS = 2000;

describe.skipIf(browserGap !== undefined)(`hostile output${gapWords}`, () => {
  const site = servePage();

  test.each([
    ["of a program", {}],
    ["on a terminal", { isTerminal: true }],
  ])("%s is text, also where it is HTML", async (_, parts) => {
    const content = `${write(html)}\nimport sys\nsys.stderr.write(${JSON.stringify(html)})`;
    const page = await site.open({ project: { ...python(content), ...parts } });
    await run(page);
    await untilStanding(page, "Exited with code 0");
    const place = "isTerminal" in parts ? page.locator(".xterm-rows") : outputOf(page);
    const seen = async () => (await place.innerText()).replace(/\s+/g, "");
    await expect.poll(seen).toContain(html.replace(/\s+/g, ""));
    expect(await place.locator("script, img").count()).toBe(0);
    expect(await page.evaluate("window.harm")).toBeUndefined();
  });

  test("is text in what a compiler says, and in names of files", async () => {
    const path = `<img src=x onerror='harm=1'>.c`;
    const files = [{ path, content: `#error ${html}`, encoding: "utf8" as const }];
    const page = await site.open({ project: { language: "c", files } });
    await run(page);
    await untilStanding(page, "The compiler exited with code");
    await page.getByRole("tab", { name: path }).waitFor();
    expect(await page.getByRole("region", { name: /compiler/ }).innerText()).toContain(html);
    expect(await page.locator("img:not(h1 img)").count()).toBe(0);
    expect(await page.evaluate("window.harm")).toBeUndefined();
  });

  test.each([
    ["of a program", {}],
    ["on a terminal", { isTerminal: true }],
  ])("%s does not change the title, the clipboard or the page's address", async (_, parts) => {
    const escapes = [
      "\u001b]0;harm\u0007\u001b]2;harm\u001b\\",
      "\u001b]52;c;aGFybQ==\u0007",
      "\u001b]8;;javascript:window.harm=1\u0007link\u001b]8;;\u0007",
      '\u001b[8;400;400t\u001b[3;0;0t\u001b[21t\u001b[c\u001b[6n\u001bP$q"p\u001b\\',
    ].join("");
    const page = await site.open({
      project: { ...python(`${write(escapes)}\n${write("the end")}`), ...parts },
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const address = page.url();
    await run(page);
    await untilStanding(page, "Exited with code 0");
    const place = "isTerminal" in parts ? page.locator(".xterm-rows") : outputOf(page);
    await place.getByText("the end").waitFor();
    await place.getByText("link").first().click({ force: true });
    expect(await page.title()).toBe("Glovebox");
    expect(page.url()).toBe(address);
    expect(page.context().pages()).toHaveLength(1);
    expect(await page.evaluate("window.harm")).toBeUndefined();
    expect(await page.evaluate("navigator.clipboard.readText()")).not.toBe("harm");
    await staysInPlace(page);
  });

  test("that turns its direction, or can't be seen, is shown as what it is", async () => {
    const text = "a\u202ec\u2066d\u200f\u0000\u0007e";
    const page = await site.open({ project: python(write(text)) });
    await run(page);
    await untilStanding(page, "Exited with code 0");
    expect((await outputOf(page).innerText()).trim()).toBe("a⟨U+202E⟩c⟨U+2066⟩d⟨U+200F⟩e");
  });

  test.each([
    ["5 MB of short lines", `for i in range(500_000): print("row", i)`],
    ["one line of 1 MB", `print("x" * (1 << 20))`],
    ["5 MB of NULs", `import sys\nsys.stdout.buffer.write(bytes(5 << 20))`],
    ["5 MB that is no text", `import os, sys\nsys.stdout.buffer.write(os.urandom(5 << 20))`],
    ["a colour for each letter", String.raw`print("\x1b[31ma\x1b[32mb" * 200_000)`],
    ["a line begun anew again and again", String.raw`print("\rabc" * 300_000)`],
    ["names of lines", `print("main.py:1:1 " * 100_000)`],
    ["stacked accents", String.raw`print(("a" + "\u0301" * 300 + "\n") * 200)`],
  ])("that is %s does not hold the page up", async (_, content) => {
    const page = await site.open({ project: { ...python(content), limits } });
    await staysQuick(page);
    await untilStanding(page, "Exited with code 0");
    await staysInPlace(page);
  });

  test("on a terminal does not hold the page up either", async () => {
    const content = `for i in range(300_000): print("row", i)`;
    const page = await site.open({ project: { ...python(content), limits, isTerminal: true } });
    await staysQuick(page);
    await untilStanding(page, "Exited with code 0");
    await staysInPlace(page);
  });

  test("does not touch the run of another tab", async () => {
    const one = await site.open({ project: python("while True: print('x' * 5000)") });
    const other = await site.open({ project: python("print(input())"), locale: "de-DE" });
    await run(one);
    await other.getByText("Input, arguments and limits").click();
    await other.getByLabel("Input (stdin)").fill("mine");
    await run(other);
    await untilStanding(other, "Exited with code 0");
    expect(await outputOf(other).innerText()).toBe("mine\n");
    await one.getByRole("button", { name: "Stop" }).click();
    await untilStanding(one, "Stopped");
  });
});

/** Runs the program, and does something else meanwhile. A busy machine is slow without it, too. */
async function staysQuick(page: Page): Promise<void> {
  const quietMs = await clickMs(page);
  await run(page);
  for (let i = 0; i < 3; i++) {
    expect(await clickMs(page)).toBeLessThan(Math.max(FLUENT_MS, 10 * quietMs));
  }
}

/** How long it takes until a dialog is there. */
async function clickMs(page: Page): Promise<number> {
  const before = performance.now();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("dialog").waitFor();
  const ms = performance.now() - before;
  await page.getByRole("button", { name: "Close" }).click();
  return ms;
}

/** The output has not grown over what stands around it, nor made the page wider or longer. */
async function staysInPlace(page: Page): Promise<void> {
  const root = "document.documentElement";
  expect(await page.evaluate(`${root}.scrollWidth <= ${root}.clientWidth`)).toBe(true);
  expect(await page.evaluate(`${root}.scrollHeight <= ${root}.clientHeight`)).toBe(true);
  const half = await page.getByRole("region", { name: "Run", exact: true }).boundingBox();
  const output = await page.locator(".output.run, .terminal").first().boundingBox();
  expect(output!.x).toBeGreaterThanOrEqual(half!.x);
  expect(output!.y).toBeGreaterThanOrEqual(half!.y);
  expect(output!.x + output!.width).toBeLessThanOrEqual(half!.x + half!.width + 0.5);
  expect(output!.y + output!.height).toBeLessThanOrEqual(half!.y + half!.height + 0.5);
}
