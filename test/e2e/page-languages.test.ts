/**
 * @module
 * Programs of many languages on the page: chosen, run, fed, and how they end.
 */
import { describe, expect, test } from "vitest";
import { requiredLanguages } from "../helpers/required-languages.ts";
import {
  browserGap,
  gapWords,
  outputOf,
  python,
  run,
  servePage,
  typeCode,
  untilStanding,
} from "./page-fixture.ts";

/** With the names of their starters. */
const starters = [
  ["javascript", "main.js"],
  ["python", "main.py"],
  ["typescript", "main.ts"],
  ["bash", "main.sh"],
  ["c", "main.c"],
  ["cpp", "main.cpp"],
  ["java", "Hello.java"],
  ["ruby", "main.rb"],
  ["perl", "main.pl"],
  ["php", "main.php"],
  ["lua", "main.lua"],
] as const;

describe.skipIf(browserGap !== undefined)(`a program on the page${gapWords}`, () => {
  const site = servePage();

  test("greets in each of many languages, chosen from the menu", async ({ skip }) => {
    const page = await site.open();
    const menu = page.getByLabel("Language");
    await menu.locator("option:enabled").nth(1).waitFor({ state: "attached" });
    const there = await menu.locator("option:enabled").evaluateAll(valuesOf);
    const required = requiredLanguages();
    const missing = starters.filter(([id]) => !there.includes(id));
    expect(missing.filter(([id]) => required.has(id))).toEqual([]);
    for (const [index, [id, file]] of starters.filter(([id]) => there.includes(id)).entries()) {
      await menu.selectOption(id);
      await page.getByRole("tab", { name: file }).waitFor();
      await run(page);
      // From then on it is this run that stands there.
      await page.getByText(`Runs of this page (${index + 1})`).waitFor();
      await untilStanding(page, "Exited with code 0");
      expect(await outputOf(page).textContent(), id).toMatch(/hello/i);
    }
    skip(missing.length > 0, `all but ${missing.map(([id]) => id).join(", ")}: not installed`);
  });

  test("of a language that was chosen just now is the one that is run", async () => {
    const page = await site.open();
    const menu = page.getByLabel("Language");
    await menu.locator('option[value="bash"]').waitFor({ state: "attached" });
    await page.route(/virtual_starters/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await route.continue();
    });
    await menu.selectOption("bash");
    await run(page);
    await untilStanding(page, "Exited with code 0");
    await page.getByRole("tab", { name: "main.sh" }).waitFor();
    expect(await page.getByText("Runs of this page (1)").count()).toBe(1);
    expect(await outputOf(page).textContent()).toMatch(/hello/i);
  });

  test("gets what is typed as its input, and its arguments", async () => {
    const page = await site.open();
    await typeCode(page, "import sys\nprint(sys.argv[1:], sys.stdin.read().upper())");
    await page.getByText("Input, arguments and limits").click();
    await page.getByLabel("Input (stdin)").fill("ünï\nrow two");
    await page.getByLabel("Arguments").fill(`one "two words" --three`);
    await page.keyboard.press("Control+Enter");
    await untilStanding(page, "Exited with code 0");
    const shown = await outputOf(page).textContent();
    expect(shown).toBe("['one', 'two words', '--three'] ÜNÏ\nROW TWO\n");
  });

  test("is told that a quote of its arguments has no end", async () => {
    const page = await site.open();
    await page.getByText("Input, arguments and limits").click();
    const field = page.getByLabel("Arguments");
    await field.fill(`one "two`);
    await page.getByText("A quote has no end.").waitFor();
    await field.press("End");
    await field.press(`"`);
    await page.getByText("A quote has no end.").waitFor({ state: "detached" });
    expect(await field.inputValue()).toBe(`one "two"`);
  });

  test("has a limit that was typed a moment ago", async () => {
    const page = await site.open({ project: python("while True: pass") });
    await page.getByText("Input, arguments and limits").click();
    await page.getByLabel("Time", { exact: true }).fill("250ms");
    await page.keyboard.press("Control+Enter");
    await untilStanding(page, "Killed: ran longer than 250 ms");
  });

  test("has its colours", async () => {
    const content = String.raw`print("\x1b[31mred\x1b[0m plain \x1b[1;38;2;1;2;3mtrue\x1b[m")`;
    const page = await site.open({ project: python(content) });
    await run(page);
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).textContent()).toBe("red plain true\n");
    const span = (text: string) => outputOf(page).locator("span", { hasText: text });
    expect(await span("red").getAttribute("style")).toMatch(/^color: \S/);
    expect(await span("plain").getAttribute("style")).toBeNull();
    expect(await span("true").getAttribute("style")).toBe("color: rgb(1, 2, 3);");
    expect(await span("true").getAttribute("class")).toBe("stdout bold");
  });

  test("writes to two streams, of which one can be shown alone", async () => {
    const content = 'import sys\nprint("to out", flush=True)\nprint("to err", file=sys.stderr)';
    const page = await site.open({ project: python(content) });
    await run(page);
    await untilStanding(page, "Exited with code 0");
    const shown = () => outputOf(page).innerText();
    expect(await shown()).toMatch(/to out\s+to err/);
    await page.getByLabel("stderr", { exact: true }).check();
    expect((await shown()).trim()).toBe("to err");
    await page.getByLabel("stdout", { exact: true }).check();
    expect((await shown()).trim()).toBe("to out");
    await page.getByLabel("Both").check();
    expect(await shown()).toContain("to err");
  });

  test("is followed to the end of its output, until somebody goes up", async () => {
    const content =
      "import time\nfor i in range(30_000): print('row', i)\ntime.sleep(4)\nprint('end')";
    const page = await site.open({ project: python(content) });
    const fromEnd =
      "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)" +
      "(document.querySelector('.output.run pre'))";
    await run(page);
    await outputOf(page).getByText("row 29999").waitFor();
    await expect.poll(async () => page.evaluate(fromEnd)).toBeLessThan(24);
    await outputOf(page).hover();
    await page.mouse.wheel(0, -2000);
    await expect.poll(async () => page.evaluate(fromEnd)).toBeGreaterThan(1000);
    await untilStanding(page, "Exited with code 0");
    expect(await page.evaluate(fromEnd)).toBeGreaterThan(1000);
  });

  test("that the compiler refuses shows where: a click leads there", async () => {
    const content = "int main(void) {\n  int a = 1;\n  return a + nothing;\n}\n";
    const files = [{ path: "main.c", content, encoding: "utf8" as const }];
    const page = await site.open({ project: { language: "c", files } });
    await run(page);
    await untilStanding(page, /The compiler exited with code 1/);
    await page
      .getByRole("button", { name: /main\.c:3:14/ })
      .first()
      .click();
    await page.keyboard.insertText("/*here*/");
    const line = page.locator(".cm-line").nth(2);
    expect(await line.textContent()).toBe("  return a + /*here*/nothing;");
  });

  test.each([
    ["an exit code", "import sys\nsys.exit(42)", {}, "Exited with code 42"],
    ["a signal", "import os\nos.kill(os.getpid(), 11)", {}, /Ended by SIGSEGV: it touched memory/],
    ["time", "while True: pass", { wallTimeMs: 300 }, "Killed: ran longer than 300 ms"],
    [
      "memory",
      "rows = []\nwhile True: rows.append(bytearray(1 << 20))",
      { memoryBytes: 48 << 20 },
      "Killed: used more than 48 MiB of memory",
    ],
    ["more output than it may", "print('x' * 9999)", { outputBytes: 1000 }, "output was cut"],
  ])("ends by %s, and is told so", async (_, content, limits, words) => {
    const page = await site.open({ project: { ...python(content), limits } });
    await run(page);
    await untilStanding(page, words);
  });

  test("is stopped by the button, and by Escape", async () => {
    const content = 'import time\nprint("up", flush=True)\ntime.sleep(60)';
    const page = await site.open({ project: python(content) });
    await run(page);
    await outputOf(page).getByText("up").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await untilStanding(page, "Stopped");
    await run(page);
    await outputOf(page).getByText("up").waitFor();
    await page.keyboard.press("Escape");
    await untilStanding(page, "Stopped");
  });
});

const valuesOf = (options: readonly { readonly value?: string }[]): readonly string[] =>
  options.map(({ value }) => value ?? "");
