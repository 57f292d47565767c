import { describe, expect, test } from "vitest";
import { abortable } from "./abortable.ts";

const never = new AbortController().signal;

describe("abortable", () => {
  test("resolves and rejects as its promise", async () => {
    await expect(abortable(Promise.resolve(1), never)).resolves.toBe(1);
    await expect(abortable(Promise.reject(new Error("no")), never)).rejects.toThrow("no");
  });

  test("lets a caller go who aborts, before or while it waits", async () => {
    const controller = new AbortController();
    const waiting = abortable(new Promise(() => undefined), controller.signal);
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    const late = abortable(new Promise(() => undefined), controller.signal);
    await expect(late).rejects.toThrow("gone");
  });

  test("a rejection that comes after the abort harms nobody", async () => {
    let fail: (error: Error) => void = () => undefined;
    const promise = new Promise((_resolve, reject) => {
      fail = reject;
    });
    await expect(abortable(promise, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    fail(new Error("late"));
    await expect(promise).rejects.toThrow("late");
  });
});
