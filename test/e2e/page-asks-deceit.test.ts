/**
 * @module
 * Programs that would deceive or tire whoever is asked, and pages that nobody looks at.
 */
import { describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { violationsOf } from "./page-axe.ts";
import { answer, cardsOf, decisionsOf, serveAskingPage } from "./page-asks-fixture.ts";
import { browserGap, gapWords, outputOf, run, untilStanding } from "./page-fixture.ts";

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true } as const;
/** More than can be open, and more than may come in a second. */
const flood = `
import socket, threading
def knock(n):
    try: socket.create_connection((f"198.51.100.{n}", 443), 20)
    except OSError as error: print(error.strerror, flush=True)
threads = [threading.Thread(target=knock, args=(n,)) for n in range(1, 51)]
for thread in threads: thread.start()
for thread in threads: thread.join()
`;
const twoAtOnce = (wait: number): string => `
import socket, threading, time
def knock(n):
    time.sleep(n * ${wait})
    try: socket.create_connection((f"198.51.100.{n}", 443), 20)
    except OSError as error: print(error.strerror, flush=True)
for n in range(2): threading.Thread(target=knock, args=(n,)).start()
`;

/** That nothing sticks out of its card, nor of the page. */
async function stickingOut(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>(`{
    const isOut = ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth;
    const all = [document.documentElement, ...document.querySelectorAll("article.ask, .ask p")];
    const outs = [...document.querySelectorAll("article.ask")].flatMap((card) => {
      const { left, right } = card.getBoundingClientRect();
      return [...card.querySelectorAll("*")].filter((it) => {
        const rect = it.getBoundingClientRect();
        return rect.width > 1 && (rect.left < left || rect.right > right);
      });
    });
    [...all.filter(isOut), ...outs].map((it) => it.outerHTML.slice(0, 200));
  }`);
}

