import { expect, test } from "vitest";
import { parseProviderFlags, type RawProviderFlags } from "./provider-flag.ts";

test.each<[RawProviderFlags, string, object]>([
  [{}, "auto", { pullPolicy: "missing" }],
  [{ provider: "linux" }, "linux", {}],
  [{ provider: "docker" }, "docker", {}],
  [{ image: "python:3" }, "docker", {}],
  [{ provider: "linux", image: "python:3" }, "linux", {}],
  [{ provider: "auto", ociRuntime: "runsc" }, "docker", { ociRuntime: "runsc" }],
  [{ dockerHost: "tcp://a:1" }, "docker", { host: "tcp://a:1" }],
  [{ provider: "docker", pull: "never" }, "docker", { pullPolicy: "never" }],
])("%j means the provider %s", (raw, provider, docker) => {
  expect(parseProviderFlags(raw)).toMatchObject({ provider, docker });
});

test.each<[RawProviderFlags, RegExp]>([
  [{ provider: "vm" }, /--provider: `vm` is unknown. Allowed: auto, linux, docker, process, remote\./],
  [{ provider: "process", image: "a" }, /--image: is of no use with `--provider process`/],
  [
    { provider: "linux", image: "a", pull: "never" },
    /--pull: is of no use with `--provider linux`/,
  ],
  [{ provider: "process", pull: "never" }, /--pull: is of no use with `--provider process`/],
  [{ dockerHost: "" }, /--docker-host: is empty/],
  [{ ociRuntime: "../runc" }, /--oci-runtime: `..\/runc` is no name/],
  [{ pull: "often" }, /--pull: `often` is unknown. Allowed: missing, never, always\./],
])("%j is refused", (raw, message) => {
  expect(() => parseProviderFlags(raw)).toThrow(message);
});
