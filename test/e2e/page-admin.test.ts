/**
 * @module
 * What an administrator sees of a server, and does there.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { program } from "./cli-fixture.ts";
import { browserGap, gapWords, servePage } from "./page-fixture.ts";

describe.skipIf(browserGap !== undefined)(`the administrator's page${gapWords}`, () => {
  const site = servePage();

  const send = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(site.url() + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  const sleeping = { language: "bash", code: "sleep 60" };

  test("shows what runs and how it ended, and cancels a run", async () => {
    await send("/v1/execute", { language: "bash", code: "exit 3" });
    await send("/v1/execute", { language: "klingon", code: "" });
    const { id } = (await send("/v1/executions", sleeping)) as { readonly id: string };
    const page = await site.open({ path: "/admin" });
    await page.locator("dt", { hasText: /^Running$/ }).waitFor();
    await page.locator("dd", { hasText: /^1 of \d+$/ }).waitFor();
    const refusals = page.getByRole("table", { name: "Refusals" });
    await refusals.getByRole("row", { name: /UNKNOWN_LANGUAGE 1 1/ }).waitFor();
    const outcomes = page.getByRole("table", { name: "Outcomes" });
    await outcomes.getByRole("row", { name: /exited_nonzero 1 1/ }).waitFor();

    await page.getByRole("button", { name: `Cancel ${id}` }).click();
    await page.getByText("It is canceled.").waitFor();
    await page.locator("dd", { hasText: /^0 of \d+$/ }).waitFor();
    const row = page.getByRole("region", { name: "Executions" }).getByRole("row", {
      name: new RegExp(`^${id.slice(0, 8)} bash canceled`),
    });
    await row.waitFor();
    expect(await page.getByRole("button", { name: `Cancel ${id}` }).count()).toBe(0);
  });

  test("shows requests that wait for their answer, and ends one", async () => {
    const answer = send("/v1/execute", sleeping);
    const page = await site.open({ path: "/admin" });
    const row = page.getByRole("row", { name: /bash POST \/v1\/execute anonymous/ });
    await row.getByRole("button", { name: /^Cancel / }).click();
    expect(await answer).toMatchObject({ error: { message: "An administrator ended this run." } });
    await row.waitFor({ state: "detached" });
  });

  test("says that a server is away, and goes on when it is back", async () => {
    const page = await site.open({ path: "/admin", allowed: /ERR_|Failed to load/ });
    await page.locator("dd", { hasText: /^0 of \d+$/ }).waitFor();
    await site.kill();
    await page.getByText("The server does not answer; what is shown is old.").waitFor();
    await site.restart();
    await page.getByText("The server does not answer").waitFor({ state: "detached" });
  });
});

describe.skipIf(browserGap !== undefined)(`where keys are needed${gapWords}`, () => {
  const site = servePage(() => {
    const env = { ...process.env, GLOVEBOX_STORAGE_FOLDER: join(site.home, "db") };
    execFileSync(process.execPath, [program, "keys", "create", "--name", "somebody"], {
      env,
      stdio: "ignore",
    });
    return ["--auth", "required"];
  });

  test("both pages want one, and show nothing without", async () => {
    const admin = await site.open({ path: "/admin", allowed: /401/ });
    await admin.getByLabel("This server wants a key:").waitFor();
    expect(await admin.locator("main").count()).toBe(0);
    const page = await site.open({ allowed: /401/ });
    await page.getByLabel("This server wants a key:").fill("no key\u00e4");
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("A key has no blanks, and ASCII alone.").waitFor();
    await page.getByLabel("This server wants a key:").fill("no-such-key");
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("the key is unknown, expired or revoked").waitFor();
  });
});
