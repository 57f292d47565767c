/**
 * @module
 * `jobs`, `wait` and `kill`.
 */
import { invalidRequest } from "../../core/errors.ts";
import type { Job } from "../jobs.ts";
import type { Builtin, Running } from "../shell.ts";
import { writeText } from "../streams.ts";

const list: Builtin = {
  name: "jobs",
  usage: "jobs",
  summary: "lists what runs beside your lines (`&`)",
  run: async (_args, { shell }, { stdout }) => {
    const lines = shell.jobs.all().map((job) => `${describeJob(job)}\n`);
    await writeText(stdout, lines.join(""));
    return 0;
  },
};

const wait: Builtin = {
  name: "wait",
  usage: "wait [%N…]",
  summary: "waits for them",
  run: async (args, running) => {
    const jobs =
      args.length === 0 ? running.shell.jobs.all() : args.map((arg) => jobOf(arg, running));
    const interrupted = new Promise<number>((resolve) => {
      running.signal.addEventListener("abort", () => resolve(130), { once: true });
    });
    const all = Promise.all(jobs.map(({ ended }) => ended)).then((codes) =>
      args.length === 0 ? 0 : (codes.at(-1) ?? 0),
    );
    return Promise.race([all, interrupted]);
  },
};

const kill: Builtin = {
  name: "kill",
  usage: "kill %N…",
  summary: "ends them; programs inside are ended from inside",
  run: async (args, running) => {
    if (args.length === 0) throw invalidRequest("kill", "name a job, as `kill %1`; see `jobs`.");
    for (const arg of args) jobOf(arg, running).end();
    return 0;
  },
};

export const jobBuiltins: readonly Builtin[] = [list, wait, kill];

export function describeJob({ id, text, status }: Job): string {
  const code = status();
  const state = code === undefined ? "running" : code === 0 ? "done" : `exit ${code}`;
  return `[${id}] ${state}  ${text}`;
}

function jobOf(arg: string, { shell }: Running): Job {
  const job = /^%?\d{1,9}$/.test(arg) ? shell.jobs.find(Number(arg.replace("%", ""))) : undefined;
  if (job !== undefined) return job;
  throw invalidRequest(`\`${arg}\``, "is no job; see `jobs`.");
}
