/**
 * @module
 * Questions of programs on the page: answered both ways, by nobody, by accident, and by deceit.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Locator, Page } from "playwright-core";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { temporaryFolder } from "./cli-fixture.ts";
import {
  browserGap,
  gapWords,
  outputOf,
  python,
  run,
  servePage,
  untilStanding,
} from "./page-fixture.ts";

const gap = browserGap ?? ownNetworkGap();
const config = temporaryFolder();
afterAll(() => {
  config.remove();
});
/** By the page's own rule, and a bit. */
const STILL_MS = 650;

/**
 * Presses that button as soon as it is there and a little later, both in the first half second; then the
 * page's body has the class `pressed`. From inside: a test that is slow itself would come too late.
 */
const pressEarly = async (page: Page, selector: string): Promise<void> => {
  await page.evaluate(`new MutationObserver((_, observer) => {
    const button = document.querySelector(${JSON.stringify(selector)});
    if (button === null) return;
    observer.disconnect();
    const cameMs = performance.now();
    const pressAll = () => {
      // Where the machine is so slow, the press would count.
      if (performance.now() - cameMs > 450) return;
      button.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
      button.click();
      button.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
      button.click();
      button.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    };
    pressAll();
    setTimeout(pressAll, 250);
    setTimeout(() => document.body.classList.add("pressed"), 250);
  }).observe(document.body, { childList: true, subtree: true })`);
};

describe.skipIf(gap !== undefined)(`questions on the page${gapWords}`, () => {
  const site = servePage(() => {
    const file = join(config.path, "glovebox.yaml");
    const permissions = "{files: ask, always: true, askTimeout: 30s}";
    writeFileSync(file, `network: {allowed: [none, ask]}\npermissions: ${permissions}\n`);
    return ["--config", file];
  });
  beforeAll(() => {
    for (const name of [".aws", ".ssh", ".kube"]) mkdirSync(join(site.home, name));
    writeFileSync(join(site.home, ".aws/credentials"), "the key\n");
    writeFileSync(join(site.home, ".aws/config"), "the region\n");
    writeFileSync(join(site.home, ".ssh/id_rsa"), "private\n");
    writeFileSync(join(site.home, ".kube/config"), "cluster\n");
  });

  const reading = (...paths: readonly string[]): string => `
for path in ${JSON.stringify(paths.map((path) => join(site.home, path)))}:
    try: print(open(path).read(), end="")
    except OSError as error: print(error.strerror)
`;
  const open = async (code: string, more: object = {}): Promise<Page> =>
    site.open({ project: { ...python(code), hostFiles: "ask", ...more } });
  const cardOf = (page: Page): Locator => page.locator("article.ask").first();
  const answer = async (page: Page, name: string): Promise<void> => {
    await cardOf(page).waitFor();
    await page.waitForTimeout(STILL_MS);
    await cardOf(page).getByRole("button", { name, exact: true }).click();
  };

  test("yes gives the file, no does not, and both are told afterwards", async () => {
    const page = await open(reading(".aws/credentials", ".ssh/id_rsa"));
    await run(page);
    await cardOf(page).getByText("AWS access keys").waitFor();
    await answer(page, "Allow once");
    await page.locator("article.ask .object", { hasText: ".ssh/id_rsa" }).waitFor();
    await answer(page, "No");
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).textContent()).toBe("the key\nPermission denied\n");
    await page.getByText("Permissions: 1 allowed, 1 denied").click();
    expect(await page.locator(".decisions li").allTextContents()).toEqual([
      expect.stringMatching(/credentials.*: allowed once, by an answer$/),
      expect.stringMatching(/id_rsa.*: denied for this run, by an answer$/),
    ]);
  });

  test("all of a folder is one answer; `always` holds for the next run", async () => {
    const page = await open(reading(".aws/credentials", ".aws/config"));
    await run(page);
    await answer(page, "Allow all of ~/.aws/");
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).textContent()).toBe("the key\nthe region\n");

    const other = await open(reading(".kube/config"));
    await run(other);
    await answer(other, "Always allow");
    await untilStanding(other, "Exited with code 0");
    await run(other);
    await untilStanding(other, "Exited with code 0");
    expect(await outputOf(other).textContent()).toBe("cluster\n");
    expect(await other.locator("article.ask").count()).toBe(0);
  });

  test("nothing is answered in the first half second, nor by a press that began before", async () => {
    const page = await open(reading(".aws/credentials"));
    await pressEarly(page, "article.ask button");
    await run(page);
    const card = cardOf(page);
    await card.waitFor();
    await page.locator("body.pressed").waitFor();
    await page.waitForTimeout(STILL_MS);
    await card.getByRole("button", { name: "Allow once" }).dispatchEvent("click");
    await page.waitForTimeout(STILL_MS);
    expect(await card.isVisible()).toBe(true);
    expect(await outputOf(page).textContent()).toBe("");
    await answer(page, "No");
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).textContent()).toBe("Permission denied\n");
  });

  test("a flood is a few cards, and all of it can be denied at once", async () => {
    const code = `
import socket, threading
def knock(n):
    try: socket.create_connection((f"198.51.100.{n}", 443), 20)
    except OSError as error: print(error.strerror, flush=True)
threads = [threading.Thread(target=knock, args=(n,)) for n in range(1, 9)]
for thread in threads: thread.start()
for thread in threads: thread.join()
`;
    const page = await open(code, { network: "ask" });
    await pressEarly(page, ".asks > .row button");
    await run(page);
    await page.locator("body.pressed").waitFor();
    await page.waitForTimeout(STILL_MS);
    await page.getByRole("button", { name: /^Deny all/ }).waitFor();
    expect(await page.locator("article.ask").count()).toBeLessThanOrEqual(3);
    const hasEnded = untilStanding(page, "Exited with code 0");
    // Those that came while the others were denied are asked about alone.
    const deny = page.getByRole("button", { name: /^(Deny all|No$)/ });
    while ((await page.locator("article.ask").count()) > 0) {
      await page.waitForTimeout(STILL_MS);
      const click = deny.last().click({ timeout: 2000 });
      await click.catch(() => undefined);
    }
    await hasEnded;
  });

  test("a question that is answered in another tab goes away, and is told", async () => {
    const page = await open(reading(".aws/config"));
    await run(page);
    await cardOf(page).waitFor();
    const asks = (await (await fetch(`${site.url()}/v1/asks`)).json()) as {
      readonly asks: readonly {
        readonly id: string;
        readonly subject: { readonly path?: string };
      }[];
    };
    const ask = asks.asks.find(({ subject }) => subject.path?.endsWith(".aws/config"));
    const response = await fetch(`${site.url()}/v1/asks/${ask?.id ?? ""}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ answer: "allow", scope: "once" }),
    });
    expect(response.status).toBe(200);
    await untilStanding(page, "Exited with code 0");
    expect(await page.locator("article.ask").count()).toBe(0);
    await page.getByText("Permissions: 1 allowed, 0 denied").waitFor();
  });
});
