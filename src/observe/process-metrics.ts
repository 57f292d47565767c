/**
 * @module
 * This process in Prometheus' usual names. The library's own `collectDefaultMetrics` starts a timer and
 * an observer that nothing can end; a server that is closed must leave neither.
 */
import { readdirSync, readFileSync } from "node:fs";
import { constants, monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Each look wakes the process up, also where nothing else goes on. */
const LOOP_INTERVAL_MS = 20;
const NS_PER_MS = 1e6;

const gcBuckets = [0.001, 0.01, 0.1, 1, 2, 5];
const gcKinds: ReadonlyMap<unknown, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
]);

/** @returns Ends what was begun. Idempotent. */
export function watchProcess(registry: Registry): () => void {
  addProcessSeries(registry);
  addNodeSeries(registry);
  const endLoop = watchEventLoop(registry);
  const endGc = watchGc(registry);
  return () => {
    endLoop();
    endGc();
  };
}

function addProcessSeries(registry: Registry): void {
  const cpu = (name: string, help: string, read: (usage: NodeJS.CpuUsage) => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read(process.cpuUsage()) / 1e6);
      },
    });
  };
  cpu("process_cpu_user_seconds_total", "CPU time in user mode.", ({ user }) => user);
  cpu("process_cpu_system_seconds_total", "CPU time in the kernel.", ({ system }) => system);
  cpu("process_cpu_seconds_total", "CPU time.", ({ user, system }) => user + system);

  addGauge(registry, "process_resident_memory_bytes", "Resident memory.", () =>
    process.memoryUsage.rss(),
  );
  const startedAt = Math.round(Date.now() / 1000 - process.uptime());
  addGauge(
    registry,
    "process_start_time_seconds",
    "Start, in seconds since 1970.",
    () => startedAt,
  );
  addGauge(
    registry,
    "process_open_fds",
    "Open file descriptors.",
    // One of them is the folder's own.
    () => readdirSync("/proc/self/fd").length - 1,
  );
  addGauge(registry, "process_max_fds", "Most file descriptors that may be open.", () => {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const soft = /^Max open files +(\S+)/m.exec(limits)?.[1];
    return soft === "unlimited" ? Infinity : Number(soft);
  });
}

function addNodeSeries(registry: Registry): void {
  const memory = (name: string, help: string, key: keyof NodeJS.MemoryUsage): void => {
    addGauge(registry, name, help, () => process.memoryUsage()[key]);
  };
  memory("nodejs_heap_size_total_bytes", "Heap of Node.", "heapTotal");
  memory("nodejs_heap_size_used_bytes", "Used heap of Node.", "heapUsed");
  memory("nodejs_external_memory_bytes", "Memory of Node outside of its heap.", "external");
  addGauge(
    registry,
    "nodejs_active_resources_total",
    "What keeps Node going: sockets, timers, requests.",
    () => process.getActiveResourcesInfo().length,
  );

  const [major = "", minor = "", patch = ""] = process.versions.node.split(".");
  new Gauge({
    name: "nodejs_version_info",
    help: "Version of Node.",
    labelNames: ["version", "major", "minor", "patch"],
    registers: [registry],
  }).set({ version: process.version, major, minor, patch }, 1);
}

function watchEventLoop(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_INTERVAL_MS });
  delay.enable();
  const lag = (name: string, help: string, readNs: () => number): void => {
    addGauge(registry, `nodejs_eventloop_lag_${name}`, help, () => {
      // What is measured is the time between two looks. Without one since the last scrape it is NaN.
      const lateMs = readNs() / NS_PER_MS - LOOP_INTERVAL_MS;
      return Number.isFinite(lateMs) ? Math.max(0, lateMs) / 1000 : 0;
    });
  };
  lag("mean_seconds", "Event loop: mean delay since the last scrape.", () => delay.mean);
  lag("p50_seconds", "Event loop: median delay.", () => delay.percentile(50));
  lag("p90_seconds", "Event loop: delay of the slowest tenth.", () => delay.percentile(90));
  lag("p99_seconds", "Event loop: delay of the slowest hundredth.", () => delay.percentile(99));
  // Scrapes collect in the order of creation, without a pause.
  lag("max_seconds", "Event loop: longest delay since the last scrape.", () => {
    const longest = delay.count === 0 ? 0 : delay.max;
    delay.reset();
    return longest;
  });
  return () => void delay.disable();
}

function watchGc(registry: Registry): () => void {
  const durations = new Histogram({
    name: "nodejs_gc_duration_seconds",
    help: "Garbage collections, by kind: major, minor, incremental or weakcb.",
    labelNames: ["kind"],
    buckets: gcBuckets,
    registers: [registry],
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // The types leave out what only some entries have.
      const { detail, duration } = entry as { detail?: { kind?: unknown }; duration: number };
      durations.observe({ kind: gcKinds.get(detail?.kind) ?? "other" }, duration / 1000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => {
    observer.disconnect();
  };
}

function addGauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      try {
        this.set(read());
      } catch {
        // Out of file descriptors, for one: the rest of the scrape tells that.
        this.set(Number.NaN);
      }
    },
  });
}
