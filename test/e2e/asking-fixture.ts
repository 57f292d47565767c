/**
 * @module
 * A network with hosts of its own, a home with secrets, and the CLI in them.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { openOwnNetwork, type OwnNetwork } from "../helpers/own-network.ts";
import { program } from "./cli-fixture.ts";

/** Names that the tests' hosts have, with addresses that look public. */
export const testHosts = {
  "www.example.com": ["93.184.216.34"],
  "api.example.com": ["93.184.216.35", "2606:2800:220:1::35"],
  "evil.example.net": ["93.184.216.66"],
  "intranet.example.com": ["10.9.9.9"],
} as const;

export interface AskingWorld {
  readonly network: OwnNetwork;
  /** Of the user who runs it. */
  readonly home: string;
  readonly project: string;
  /** Words that start the CLI in the project's folder. */
  readonly cli: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What came to the hosts, a line each: `93.184.216.34:80 GET /x`. */
  readonly received: () => string;
  readonly write: (path: string, text: string, mode?: number) => void;
  readonly close: () => Promise<void>;
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** Without a terminal, and with our environment besides. */
export async function runToItsEnd(
  [command = "", ...words]: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
): Promise<Ended> {
  const child = spawn(command, words, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { stdout, stderr, exitCode };
}

/** Who an ordinary user is where the tests are root's. */
const USER_ID = 1234;

export type WorldUser = "root" | "user";

/** Those that this process can be. */
export const worldUsers: readonly WorldUser[] =
  process.getuid?.() === 0 ? ["root", "user"] : ["user"];

export async function openWorld(user: WorldUser): Promise<AskingWorld> {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-asking-test-"));
  chmodSync(folder, 0o755);
  const isOther = user === "user" && process.getuid?.() === 0;
  const write = (path: string, text: string, mode = 0o600): void => {
    const file = join(folder, path);
    makeFolders(dirname(file), folder, isOther);
    writeFileSync(file, text, { mode });
    chmodSync(file, mode);
    if (isOther) chownSync(file, USER_ID, USER_ID);
  };
  write("home/.aws/credentials", "[default]\naws_access_key_id = AKIAEXAMPLE\n");
  write("project/README", "a project\n", 0o644);
  const network = await openOwnNetwork(testHosts);
  const hosts = await startHosts(network);
  const become = isOther
    ? ["setpriv", "--reuid", String(USER_ID), "--regid", String(USER_ID), "--clear-groups"]
    : [];
  return {
    network,
    home: join(folder, "home"),
    project: join(folder, "project"),
    // Who enters another mount namespace stands at its root.
    cli: [
      ...network.enter,
      ...["env", "-C", join(folder, "project")],
      ...become,
      process.execPath,
      program,
    ],
    env: {
      HOME: join(folder, "home"),
      GLOVEBOX_NO_BUILD: "1",
      XDG_CACHE_HOME: join(folder, "home/.cache"),
      XDG_STATE_HOME: join(folder, "home/.state"),
      XDG_DATA_HOME: join(folder, "home/.data"),
      XDG_CONFIG_HOME: join(folder, "home/.config"),
    },
    received: hosts.received,
    write,
    close: async () => {
      await hosts.stop();
      await network.close();
      // What was killed just now may still write there.
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

function makeFolders(path: string, below: string, isOther: boolean): void {
  if (path === below) return;
  makeFolders(dirname(path), below, isOther);
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch {
    return;
  }
  if (isOther) chownSync(path, USER_ID, USER_ID);
}

/** An HTTP server, an echo over UDP and one over TCP on every address of the tests' hosts. */
const hostsScript = `
const { createServer } = require("node:http");
const { createSocket } = require("node:dgram");
const net = require("node:net");
const say = (line) => process.stdout.write(line + "\\n");
for (const address of process.argv.slice(1)) {
  createServer((request, response) => {
    say(address + ":80 " + request.method + " " + request.url);
    response.end("hello from " + request.headers.host + "\\n");
  }).listen(80, address);
  net.createServer((socket) => { say(address + ":7 tcp"); socket.on("error", () => {}).pipe(socket); }).listen(7, address);
  const udp = createSocket(address.includes(":") ? "udp6" : "udp4");
  udp.on("message", (message, from) => { say(address + ":7 udp " + message); udp.send(message, from.port, from.address); });
  udp.bind(7, address);
}
setTimeout(() => say("ready"), 100);
`;

async function startHosts(
  network: OwnNetwork,
): Promise<{ received: () => string; stop: () => Promise<void> }> {
  const addresses = Object.values(testHosts).flat();
  const child: ChildProcess = spawn(
    "env",
    [...network.enter, process.execPath, "-e", hostsScript, ...addresses],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let text = "";
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      if (text.includes("ready\n")) resolve();
    });
    child.once("exit", () => {
      reject(new Error(`the hosts ended: ${text}`));
    });
  });
  await ready;
  return {
    received: () => text.replace("ready\n", ""),
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
