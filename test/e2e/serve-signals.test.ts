/**
 * @module
 * What signals do to `glovebox serve` while a program runs.
 */
import { afterAll, expect, test } from "vitest";
import { serveCli, temporaryFolder, type ServingCli } from "./cli-fixture.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

/** Longer than the program that is to end by itself. */
const GRACE = "20s";
/** As `npm start` and a person's second Ctrl-C differ. */
const LATER_MS = 800;

async function serve(): Promise<ServingCli> {
  return serveCli(
    ["--provider", "process", "--allow-unsafe-process", "--storage", `${folder.path}/state`],
    { env: { GLOVEBOX_SHUTDOWN_GRACE: GRACE } },
  );
}

/** Resolves once a program runs; with its answer to come. */
async function begin(
  { url }: ServingCli,
  code: string,
): Promise<{ readonly answer: Promise<Response> }> {
  const answer = fetch(`${url}/v1/execute`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ language: "bash", code }),
  });
  const running = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  await expect.poll(running, { timeout: 10_000 }).toMatch(/^glovebox_slots_running 1$/m);
  return { answer };
}

test("two at once, as npm's, are one: what runs has its grace", async () => {
  const server = await serve();
  const { answer } = await begin(server, "sleep 1.5; echo done");
  server.child.kill("SIGINT");
  server.child.kill("SIGINT");
  expect(await (await answer).json()).toMatchObject({ run: { stdout: "done\n" } });
  expect((await server.stop()).exitCode).toBe(0);
});

test("a later one waits for no run", async () => {
  const server = await serve();
  const { answer } = await begin(server, "sleep 30");
  const startedAt = performance.now();
  server.child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, LATER_MS));
  server.child.kill("SIGINT");
  expect((await answer).status).toBe(503);
  expect((await server.stop()).exitCode).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});
