import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openAudit, type Audit } from "./audit.ts";
import type { SeldomReport } from "./seldom.ts";

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-audit-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Opened {
  readonly audit: Audit;
  readonly path: string;
  readonly troubles: readonly SeldomReport[];
}

async function open(path = join(folder, `audit-${++count}.jsonl`)): Promise<Opened> {
  const troubles: SeldomReport[] = [];
  const audit = await openAudit({
    destination: path,
    stderr: process.stderr,
    onTrouble: (trouble) => void troubles.push(trouble),
  });
  onTestFinished(async () => audit.close());
  return { audit, path, troubles };
}

type Line = Readonly<Record<string, unknown>>;

function read(path: string): readonly Line[] {
  const text = readFileSync(path, "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

test("has a line for each event, and nothing but its fields", async () => {
  const { audit, path } = await open();
  const from = { requestId: "r-1", callerId: "k-1", ip: "192.0.2.7" };
  audit.serverStarted("1.2.3");
  const secrets = { code: "print('secret')", stdin: "secret", env: { KEY: "secret" } };
  audit.executionEnded({
    ...from,
    ...secrets,
    executionId: "e-1",
    languageId: "python",
    end: { kind: "limit", limit: "cpuTime", exitCode: null },
    wallTimeMs: 12.6,
  });
  audit.executionEnded({
    callerId: from.callerId,
    executionId: "e-2",
    languageId: "c",
    end: "SANDBOX_FAILED",
    wallTimeMs: 0,
  });
  audit.requestRefused({ requestId: "r-2", code: "UNAUTHENTICATED", method: "POST", route: "/x" });
  audit.keyCreated({ keyId: "k-2", name: "a\nname" });
  audit.keyRevoked({ keyId: "k-2", name: "x".repeat(500) });
  audit.serverStopped();
  await audit.close();
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
  const request = { request_id: "r-1", caller: "k-1", ip: "192.0.2.7" };
  const execution = { time, event: "execution" };
  expect(read(path)).toEqual([
    { time, event: "server_started", version: "1.2.3", pid: process.pid },
    {
      ...execution,
      ...request,
      execution_id: "e-1",
      language: "python",
      outcome: "limit_cpu_time",
      wall_ms: 13,
    },
    {
      ...execution,
      caller: "k-1",
      execution_id: "e-2",
      language: "c",
      error: "SANDBOX_FAILED",
      wall_ms: 0,
    },
    {
      time,
      event: "refused",
      request_id: "r-2",
      code: "UNAUTHENTICATED",
      method: "POST",
      route: "/x",
    },
    { time, event: "key_created", key_id: "k-2", name: "a\nname" },
    { time, event: "key_revoked", key_id: "k-2", name: "x".repeat(200) },
    { time, event: "server_stopped", pid: process.pid },
  ]);
  expect(audit.lostLines()).toBe(0);
});

test("is for its owner alone, and goes on where it ended", async () => {
  const first = await open();
  first.audit.serverStarted("1");
  await first.audit.close();
  expect(statSync(first.path).mode & 0o777).toBe(0o600);
  const second = await open(first.path);
  second.audit.serverStarted("2");
  await second.audit.close();
  expect(read(first.path).map(({ version }) => version)).toEqual(["1", "2"]);
});

test("keeps the order of thousands of lines at once", async () => {
  const { audit, path } = await open();
  for (let index = 0; index < 5000; index++) audit.serverStarted(String(index));
  await audit.close();
  expect(read(path).map(({ version }) => Number(version))).toEqual([...Array(5000).keys()]);
});

test.each<[string, (path: string) => unknown, RegExp]>([
  ["a link", (path) => symlinkSync(join(folder, "elsewhere"), path), /is a symbolic link/],
  ["a folder", (path) => mkdirSync(path), /EISDIR/],
  ["a FIFO", (path) => execFileSync("mkfifo", [path]), /ENXIO/],
  ["what has no folder", (path) => rmSync(dirname(path), { recursive: true }), /ENOENT/],
])("refuses %s", async (_name, prepare, reason) => {
  const path = join(mkdtempSync(join(folder, "refused-")), "audit");
  prepare(path);
  await expect(open(path)).rejects.toMatchObject({
    code: "INVALID_CONFIG",
    message: expect.stringMatching(reason) as string,
  });
});

test("follows a file that was moved away", async () => {
  const { audit, path, troubles } = await open();
  audit.serverStarted("before");
  await expect.poll(() => readFileSync(path, "utf8")).toContain("before");
  renameSync(path, `${path}.1`);
  let written = 0;
  await expect
    .poll(
      () => {
        audit.serverStarted(String(written++));
        return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThan(0);
  await audit.close();
  const all = [...read(`${path}.1`), ...read(path)].map(({ version }) => version);
  expect(all).toEqual(["before", ...Array.from({ length: written }, (_, at) => String(at))]);
  expect(troubles).toEqual([]);
});

/** A disk that is full, for this process: no file can grow beyond. */
function limitFileSize(bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:`]);
}

test("a full disk loses what finds no room, says so, and tears no line", async () => {
  const { audit, path, troubles } = await open();
  audit.serverStarted("first");
  await expect.poll(() => readFileSync(path, "utf8")).toContain("first");
  const size = statSync(path).size;
  limitFileSize(size + 10);
  try {
    for (let index = 0; index < 20_000; index++) audit.serverStarted(`${index}`);
    await expect
      .poll(() => troubles.map(({ message }) => message))
      .toEqual([expect.stringMatching(/no room/)]);
    await expect.poll(() => statSync(path).size).toBe(size + 10);
  } finally {
    limitFileSize("unlimited");
  }
  await audit.close();
  const lines = read(path);
  expect(lines.length).toBeGreaterThan(1000);
  expect(lines.length - 1 + audit.lostLines()).toBe(20_001);
  expect(lines.at(-1)).toMatchObject({ event: "lines_lost", count: audit.lostLines() });
});

test("a line that was torn by a full disk is not continued in another file", async () => {
  const { audit, path, troubles } = await open();
  audit.serverStarted("1");
  await expect.poll(() => statSync(path).size).toBeGreaterThan(0);
  limitFileSize(statSync(path).size + 10);
  try {
    audit.serverStarted("torn");
    audit.serverStarted("2");
    await expect
      .poll(() => troubles)
      .toEqual([{ message: expect.stringMatching(/EFBIG/) as string, count: 1 }]);
    expect(readFileSync(path, "utf8")).toMatch(/\n.{10}$/);
    renameSync(path, `${path}.1`);
  } finally {
    limitFileSize("unlimited");
  }
  const isThere = (): boolean => existsSync(path) && statSync(path).size > 0;
  await expect.poll(isThere, { timeout: 10_000 }).toBe(true);
  await audit.close();
  const lines = read(path).map(({ event, version, count: lost }) => [event, version, lost]);
  // What was begun together with the torn line comes before the word about it.
  expect(lines).toEqual([
    ["server_started", "2", undefined],
    ["lines_lost", undefined, 1],
  ]);
});

test("what never got to the disk is counted when it is closed", async () => {
  const { audit, path, troubles } = await open();
  limitFileSize(1);
  try {
    audit.serverStarted("a");
    audit.serverStarted("b");
    await audit.close();
  } finally {
    limitFileSize("unlimited");
  }
  audit.serverStarted("too late");
  expect(audit.lostLines()).toBe(3);
  expect(troubles).toHaveLength(1);
  expect(statSync(path).size).toBe(1);
});

test("stderr takes the lines as they come", async () => {
  const lines: string[] = [];
  const audit = await openAudit({
    destination: "stderr",
    stderr: { write: (line) => lines.push(line) },
    onTrouble: () => undefined,
  });
  audit.keyCreated({ keyId: "k", name: "n" });
  await audit.close();
  expect(lines).toEqual([expect.stringMatching(/^\{"time":.*"event":"key_created".*\}\n$/)]);
});
