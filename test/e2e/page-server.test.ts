/**
 * @module
 * The page while its server is away: killed in the middle of a run, restarted, or not there at all.
 */
import { describe, expect, test } from "vitest";
import {
  browserGap,
  gapWords,
  editorOf,
  outputOf,
  python,
  run,
  servePage,
  untilStanding,
} from "./page-fixture.ts";

/** However the connection broke: browsers have many names for it. */
const allowed = /net::ERR_|WebSocket/;
const slow = 'import time\nprint("begun", flush=True)\ntime.sleep(4)\nprint("done")';

describe.skipIf(browserGap !== undefined)(`a server that goes away${gapWords}`, () => {
  const site = servePage();

  test("in the middle of a run: it is begun anew, and its output comes anew", async () => {
    const page = await site.open({ project: python(slow), allowed });
    await run(page);
    await outputOf(page).getByText("begun").waitFor();
    await site.kill();
    await untilStanding(page, /does not answer/);
    await site.restart();
    await untilStanding(page, /begun anew/);
    await untilStanding(page, /Exited with code 0.*the server began it anew/);
    expect(await outputOf(page).innerText()).toBe("begun\ndone\n");
    await page.locator(".server-note").waitFor({ state: "detached" });
  });

  test("and was to stop a run meanwhile: it does when it comes back", async () => {
    const page = await site.open({ project: python(slow.replace("4", "60")), allowed });
    await run(page);
    await outputOf(page).getByText("begun").waitFor();
    await site.kill();
    await untilStanding(page, /does not answer/);
    await page.getByRole("button", { name: "Stop" }).click();
    // Longer than any client asks again by itself.
    await page.waitForTimeout(8000);
    await site.restart();
    await untilStanding(page, "Stopped");
  });

  test("in the middle of a run on a terminal: the page says so, and goes on", async () => {
    const project = { ...python('print("hi", input("who? "))'), isTerminal: true };
    const page = await site.open({ project, allowed });
    await run(page);
    await page.locator(".xterm-rows", { hasText: "who?" }).waitFor();
    await site.kill();
    await untilStanding(page, /does not answer/);
    await site.restart();
    // Nobody knows what was typed into it before: such a run is not begun anew.
    await untilStanding(page, /Not run|Ended|Stopped|begun anew/);
    await page.locator(".server-note").waitFor({ state: "detached" });
    await run(page);
    await page.locator(".xterm-rows", { hasText: "who?" }).waitFor();
    await page.keyboard.type("me\n");
    await untilStanding(page, "Exited with code 0");
  });

  test("before a run: the page says so, keeps the program, and runs it later", async () => {
    const page = await site.open({ project: python('print("kept")'), allowed });
    await page.locator(".toolbar .version").waitFor();
    await site.kill();
    await run(page);
    await page.locator(".server-note", { hasText: "The server does not answer" }).waitFor();
    await untilStanding(page, "Not run");
    expect(await editorOf(page).innerText()).toContain("kept");
    await site.restart();
    await page.locator(".server-note").waitFor({ state: "detached" });
    await run(page);
    await untilStanding(page, "Exited with code 0");
  });

  test("while the page is loaded: it recovers by itself", async () => {
    const page = await site.open({ project: python('print("kept")'), allowed });
    await page.route("**/v1/**", async (route) => route.abort("connectionrefused"));
    await page.reload();
    await page.locator(".server-note", { hasText: "The server does not answer" }).waitFor();
    await page.unroute("**/v1/**");
    await page.locator(".server-note").waitFor({ state: "detached" });
    await run(page);
    await untilStanding(page, "Exited with code 0");
    expect(await outputOf(page).innerText()).toBe("kept\n");
  });
});
