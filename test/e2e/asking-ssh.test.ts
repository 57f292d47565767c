/**
 * @module
 * Git over SSH, from a server with a network of its own: with the connection and the key it works, and
 * without one of them it does not.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../helpers/find-program.ts";
import { ownNetworkGap } from "../helpers/own-network.ts";
import { skipUnless } from "../helpers/require.ts";
import { openWorld, worldUsers, type AskingWorld } from "./asking-fixture.ts";

const missing = ["sshd", "ssh", "ssh-keygen", "git"].filter(
  (each) => findProgram(each) === undefined,
);
const gap =
  skipUnless("linux", ownNetworkGap()) ??
  skipUnless("programs", missing.length === 0 ? undefined : `${missing.join(", ")} is missing`) ??
  // sshd becomes the user who logs in.
  (process.getuid?.() === 0 ? undefined : "only root can start sshd");

/** Undoes nothing of this machine's: no file of /etc/ssh is read. */
const settings = (folder: string): string => `
Port 22
ListenAddress 93.184.216.34
HostKey ${folder}/host-key
AuthorizedKeysFile ${folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
`;

describe.skipIf(gap !== undefined).each(worldUsers)(
  `git over SSH as %s (${gap ?? "sshd"})`,
  (user) => {
    let world: AskingWorld;
    let server: ChildProcess | undefined;
    let repository: string;
    const folder = mkdtempSync(join(tmpdir(), "glovebox-ssh-test-"));

    beforeAll(async () => {
      world = await openWorld(user);
      makeKeys();
      repository = makeRepository(folder);
      server = await startServer(world, folder);
    });
    afterAll(async () => {
      if (server !== undefined) {
        const ended = once(server, "exit");
        server.kill("SIGTERM");
        await ended;
      }
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    });

    function makeKeys(): void {
      for (const name of ["host-key", "key"]) {
        const words = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(folder, name)];
        execFileSync("ssh-keygen", words);
      }
      const read = (name: string): string => readFileSync(join(folder, name), "utf8");
      writeFileSync(join(folder, "authorized"), read("key.pub"));
      world.write("home/.ssh/id_ed25519", read("key"));
      world.write("home/.ssh/known_hosts", `www.example.com ${read("host-key.pub")}`, 0o644);
    }

    async function clone(...flags: readonly string[]) {
      const script = `git clone -q ssh://root@www.example.com${repository} repo && cat repo/README`;
      const words = ["run", "--ask", "never", ...flags, "-l", "bash", "-c", script];
      const [command = "", ...rest] = [...world.cli, ...words];
      const env = { ...process.env, ...world.env };
      const child = spawn(command, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
      const [stdout, stderr] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, "close"),
      ]);
      return { stdout, stderr };
    }
    const net = "--allow-net=www.example.com:22";

    test("works with the connection and the key", async () => {
      const { stdout, stderr } = await clone(net, `--allow-read=${world.home}/.ssh`);
      expect(stdout, stderr).toBe("from the repository\n");
    });

    test("has no connection without being allowed it", async () => {
      const { stdout, stderr } = await clone(`--allow-read=${world.home}/.ssh`);
      expect(stdout).toBe("");
      expect(stderr).toContain("ssh: connect to host www.example.com port 22");
      expect(stderr).toContain(`glovebox:   ${net} `);
    });

    test("has no key without being allowed it", async () => {
      const hosts = `--allow-read=${world.home}/.ssh/known_hosts`;
      const { stdout, stderr } = await clone(net, hosts);
      expect(stdout).toBe("");
      expect(stderr).toContain("Permission denied (publickey)");
      expect(stderr).toContain("--allow-read='~/.ssh/id_ed25519'");
    });
  },
);

/** @returns Its path. */
function makeRepository(folder: string): string {
  const work = join(folder, "work");
  mkdirSync(work);
  writeFileSync(join(work, "README"), "from the repository\n");
  const git = (...words: readonly string[]): void => {
    const own = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    execFileSync("git", ["-C", work, ...own, ...words], { stdio: "pipe" });
  };
  git("init", "-q");
  git("add", "README");
  git("commit", "-q", "-m", "first");
  return join(work, ".git");
}

/** Its own folder of `/run` is made in the network's mount namespace alone. */
async function startServer({ network }: AskingWorld, folder: string): Promise<ChildProcess> {
  const file = join(folder, "settings");
  writeFileSync(file, settings(folder));
  chmodSync(folder, 0o755);
  const sshd = findProgram("sshd") ?? "sshd";
  const script = `mount -t tmpfs tmpfs /run && mkdir /run/sshd && exec ${sshd} -D -e -f ${file}`;
  const child = spawn("env", [...network.enter, "sh", "-c", script], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      said += piece;
      if (said.includes("Server listening")) resolve();
    });
    child.once("exit", () => {
      reject(new Error(`sshd ended: ${said}`));
    });
  });
  return child;
}