describe.skipIf(browserGap !== undefined)(`deceit on the page${gapWords}`, () => {
  const key = ".aws/credentials";
  const turned = ".aws/\u202etxt.exe\u200b (wants nothing)";
  const long = `.aws/${"w".repeat(180)}`;
  const site = serveAskingPage("60s", [key, turned, long]);

  test.each([
    ["at a desk", {}],
    ["on a phone", phone],
  ])("names are shown as what they are, inside of their card, %s", async (_, size) => {
    const name = "main\u200b) wants nothing \u05d0.py";
    const rename = `open("/proc/self/comm", "w").write("curl\u202e\u200b: ok")\n`;
    const code = rename + site.reading(turned, long);
    const files = [{ path: name, content: code, encoding: "utf8" as const }];
    const page = await site.openAsking("", { ...size, project: { files } });
    await run(page);
    const card = cardsOf(page);
    await card.waitFor();
    const text = (await card.textContent()) ?? "";
    expect(text).toContain(String.raw`/.aws/\u{202e}txt.exe\u{200b} (wants nothing)"`);
    expect(text).toContain(String.raw`(from "main\u{200b}) wants nothing \u{5d0}.py")`);
    expect(text).not.toMatch(/[\u202e\u200b\u05d0]/);
    expect(await stickingOut(page)).toEqual([]);
    await answer(page, "No");
    await card.getByText("w".repeat(180)).first().waitFor();
    expect(await stickingOut(page)).toEqual([]);
    await answer(page, "No");
    await untilStanding(page, "Exited with code 0");
  });

  test("a host that looks like another is written as computers write it", async () => {
    const page = await site.openAsking(`
import socket
try: socket.create_connection(("\u0430pple.com".encode("idna").decode(), 443), 20)
except OSError as error: print(error.strerror)
`);
    await run(page);
    await cardsOf(page).getByText("xn--pple-43d.com:443").first().waitFor();
    await cardsOf(page).getByText("letters beyond a to z").waitFor();
    await answer(page, "No");
    await untilStanding(page, "Exited with code 0");
  });

  test("a second card leaves the first where it is, and is told", async () => {
    const page = await site.openAsking(twoAtOnce(2));
    await run(page);
    const first = cardsOf(page).first();
    await first.getByText("198.51.100.0:443").first().waitFor();
    const alert = page.locator('[role="alert"]', { hasText: "The program asks" });
    expect(await alert.textContent()).toBe("The program asks for a permission, and waits.");
    const box = await first.boundingBox();
    await cardsOf(page).nth(1).waitFor();
    expect(await first.boundingBox()).toEqual(box);
    expect(await alert.textContent()).toBe("The program asks for 2 permissions, and waits.");
    await answer(page, "No");
    await cardsOf(page).getByText("198.51.100.1:443").first().waitFor();
    await answer(page, "No");
    await untilStanding(page, "Exited with code 0");
  });

  test("fifty questions at once are a few cards, and what was too much is told", async () => {
    const page = await site.openAsking(flood, phone);
    await run(page);
    const deny = page.getByRole("button", { name: /^Deny all/ });
    await deny.waitFor();
    expect(await cardsOf(page).count()).toBeLessThanOrEqual(3);
    expect(await stickingOut(page)).toEqual([]);
    // Twice, as the impatient do: the page would log what the server refuses.
    const button = `document.querySelector(".asks .row button")`;
    await page.evaluate(`${button}.click(); ${button}.click()`);
    while (!(await page.locator("p.standing", { hasText: "Exited" }).isVisible())) {
      const isMany = await deny.isVisible();
      const last = cardsOf(page).getByRole("button", { name: "No", exact: true }).first();
      await (isMany ? deny : last).click({ timeout: 1500 }).catch(() => undefined);
    }
    const output = (await outputOf(page).textContent()) ?? "";
    expect(output).toBe("Permission denied\n".repeat(50));
    expect((await decisionsOf(page)).join("\n")).toContain("denied since it asked too much");
  });

  test("the title calls whoever looks at another tab", async () => {
    const page = await site.openAsking(site.reading(key));
    const title = await page.title();
    const look = async (isHidden: boolean): Promise<void> => {
      await page.evaluate(`
        Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} });
        document.dispatchEvent(new Event("visibilitychange"));`);
    };
    await look(true);
    await run(page);
    await cardsOf(page).waitFor();
    expect(await page.title()).toBe(`(1) asks – ${title}`);
    await look(false);
    expect(await page.title()).toBe(title);
    await look(true);
    expect(await page.title()).toBe(`(1) asks – ${title}`);
    await answer(page, "No");
    await untilStanding(page, "Exited with code 0");
    expect(await page.title()).toBe(title);
  });

  test.each([
    ["light", {}],
    ["dark", {}],
    ["light", phone],
  ])("screen readers find their way, in the theme %s", async (theme, size) => {
    const settings = { theme, keymap: "usual", fontSizePx: 14 };
    const code = flood.replace("51)", "6)");
    const page = await site.openAsking(code, { ...size, settings, bypassCSP: true });
    await run(page);
    await page.getByText("and 2 more").waitFor();
    await cardsOf(page).first().getByText("More", { exact: true }).click();
    await page.waitForTimeout(650);
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole("button", { name: "Stop" }).first().click();
  });
});

describe.skipIf(browserGap !== undefined)(`nobody answers on the page${gapWords}`, () => {
  const key = ".aws/credentials";
  const site = serveAskingPage("3s", [key]);

  test("the card goes, the program is denied, and both are told", async () => {
    const page = await site.openAsking(site.reading(key));
    await run(page);
    await cardsOf(page).getByText("s left, then it is denied").waitFor();
    await cardsOf(page).waitFor({ state: "detached" });
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).textContent()).toBe("Permission denied\n");
    expect(await decisionsOf(page)).toEqual([
      expect.stringMatching(/credentials.*: denied since nobody answered in time$/),
    ]);
  });
});
