import { expect, test } from "vitest";
import { mountsBelow } from "./mounts-below.ts";

const table = `22 1 0:20 / / rw - ext4 /dev/vda rw
23 22 0:21 / /home/me/project rw - ext4 /dev/vdb rw
24 23 0:22 / /home/me/project/a\\040b rw - tmpfs tmpfs rw
25 22 0:22 / /home/me/project2 rw - tmpfs tmpfs rw
`;

test("finds what is mounted in a folder, and not the folder itself", () => {
  expect(mountsBelow("/home/me/project", table)).toEqual(["/home/me/project/a b"]);
  expect(mountsBelow("/home/me/project2", table)).toEqual([]);
  expect(mountsBelow("/", table)).toHaveLength(3);
});
