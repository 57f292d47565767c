/**
 * @module
 * The runs of the page: shown again, compared, their programs brought back.
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

describe.skipIf(browserGap !== undefined)(`runs of the page${gapWords}`, () => {
  const site = servePage();

  /** Three programs, the last one a longer one that is never run. */
  const runTwice = async (): Promise<Page> => {
    const page = await site.open({ project: python("print('same')\nprint('one')") });
    await run(page);
    await untilStanding(page, "Exited with code 0");
    await typeCode(page, "print('same')\nprint('two')\nraise SystemExit(3)");
    await run(page);
    await untilStanding(page, "Exited with code 3");
    await page.getByText("Runs of this page (2)").click();
    return page;
  };
  const rowOf = (page: Page, number: number) =>
    page.getByRole("listitem").filter({ hasText: `Run ${number}` });

  test("an earlier one is shown again, and a new one in its place", async () => {
    const page = await runTwice();
    await rowOf(page, 1)
      .getByRole("button", { name: /^Run 1/ })
      .click();
    await untilStanding(page, "Exited with code 0");
    await expect.poll(() => outputOf(page).innerText()).toBe("same\none\n");
    await page.getByText("This is run 1.").waitFor();
    await page.getByRole("button", { name: "Show run 2" }).click();
    await untilStanding(page, "Exited with code 3");
    await rowOf(page, 1)
      .getByRole("button", { name: /^Run 1/ })
      .click();
    await run(page);
    await untilStanding(page, "Exited with code 3");
    await page.getByText("Runs of this page (3)").waitFor();
    expect(await page.getByText("This is run 1.").count()).toBe(0);
  });

  test("two are compared", async () => {
    const page = await runTwice();
    await rowOf(page, 1).getByRole("button", { name: "Compare" }).click();
    const dialog = page.getByRole("dialog", { name: "Run 1 and run 2" });
    await dialog.getByText("Exited with code 0 → Exited with code 3").waitFor();
    const differences = dialog.getByRole("region", { name: "Differences: Output of the program" });
    expect(await differences.locator(".line").allTextContents()).toEqual([
      ...[" same", "−removed: one", "+added: two"],
    ]);
    await dialog.getByText("main.py was changed").waitFor();
    expect(await dialog.getByText("faster").or(dialog.getByText("slower")).count()).not.toBe(0);
  });

  test("a program comes back, and so does what it replaced", async () => {
    const page = await runTwice();
    await typeCode(page, "never run");
    await rowOf(page, 1).getByRole("button", { name: "Bring back" }).click();
    await editorOf(page).getByText("print('one')").waitFor();
    await page.getByRole("button", { name: "Have it back" }).click();
    await editorOf(page).getByText("never run").waitFor();
  });
});
