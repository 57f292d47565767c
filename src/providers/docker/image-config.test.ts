import { expect, test } from "vitest";
import { checkImageName, imagePath, withoutWishes } from "./image-config.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

test.each([
  "python",
  "python:3",
  "library/python:3.12-slim",
  "docker.io/library/python",
  "localhost/x",
  "localhost:5000/x/y__z:V1.0_a",
  "[::1]:5000/x",
  "Registry.Example.COM/x",
  `python@${digest}`,
  `127.0.0.1:5000/a-b/c.d:1@${digest}`,
  digest,
])("%s is an image's name", (name) => {
  expect(() => {
    checkImageName(name);
  }).not.toThrow();
});

test.each([
  "",
  "UPPER",
  "a b",
  "a:b:c",
  "../x",
  "a/../b",
  "a//b",
  "/a",
  "a/",
  "-x",
  "a?b=c",
  "a#b",
  "a%2fb",
  "a\u0000b",
  "a\nb",
  "a:",
  "a@sha256:12",
  "http://a/b",
  "é",
  `a:${"x".repeat(129)}`,
  "x".repeat(256),
])("%j is none", (name) => {
  expect(() => imagePath(name)).toThrow(/is no name of an image/);
});

test("the check takes no time that grows with what was sent", () => {
  const startMs = performance.now();
  for (const piece of ["a-", "a.", "a/", "a:", "a__", "-"]) {
    expect(() => {
      checkImageName(`${piece.repeat(250)}!`);
    }).toThrow();
  }
  expect(performance.now() - startMs).toBeLessThan(1_000);
});

test("in place of an image's volumes are empty folders, but for those that are ours", () => {
  const config = {
    Image: "x",
    HostConfig: {
      Tmpfs: { "/tmp": "rw" },
      Mounts: [{ Target: "/glovebox" }, { Target: "/workspace" }],
    },
  };
  const volumes = ["/data/", "/a/../b", "/tmp", "/workspace/", "/glovebox", "/dev/shm"];
  const image = { id: "x", env: {}, command: [], labels: {}, architecture: "amd64", volumes };
  const readOnly = "ro,noexec,nosuid,nodev,size=4k,nr_inodes=1";
  expect(withoutWishes(config, image)).toMatchObject({
    Image: "x",
    HostConfig: {
      Tmpfs: { "/tmp": "rw", "/data": readOnly, "/b": readOnly, "/dev/shm": "rw" },
      Mounts: config.HostConfig.Mounts,
    },
  });
});
