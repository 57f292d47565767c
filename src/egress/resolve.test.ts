import { expect, test } from "vitest";
import { createResolve } from "./resolve.ts";

test("names of this host have its addresses, and those that nobody has fail, many at a time", async () => {
  const resolve = createResolve();
  const found = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) => resolve(index % 2 === 0 ? "localhost" : "no.invalid")),
  );
  for (const [index, result] of found.entries()) {
    if (index % 2 === 0) expect(result).toMatchObject({ status: "fulfilled" });
    else expect(result).toMatchObject({ status: "rejected" });
  }
  expect(await resolve("localhost")).toContain("127.0.0.1");
});
