import { expect, test } from "vitest";
import { localSource, registrySource, wholeName } from "./reference.ts";

test.each([
  ["python", "docker.io/library/python:latest"],
  ["python:3", "docker.io/library/python:3"],
  ["acme/tool", "docker.io/acme/tool:latest"],
  ["docker.io/library/python:3", "docker.io/library/python:3"],
  ["ghcr.io/acme/tool:1", "ghcr.io/acme/tool:1"],
  ["localhost/tool", "localhost/tool:latest"],
  ["localhost:5000/tool", "localhost:5000/tool:latest"],
])("%s is %s", (name, whole) => {
  expect(wholeName(name)).toBe(whole);
});

test.each(["", "-x", "a b", "../x", "a/B", "x:", "--help"])("%j is no image", (name) => {
  expect(() => wholeName(name)).toThrow(/is not an image like python:3/);
});

const digest = `sha256:${"0".repeat(64)}`;
test.each([
  ["docker.io/library/python:3", ["docker://docker.io/library/python:3"]],
  [`ghcr.io/a/b:1@${digest}`, [`docker://ghcr.io/a/b@${digest}`]],
  ["localhost:5000/a:1", ["--src-tls-verify=false", "docker://localhost:5000/a:1"]],
  ["127.0.0.1:5000/a:1", ["--src-tls-verify=false", "docker://127.0.0.1:5000/a:1"]],
  ["127.0.0.1.evil.org/a:1", ["docker://127.0.0.1.evil.org/a:1"]],
])("skopeo gets %s as %j", (name, words) => {
  expect(registrySource(name)).toEqual(words);
});

test("what is on this machine has a transport that reads files", () => {
  expect(localSource("oci:/proc:b")).toEqual(["oci:/proc:b"]);
  expect(localSource("docker-archive:/proc:a:b")).toEqual(["docker-archive:/proc:a:b"]);
  expect(localSource("oci:src:b")).toEqual([`oci:${process.cwd()}/src:b`]);
  for (const source of ["docker://a", "/a", "oci:", "containers-storage:a", "--help", "dir:/a"]) {
    expect(() => localSource(source)).toThrow(/--from: .* is not oci:FOLDER:TAG/);
  }
});

test.each(["oci:/none:a", "oci-archive:/none.tar", "docker-archive:none.tar:a"])(
  "%s names what is not there",
  (source) => {
    expect(() => localSource(source)).toThrow(/^--from: "\/.*none(\.tar)?" is not there/);
  },
);
