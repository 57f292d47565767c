/** Runs one command in a Lambda function. README.md has the event and the answer. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";

const OWN_FOLDER = "glovebox_runtime";

export async function handle(event) {
  const before = new Set(pids());
  const root = fs.mkdtempSync("/tmp/glovebox-");
  try {
    return await run(event, makePlaces(event, root));
  } finally {
    await killNew(before);
    fs.rmSync(root, { recursive: true, force: true });
  }
}

/** Paths of the sandbox, and where they are here. */
function makePlaces(event, root) {
  const task = process.env.LAMBDA_TASK_ROOT;
  const places = { "/home/sandbox": path.join(root, "home"), "/tmp": path.join(root, "tmp") };
  for (const folder of Object.values(places)) fs.mkdirSync(folder);
  if (!event.scratch) return { ...places, "/workspace": task };
  const workspace = path.join(root, "workspace");
  const own = path.join(task, OWN_FOLDER);
  fs.cpSync(task, workspace, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => source !== own,
  });
  makeWritable(workspace);
  return { ...places, "/workspace": workspace };
}

function makeWritable(folder) {
  fs.chmodSync(folder, 0o755);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) makeWritable(file);
    else if (entry.isFile()) fs.chmodSync(file, fs.statSync(file).mode & 0o100 ? 0o755 : 0o644);
  }
}

function place(file, places) {
  for (const [inside, here] of Object.entries(places)) {
    if (file === inside || file.startsWith(`${inside}/`)) return here + file.slice(inside.length);
  }
  return file;
}

function environment(event, places) {
  const env = { ...event.env };
  for (const name of ["HOME", "TMPDIR"]) {
    if (env[name] !== undefined) env[name] = place(env[name], places);
  }
  if (env.PATH !== undefined) {
    const folders = env.PATH.split(":").map((folder) => place(folder, places));
    const own = path.dirname(process.execPath);
    env.PATH = (folders.includes(own) ? folders : [...folders, own]).join(":");
  }
  return env;
}

/** Node can't set limits: the shell does, and then is the program. */
function limited(argv, { cpu_ms, processes, file_bytes, open_files }) {
  const seconds = cpu_ms === null ? 0 : Math.ceil(cpu_ms / 1000);
  const limits = [
    // SIGXCPU at the first, SIGKILL at the second.
    ...(seconds === 0 ? [] : [`ulimit -S -t ${seconds}`, `ulimit -H -t ${seconds + 1}`]),
    `ulimit -f ${Math.ceil(file_bytes / 512)}`,
    lower("n", open_files),
    // Shells have one name or the other for it.
    `{ { ${lower("u", processes + 16)}; } 2>/dev/null || { ${lower("p", processes + 16)}; }; }`,
  ];
  const refusal = "{ echo 'glovebox: the limits cannot be set' >&2; exit 126; }";
  return ["/bin/sh", "-c", `{ ${limits.join(" && ")}; } || ${refusal}; exec "$0" "$@"`, ...argv];
}

/** A host that gives less keeps it. */
const lower = (name, value) =>
  `{ ulimit -${name} ${value} 2>/dev/null || test "$(ulimit -${name})" -le ${value}; }`;

async function run(event, places) {
  const started = performance.now();
  const env = environment(event, places);
  const cwd = place(event.cwd, places);
  const [program, ...args] = event.argv;
  const found = find(place(program, places), env, cwd);
  if (found.fault !== undefined) return answer(started, { not_started: found.fault });
  const [shell, ...words] = limited([found.file, ...args], event.limits);
  let child;
  try {
    child = spawn(shell, words, { cwd, env, detached: true, stdio: "pipe" });
  } catch (error) {
    return answer(started, { not_started: error.code ?? "EIO" });
  }
  return await new Promise((resolve) => {
    child.on("error", (error) => resolve(answer(started, { not_started: error.code ?? "EIO" })));
    follow(child, event, started, resolve);
  });
}

/** execvp(3) with the PATH of the command. */
function find(program, env, cwd) {
  const places = program.includes("/") ? [""] : (env.PATH ?? "").split(":");
  let fault = "ENOENT";
  for (const folder of places) {
    const file = path.resolve(cwd, folder, program);
    try {
      if (!fs.statSync(file).isFile()) throw Object.assign(new Error(), { code: "EACCES" });
      fs.accessSync(file, fs.constants.X_OK);
      return { file };
    } catch (error) {
      if (error.code !== "ENOENT") fault = error.code ?? fault;
    }
  }
  return { fault };
}

function follow(child, event, started, resolve) {
  const { limits } = event;
  const [kept, dropped] = [
    { o: 0, e: 0 },
    { o: 0, e: 0 },
  ];
  const output = [];
  let ended = null;
  const end = (why) => {
    ended ??= why;
    killGroup(child);
  };
  const timer = setTimeout(() => end("wallTime"), limits.wall_ms);
  for (const [name, stream] of [
    ["o", child.stdout],
    ["e", child.stderr],
  ]) {
    stream.on("data", (piece) => {
      const room = Math.min(limits.output_bytes - kept[name], limits.total_bytes - kept.o - kept.e);
      const part = piece.subarray(0, Math.max(room, 0));
      kept[name] += part.length;
      dropped[name] += piece.length - part.length;
      if (part.length > 0) output.push([name, part]);
      if (piece.length > part.length && event.kill_on_output) end("output");
    });
  }
  // A program need not read its stdin.
  child.stdin.on("error", () => undefined);
  child.stdin.end(Buffer.from(event.stdin, "base64"));
  const finish = (code, signal) => {
    clearTimeout(timer);
    resolve(
      answer(started, {
        exit_code: code,
        signal: signal === null ? null : os.constants.signals[signal],
        ended,
        output: output.map(([name, piece]) => [name, piece.toString("base64")]),
        dropped,
      }),
    );
  };
  // What a child in the background holds open is not waited for: killing the group closes it.
  child.on("exit", () => killGroup(child));
  child.on("close", finish);
}

function killGroup(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}

const pids = () => fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));

/** All that the command left, also what left its session. */
async function killNew(before) {
  for (let turn = 0; turn < 100; turn++) {
    let left = 0;
    for (const pid of pids()) {
      if (before.has(pid)) continue;
      try {
        const state = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)[0];
        if (state === "Z") continue;
        process.kill(Number(pid), "SIGKILL");
        left += 1;
      } catch {
        continue;
      }
    }
    if (left === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function answer(started, parts) {
  return {
    glovebox: 1,
    exit_code: null,
    signal: null,
    ended: null,
    not_started: null,
    output: [],
    dropped: { o: 0, e: 0 },
    wall_ms: performance.now() - started,
    ...parts,
  };
}
