/**
 * @module
 * The program's files on the page: several, in folders, renamed, dropped, remembered.
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

const tabsOf = async (page: Page): Promise<readonly string[]> =>
  page.getByRole("tab").allInnerTexts();

async function nameFile(page: Page, name: string): Promise<void> {
  await page.getByRole("textbox", { name: /name of/i }).fill(name);
  await page.keyboard.press("Enter");
}

async function addFile(page: Page, name: string, content: string): Promise<void> {
  await page.getByRole("button", { name: "New file" }).click();
  await nameFile(page, name);
  await page.getByRole("tab", { name, selected: true }).waitFor();
  await typeCode(page, content);
}

/** As if files from elsewhere were dropped on the page. */
async function drop(page: Page, files: Readonly<Record<string, string>>): Promise<void> {
  const transfer = await page.evaluateHandle(
    `(() => {
      const transfer = new DataTransfer();
      for (const [name, text] of Object.entries(${JSON.stringify(files)}))
        transfer.items.add(new File([text], name));
      return transfer;
    })()`,
  );
  await page.locator("main").dispatchEvent("drop", { dataTransfer: transfer });
}

describe.skipIf(browserGap !== undefined)(`files on the page${gapWords}`, () => {
  const site = servePage();

  test("several, also in folders, are one program, which is remembered", async () => {
    const main = "from lib.words import word\nprint(word, open('data/in.txt').read())";
    const page = await site.open({ project: python(main) });
    await addFile(page, "lib/words.py", 'word = "found"');
    await addFile(page, "data/in.txt", "row");
    await run(page);
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).innerText()).toBe("found row\n");
    await page.reload();
    expect(await tabsOf(page)).toEqual(["main.py", "lib/words.py", "data/in.txt"]);
    expect(await editorOf(page).innerText()).toBe(main);
    await run(page);
    await untilStanding(page, "Exited with code 0");
  });

  test("in folders are a tree, which keys alone can use", async () => {
    const page = await site.open({ project: python("print(1)") });
    expect(await page.getByRole("tree").count()).toBe(0);
    await addFile(page, "lib/deep/a.py", "a = 1");
    await addFile(page, "lib/b.py", "b = 1");
    const tree = page.getByRole("tree", { name: "Folders" });
    const items = async (): Promise<readonly (string | null)[]> =>
      Promise.all(
        (await tree.getByRole("treeitem").all()).map((item) => item.getAttribute("aria-label")),
      );
    expect(await items()).toEqual(["lib", "deep", "a.py", "b.py", "main.py"]);
    await tree.getByRole("treeitem", { name: "main.py" }).click();
    expect(await editorOf(page).innerText()).toBe("print(1)");
    for (const key of ["ArrowUp", "ArrowUp", "ArrowLeft"]) await page.keyboard.press(key);
    expect(await page.evaluate("document.activeElement.dataset.path")).toBe("lib/deep");
    await page.keyboard.press("ArrowLeft");
    expect(await items()).toEqual(["lib", "deep", "b.py", "main.py"]);
    await page.keyboard.press("F2");
    await nameFile(page, "main.py");
    await page.locator(".file-tree .problem").waitFor();
    await nameFile(page, "src/core");
    expect(await tabsOf(page)).toEqual(["main.py", "src/core/a.py", "lib/b.py"]);
    await tree.getByRole("treeitem", { name: "a.py" }).press("Enter");
    expect(await page.evaluate("document.activeElement.className")).toContain("cm-content");
    expect(await editorOf(page).innerText()).toBe("a = 1");
  });

  test("of a folder are removed together, and come back", async () => {
    const page = await site.open({ project: python("print(1)") });
    await addFile(page, "lib/a.py", "a = 1");
    await addFile(page, "lib/b.py", "b = 1");
    const folder = page.getByRole("treeitem", { name: "lib" });
    await folder.focus();
    await page.getByRole("button", { name: "New file in lib" }).click();
    const name = page.getByRole("textbox", { name: "Name of the new file" });
    expect(await name.inputValue()).toBe("lib/");
    await page.keyboard.type("c.py");
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "lib/c.py", selected: true }).waitFor();
    await folder.focus();
    await page.keyboard.press("Delete");
    await page.getByText("Removed lib with 3 files.").waitFor();
    expect(await tabsOf(page)).toEqual(["main.py"]);
    expect(await page.getByRole("tree").count()).toBe(0);
    await page.getByRole("button", { name: "Undo" }).click();
    expect(await tabsOf(page)).toEqual(["main.py", "lib/a.py", "lib/b.py", "lib/c.py"]);
  });

  test("are renamed, removed, and run first; what is typed can be undone in each", async () => {
    const page = await site.open({ project: python('print("one")') });
    await addFile(page, "two.py", 'print("two")');
    await page.getByRole("button", { name: "Run two.py instead" }).click();
    await page.keyboard.press("Control+Enter");
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).innerText()).toBe("two\n");
    await page.getByRole("tab", { name: "two.py" }).dblclick();
    await nameFile(page, "renamed.py");
    expect(await tabsOf(page)).toEqual(["renamed.py", "main.py"]);
    await page.getByRole("tab", { name: "main.py" }).click();
    await typeCode(page, "changed");
    await page.getByRole("tab", { name: "renamed.py" }).click();
    expect(await editorOf(page).innerText()).toBe('print("two")');
    await page.getByRole("tab", { name: "main.py" }).click();
    await editorOf(page).press("Control+z");
    expect(await editorOf(page).innerText()).toBe('print("one")');
    await page.getByRole("button", { name: "Remove main.py" }).click();
    expect(await tabsOf(page)).toEqual(["renamed.py"]);
  });

  test("have no bad names", async () => {
    const page = await site.open({ project: python("") });
    for (const name of ["../up.py", "/root.py", "main.py", "main.py/below", "x".repeat(300)]) {
      await page.getByRole("button", { name: "New file" }).click();
      await nameFile(page, name);
      await page.locator(".file-tabs .problem").waitFor();
      await page.keyboard.press("Escape");
      expect(await tabsOf(page), name).toEqual(["main.py"]);
    }
  });

  test("are dropped, those that are no text too; what is too much is refused", async () => {
    const content = "print(open('in.txt').read(), len(open('raw.bin', 'rb').read()))";
    const page = await site.open({ project: python(content) });
    await drop(page, { "in.txt": "dropped\n", "raw.bin": "a\u0000b" });
    await expect.poll(async () => tabsOf(page)).toEqual(["main.py", "in.txt", "raw.bin"]);
    await run(page);
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).innerText()).toBe("dropped\n 3\n");
    await page.getByRole("tab", { name: "raw.bin" }).click();
    await page.getByText("raw.bin is no text").waitFor();
    await drop(page, { "big.txt": "x".repeat(5 << 20) });
    await page.getByText("That is too much").waitFor();
    expect(await tabsOf(page)).toHaveLength(3);
  });

  test("stay when another language is chosen, if somebody has written them", async () => {
    const page = await site.open({ project: python("") });
    const menu = page.getByLabel("Language");
    await menu.locator('option[value="bash"]').waitFor({ state: "attached" });
    await menu.selectOption("bash");
    await page.getByRole("tab", { name: "main.sh" }).waitFor();
    await typeCode(page, "echo mine");
    await menu.selectOption("sh");
    await run(page);
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).innerText()).toBe("mine\n");
    expect(await tabsOf(page)).toEqual(["main.sh"]);
  });

  test("of one tab are not those of another that is open", async () => {
    const page = await site.open({ project: python('print("one")') });
    const other = await page.context().newPage();
    await other.goto(site.url());
    await typeCode(other, 'print("other")');
    await run(page);
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).innerText()).toBe("one\n");
    expect(await editorOf(page).innerText()).toBe('print("one")');
  });

  test("begin anew where the browser's memory holds nonsense", async () => {
    const page = await site.open();
    for (const kept of ["nonsense", '{"language":5}', '{"files":[]}', "[]"]) {
      await page.evaluate(`addEventListener("pagehide", (e) => e.stopImmediatePropagation(), true);
        localStorage.setItem("glovebox:project", ${JSON.stringify(kept)});
        localStorage.setItem("glovebox:settings", ${JSON.stringify(kept)})`);
      await page.reload();
      expect(await editorOf(page).innerText(), kept).toContain("Hello");
    }
  });
});
