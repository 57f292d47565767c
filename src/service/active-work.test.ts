import { expect, test } from "vitest";
import { ActiveWork } from "./active-work.ts";

const never = new AbortController().signal;

const untilAborted = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      resolve(String(signal.reason));
    });
  });

test("hands the caller's abort on to the work", async () => {
  const controller = new AbortController();
  const result = new ActiveWork().track(controller.signal, untilAborted);
  controller.abort("gone");
  expect(await result).toBe("gone");
});

test("work of a caller who has gone starts aborted", async () => {
  const work = new ActiveWork();
  const isAborted = await work.track(AbortSignal.abort(), (signal) =>
    Promise.resolve(signal.aborted),
  );
  expect(isAborted).toBe(true);
});

test("close aborts all work, waits for its end and refuses more", async () => {
  const work = new ActiveWork();
  const ended: string[] = [];
  const running = [1, 2].map((number) =>
    work.track(never, async (signal) => {
      const reason = await untilAborted(signal);
      ended.push(`${number} ${reason}`);
    }),
  );
  await work.close(new Error("closing"));
  expect(ended).toEqual(["1 Error: closing", "2 Error: closing"]);
  await Promise.all(running);
  let isCalled = false;
  const refused = work.track(never, () => Promise.resolve((isCalled = true)));
  await expect(refused).rejects.toThrow("closing");
  expect(isCalled).toBe(false);
});

test("close does not fail with the work", async () => {
  const work = new ActiveWork();
  const failing = work.track(never, async (signal) => {
    await untilAborted(signal);
    throw new Error("failed");
  });
  const settled = Promise.allSettled([failing]);
  await expect(work.close(new Error("closing"))).resolves.toBeUndefined();
  expect(await settled).toMatchObject([{ status: "rejected" }]);
});
