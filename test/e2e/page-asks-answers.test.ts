/**
 * @module
 * Answers on the page: how far each goes, and what is no answer.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startUpstream, type Upstream } from "./asks-fixture.ts";
import {
  answer,
  buttonOf,
  cardsOf,
  decisionsOf,
  serveAskingPage,
  untilReady,
} from "./page-asks-fixture.ts";
import { browserGap, gapWords, outputOf, run, untilStanding } from "./page-fixture.ts";

/** What browsers themselves say of a server that is away. */
const allowed =
  /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/;
/** By the page's own rule, and a bit. */
const STILL_MS = 650;

describe.skipIf(browserGap !== undefined)(`answers on the page${gapWords}`, () => {
  const key = ".aws/credentials";
  const other = ".ssh/id_rsa";
  const forever = [".kube/config", ".netrc"] as const;
  const site = serveAskingPage("60s", [key, other, ...forever]);
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream();
  });
  afterAll(async () => upstream[Symbol.asyncDispose]());

  const connecting = (times: number): string => `
import socket
for _ in range(${times}):
    try:
        with socket.create_connection(("host.internal", ${upstream.port})) as it:
            print(it.recv(99).decode(), end="", flush=True)
    except OSError as error: print(error.strerror, flush=True)
`;
  const ended = async (page: Page): Promise<string | null> => {
    await untilStanding(page, "Exited with code 0");
    return outputOf(page).textContent();
  };

  test("a connection is made once, or for the run, or not at all", async () => {
    const page = await site.openAsking(connecting(3));
    await run(page);
    await cardsOf(page).getByText("this machine itself").waitFor();
    expect(upstream.count()).toBe(0);
    await answer(page, "Allow once");
    await outputOf(page).getByText("hello").waitFor();
    await answer(page, "Allow for this run");
    expect(await ended(page)).toBe("hello\nhello\nhello\n");
    expect(upstream.count()).toBe(3);

    await run(page);
    await answer(page, "No");
    expect(await ended(page)).toBe("Permission denied\n".repeat(3));
    expect(upstream.count()).toBe(3);
    const [only, ...more] = await decisionsOf(page);
    expect(more).toEqual([]);
    expect(only).toMatch(/wanted to connect to host\.internal:\d+: denied for this run/);
  });

  test.each([
    ["Always allow", forever[0], `${forever[0]}\n`],
    ["Never", forever[1], "Permission denied\n"],
  ])("%s holds for the next run", async (name, path, text) => {
    const page = await site.openAsking(site.reading(path));
    await run(page);
    await answer(page, name);
    expect(await ended(page)).toBe(text);
    await run(page);
    await page.locator("p.standing", { hasText: "Exited" }).waitFor({ state: "detached" });
    expect(await ended(page)).toBe(text);
    expect((await decisionsOf(page)).join()).toMatch(/: (allowed|denied) by a rule$/);
  });

  test("by keys: not by one that is held down; the keys go on from the cards", async () => {
    const page = await site.openAsking(site.reading(key, other));
    await run(page);
    await buttonOf(page, "Allow once").focus();
    await untilReady(page);
    // True where nothing keeps it from clicking.
    const held = `{ key: "Enter", repeat: true, bubbles: true, cancelable: true }`;
    const press = `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", ${held}))`;
    expect(await page.evaluate(press)).toBe(false);
    await page.keyboard.press("Space");
    await cardsOf(page).getByText(other).first().waitFor();
    await expect
      .poll(async () => page.evaluate("document.activeElement.className"))
      .toBe("asks-place");
    await untilReady(page);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await ended(page)).toBe(`${key}\n${other}\n`);
  });

  test("not by a pointer that went down before the card came, or elsewhere", async () => {
    const page = await site.openAsking(`import time\ntime.sleep(1.5)\n${site.reading(key)}`);
    await run(page);
    const { x = 0, y = 0, height = 0 } = (await outputOf(page).boundingBox()) ?? {};
    await page.mouse.move(x + 60, y + height / 2);
    await page.mouse.down();
    await untilReady(page);
    const button = buttonOf(page, "Allow once");
    await button.hover();
    await page.mouse.up();
    expect(await cardsOf(page).count()).toBe(1);
    await answer(page, "No");
    expect(await ended(page)).toBe("Permission denied\n");
  });

  test.each([
    ["moved", `document.querySelector(".run-pane").prepend("a line above it")`],
    ["is looked at anew", `dispatchEvent(new Event("focus"))`],
  ])("not by a press just as the card %s", async (_, happen) => {
    const page = await site.openAsking(site.reading(key));
    await run(page);
    await untilReady(page);
    const press = `new PointerEvent("pointerdown", { bubbles: true })`;
    // Before the page could have seen by itself that anything happened.
    await page.evaluate(`${happen};
      document.querySelector("article.ask button").dispatchEvent(${press});
      document.querySelector("article.ask button").click()`);
    await page.waitForTimeout(STILL_MS);
    expect(await cardsOf(page).count()).toBe(1);
    await answer(page, "Allow once");
    expect(await ended(page)).toBe(`${key}\n`);
  });

  test("none is left of a server that died; the run asks anew", async () => {
    const page = await site.openAsking(site.reading(key), { allowed });
    await run(page);
    await cardsOf(page).waitFor();
    await site.kill();
    await untilStanding(page, /does not answer/);
    await cardsOf(page).waitFor({ state: "detached" });
    await site.restart();
    await cardsOf(page).waitFor();
    expect(await cardsOf(page).count()).toBe(1);
    await untilStanding(page, "Waiting for your answer");
    await answer(page, "Allow once");
    expect(await ended(page)).toBe(`${key}\n`);
  });
});
