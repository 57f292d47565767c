import { expect, test } from "vitest";
import { parseProviderFlags, type RawProviderFlags } from "./provider-flag.ts";
import { plainKeyWarning } from "./remote-flags.ts";

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
  [
    { provider: "vm" },
    /--provider: `vm` is unknown. Allowed: auto, linux, docker, process, remote, lambda\./,
  ],
  [{ provider: "process", image: "a" }, /--image: is of no use with `--provider process`/],
  [
    { provider: "linux", image: "a", pull: "never" },
    /--pull: is of no use with `--provider linux`/,
  ],
  [{ provider: "process", pull: "never" }, /--pull: is of no use with `--provider process`/],
  [{ dockerHost: "" }, /--docker-host: is empty/],
  [{ ociRuntime: "../runc" }, /--oci-runtime: `..\/runc` is no name/],
  [{ pull: "often" }, /--pull: `often` is unknown. Allowed: missing, never, always\./],
  [{ provider: "remote" }, /--url: is missing: which server\? Write --url, or set GLOVEBOX_URL/],
  [{ url: "" }, /--url: is missing/],
  [{ url: "http://a", key: "" }, /--key: is empty/],
  [{ url: "http://a", key: "k", keyFile: "f" }, /--key: can't be used together with --key-file/],
  [{ url: "http://a", keyFile: "/no/such" }, /--key-file: `\/no\/such` can't be read \(ENOENT\)/],
  [{ url: "http://a", keyFile: "/dev/null" }, /--key-file: `\/dev\/null` has no key in it/],
  [{ provider: "linux", url: "http://a" }, /--url: is of no use with `--provider linux`/],
  [{ url: "http://a", pull: "never" }, /--pull: is of no use with `--provider remote`/],
])("%j is refused", (raw, message) => {
  expect(() => parseProviderFlags(raw, {})).toThrow(message);
});

test.each<[RawProviderFlags, NodeJS.ProcessEnv, object]>([
  [{ url: "http://a" }, {}, { url: "http://a", key: undefined }],
  [{ url: "http://a", key: "k" }, {}, { url: "http://a", key: "k" }],
  [{ url: "http://a", image: "a:1" }, {}, { url: "http://a" }],
  [{ provider: "remote" }, { GLOVEBOX_URL: "http://b" }, { url: "http://b", key: undefined }],
  [
    { url: "http://a", key: "k" },
    { GLOVEBOX_URL: "http://b", GLOVEBOX_KEY: "e" },
    { url: "http://a", key: "k" },
  ],
  [{ url: "http://a" }, { GLOVEBOX_KEY: "e" }, { key: "e" }],
  [{ url: "http://a" }, { GLOVEBOX_KEY: "" }, { key: undefined }],
])("%j with %j means a server", (raw, env, remote) => {
  expect(parseProviderFlags(raw, env)).toMatchObject({ provider: "remote", remote });
});

test("a server in the environment alone changes nothing", () => {
  const env = { GLOVEBOX_URL: "http://b", GLOVEBOX_KEY: "e" };
  expect(parseProviderFlags({}, env)).toMatchObject({ provider: "auto" });
  expect(parseProviderFlags({}, env)).not.toHaveProperty("remote");
});

test.each<[url: string, key: string | undefined, isWarned: boolean]>([
  ["http://glovebox.example.org", "k", true],
  ["http://10.0.0.1:8000", "k", true],
  ["https://glovebox.example.org", "k", false],
  ["http://glovebox.example.org", undefined, false],
  ["http://localhost:8000", "k", false],
  ["http://127.0.0.1", "k", false],
  ["http://[::1]:8000", "k", false],
])("a key %#: to %s", (url, key, isWarned) => {
  expect(plainKeyWarning({ url, key }) !== undefined).toBe(isWarned);
});
