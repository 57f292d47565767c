/**
 * @module
 * Programs that want at files of the user without being let.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Decision, PermissionGate, Question } from "../../src/core/permission.ts";
import type { Policy } from "../../src/core/policy.ts";
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { createLeftoverCheck } from "../helpers/leftovers.ts";
import { skipUnless } from "../helpers/require.ts";
import { attackLimits } from "./attack.ts";

const linux = createLinuxProvider({ launcherPath: await locateLauncher() });
const { available, reason, facts } = await linux.probe();
const asking = facts.find(([name]) => name === "asking")?.[1] ?? "";
const skipReason =
  skipUnless("linux", available ? undefined : reason) ??
  skipUnless(
    "fuse",
    asking.includes("files") && !asking.includes("not files") ? undefined : asking,
  );

const yes: Decision = { isAllowed: true, scope: "run" };
const no: Decision = { isAllowed: false, scope: "run" };
const secret = "AKIA-the-secret";

describe.skipIf(skipReason !== undefined)("files that are asked about", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "ask-files-")));
  const home = join(folder, "home");
  const program = join(folder, "file-attacks");

  beforeAll(() => {
    chmodSync(folder, 0o755);
    mkdirSync(join(home, ".aws"), { recursive: true });
    writeFileSync(join(home, ".aws/credentials"), secret, { mode: 0o600 });
    const source = join(import.meta.dirname, "../helpers/ask-fs/file-attacks.c");
    execFileSync("cc", ["-pthread", "-static", "-w", "-o", program, source]);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await linux.close();
  });

  async function run(
    decide: (question: Question, signal: AbortSignal) => Decision | Promise<Decision>,
    script: string,
    policy: Partial<Policy> = {},
  ) {
    const asked: Question[] = [];
    const gate: PermissionGate = {
      decide: async (question, signal) => {
        asked.push(question);
        return decide(question, signal);
      },
    };
    const leftovers = await createLeftoverCheck();
    const sandbox = await linux.create(
      {
        policy: {
          network: { mode: "none" },
          workspace: { kind: "scratch" },
          askable: [
            { hostPath: home, kind: "folder", insidePaths: [home] },
            {
              hostPath: join(home, ".aws"),
              kind: "folder",
              insidePaths: ["/home/sandbox/.aws"],
            },
          ],
          ...policy,
        },
        gate,
        limits: attackLimits,
        files: [{ path: "file-attacks", content: readFileSync(program), executable: true }],
        hostPrograms: [],
        enforcement: "strict",
      },
      new AbortController().signal,
    );
    const chunks: Buffer[] = [];
    try {
      const { outcome } = await sandbox.exec(
        {
          argv: ["sh", "-c", script],
          env: { PATH: "/usr/bin:/bin", HOME: "/home/sandbox", ...leftovers.env },
          cwd: "/workspace",
          stdin: "empty",
          limits: attackLimits,
          onOutputLimit: "truncate",
          onOutput: (_stream, chunk) => void chunks.push(chunk),
        },
        new AbortController().signal,
      );
      return { outcome, asked, text: Buffer.concat(chunks).toString() };
    } finally {
      await sandbox.destroy();
      expect(await leftovers.processes()).toEqual([]);
    }
  }

  test.each(["/home/sandbox/.aws/credentials", join(home, ".aws/credentials")])(
    "no way leads to the bytes of %s",
    async (path) => {
      const { text, asked, outcome } = await run(() => no, `./file-attacks ${path} /tmp`);
      expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
      expect(text).not.toContain("LEAKED");
      expect(text).not.toContain(secret);
      expect(text.split("\n").length).toBeGreaterThan(10);
      expect(new Set(asked.map((each) => JSON.stringify(each.subject))).size).toBeLessThanOrEqual(
        3,
      );
    },
  );

  test("what was allowed is there at both places, by the name of who asked", async () => {
    const script = `cat ~/.aws/credentials ${home}/.aws/credentials`;
    const { text, asked } = await run(() => yes, script);
    expect(text).toBe(secret + secret);
    expect(asked.map(({ process }) => process?.name)).toEqual(["cat", "cat"]);
  });

  test("nothing is written without a yes, and with one it is the user's own file", async () => {
    const path = join(home, "notes");
    writeFileSync(path, "mine\n");
    const script = `echo theirs >> ${path}; rm ${path}; echo x > ${home}/new; mkdir ${home}/folder`;
    await run(() => no, script);
    expect(readFileSync(path, "utf8")).toBe("mine\n");
    const { outcome } = await run(() => yes, `echo theirs >> ${path}`);
    expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
    expect(readFileSync(path, "utf8")).toBe("mine\ntheirs\n");
  });

  test("what is hidden is not there, whatever anybody says", async () => {
    const script = `cat ${home}/.aws/credentials; ls -A ${home}`;
    const { text } = await run(() => yes, script, { hidden: [join(home, ".aws")] });
    expect(text).not.toContain(secret);
    expect(text).toContain("No such file or directory");
    expect(text).not.toMatch(/^\.aws$/m);
  });

  test("who ends while somebody is asked ends at once, and its question is withdrawn", async () => {
    let withdrawn = 0;
    const pending = async (_question: Question, signal: AbortSignal): Promise<Decision> =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          withdrawn += 1;
          resolve(no);
        });
      });
    const script =
      "for s in KILL TERM; do cat ~/.aws/credentials & sleep 0.2; kill -$s $!; wait $!; echo $?; done";
    const { text } = await run(pending, script);
    expect(text.match(/^\d+$/gm)).toEqual(["137", "143"]);
    expect(withdrawn).toBe(2);
  });
});
