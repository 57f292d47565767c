/**
 * @module
 * What runs beside the lines that follow (`&`).
 */

export interface Job {
  readonly id: number;
  /** As it was written. */
  readonly text: string;
  /** Undefined: it still runs. */
  readonly status: () => number | undefined;
  readonly ended: Promise<number>;
  readonly end: () => void;
}

export interface Jobs {
  /** @param work Its signal is aborted where the job is to end. */
  readonly start: (text: string, work: (signal: AbortSignal) => Promise<number>) => Job;
  readonly find: (id: number) => Job | undefined;
  readonly all: () => readonly Job[];
  /** Those that have ended since the last time; they are forgotten. */
  readonly takeEnded: () => readonly Job[];
  /** Ends all that still run. */
  readonly endAll: () => Promise<void>;
}

export function createJobs(): Jobs {
  const jobs = new Map<number, Job>();
  const start: Jobs["start"] = (text, work) => {
    const id = Math.max(0, ...jobs.keys()) + 1;
    const controller = new AbortController();
    let status: number | undefined;
    const ended = work(controller.signal).then((code) => (status = code));
    const job: Job = {
      ...{ id, text, ended },
      status: () => status,
      end: () => controller.abort(),
    };
    jobs.set(id, job);
    return job;
  };
  return {
    start,
    find: (id) => jobs.get(id),
    all: () => [...jobs.values()],
    takeEnded: () => {
      const ended = [...jobs.values()].filter((job) => job.status() !== undefined);
      for (const { id } of ended) jobs.delete(id);
      return ended;
    },
    endAll: async () => {
      for (const job of jobs.values()) job.end();
      await Promise.all([...jobs.values()].map(({ ended }) => ended));
    },
  };
}
