import { constants } from "node:os";
import { expect, test } from "vitest";
import { errorNumberOf, Refusal } from "./refusal.ts";

const { EACCES, EIO, ENOENT, ENOSYS } = constants.errno;

test.each([
  ["a refusal", new Refusal("EACCES"), EACCES],
  ["a request that we leave to the kernel", new Refusal("ENOSYS"), ENOSYS],
  ["an error of the host", Object.assign(new Error(), { code: "ENOENT" }), ENOENT],
  [
    "an error of the host that would end all questions",
    Object.assign(new Error(), { code: "ENOSYS" }),
    EIO,
  ],
  ["an argument that Node refuses", Object.assign(new Error(), { code: "ERR_OUT_OF_RANGE" }), EIO],
  ["nothing that we know", undefined, EIO],
])("tells the program of %s", (_what, error, number) => {
  expect(errorNumberOf(error)).toBe(number);
});
