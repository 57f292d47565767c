/* Limits that the kernel does not keep for us, and what is said of a command's end. */
#include "supervisor.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often limits are looked at that the kernel does not watch for us. */
#define SAMPLE_INTERVAL_US 20000
/* How often the cgroup's CPU counter is read, at least, while a CPU limit is far. */
#define CPU_CHECK_US 100000
/* Less does not matter to anyone, and is the rule: then nothing is read while a command runs. */
#define FILE_CACHE_WORTH_A_LOOK (1 << 20)

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static void check_sampled_limits(struct supervisor *self) {
    struct sample sample;
    const struct plan *plan = self->plan;
    struct run *run = &self->run;
    if (!take_sample(self->sandbox, plan->memory_bytes, &sample))
        return;
    sample.cpu_us += reaped_cpu_us(self->sandbox) - run->reaped_before_us;
    sample.cpu_us -= smaller(sample.cpu_us, run->waited_us);
    run->sampled_peak_bytes = larger(run->sampled_peak_bytes, sample.memory_bytes);
    run->sampled_cpu_us = larger(run->sampled_cpu_us, sample.cpu_us);
    run->sampled_tasks = larger(run->sampled_tasks, sample.tasks);
    if (sample.memory_bytes > plan->memory_bytes)
        kill_sandbox(self, "memory");
    else if (sample.tasks > plan->processes)
        kill_sandbox(self, "processes"); /* a kernel that counts RLIMIT_NPROC otherwise */
    else if (sample.cpu_us >= run->cpu_us)
        kill_sandbox(self, "cpuTime");
}

/* The limit can't be reached before all processors together have worked off what is left of it. */
static uint64_t cpu_check_delay_us(uint64_t left_us) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t delay = left_us / (uint64_t)(processors < 1 ? 1 : processors) + 1000;
    return delay < CPU_CHECK_US ? delay : CPU_CHECK_US;
}

/* The kernel takes it back where memory is short, and the program may throw it out: both make room
 * for what must not be taken off the peak. What is thrown out and read again between two looks is
 * not seen; the limit, which the kernel keeps, counts it all the same. */
static void watch_inherited_cache(struct run *run) {
    if (run->inherited_cache >= FILE_CACHE_WORTH_A_LOOK)
        run->inherited_cache = smaller(run->inherited_cache, read_cgroup_file_cache());
}

static void check_cgroup_limits(struct supervisor *self, uint64_t now) {
    struct run *run = &self->run;
    struct counters counters;
    read_cgroup_counters(&counters);
    watch_inherited_cache(run);
    if (counters.cpu_us < run->before.cpu_us || counters.cpu_us < 0)
        die_plain("limits: the cgroup's CPU counter can't be read");
    uint64_t used = (uint64_t)(counters.cpu_us - run->before.cpu_us);
    if (used >= run->cpu_us)
        kill_sandbox(self, "cpuTime");
    else
        run->next_check_us = now + cpu_check_delay_us(run->cpu_us - used);
}

/* NEVER while its clock is held. */
static uint64_t wall_end_us(const struct run *run) {
    if (run->wall_us == NEVER || run->held_since_us)
        return NEVER;
    return run->started_us + run->wall_us + run->waited_for_owner_us;
}

void check_limits(struct supervisor *self) {
    struct run *run = &self->run;
    if (!run->active || run->ended || run->limit)
        return; /* after a kill only the end is waited for */
    uint64_t now = monotonic_us();
    if (now >= wall_end_us(run))
        kill_sandbox(self, "wallTime");
    if (run->kill_at_output_limit &&
        (self->pumps[STDOUT_PUMP].dropped || self->pumps[STDERR_PUMP].dropped))
        kill_sandbox(self, "output");
    if (now < run->next_check_us)
        return;
    if (!self->plan->cgroup_count) {
        run->next_check_us = now + SAMPLE_INTERVAL_US;
        check_sampled_limits(self);
    } else {
        check_cgroup_limits(self,
                            now); /* also without a CPU limit: it sees if limits are taken away */
    }
}

int time_to_check(const struct supervisor *self) {
    const struct run *run = &self->run;
    if (!run->active || run->ended || run->limit)
        return -1;
    uint64_t at = run->next_check_us;
    if (wall_end_us(run) < at)
        at = wall_end_us(run);
    if (at == NEVER)
        return -1;
    uint64_t now = monotonic_us();
    uint64_t wait_ms = at <= now ? 0 : (at - now + 999) / 1000;
    return wait_ms > 60000 ? 60000 : (int)wait_ms;
}

static bool failed(int wait_status) {
    return wait_status != 0; /* an exit code or a signal */
}

/* Which limit explains the end; NULL if the program ended by itself. */
static const char *explain_end(const struct supervisor *self, const struct counters *now) {
    const struct run *run = &self->run;
    if (run->limit)
        return run->limit;
    if (!failed(run->reply.wait_status))
        return NULL;
    if (now->oom_kills > run->before.oom_kills)
        return "memory";
    bool refused = self->plan->cgroup_count
                       ? now->refused_forks > run->before.refused_forks
                       : run->reply.processes_full || run->sampled_tasks >= self->plan->processes;
    if (refused)
        return "processes";
    if (WIFSIGNALED(run->reply.wait_status) && WTERMSIG(run->reply.wait_status) == SIGXFSZ)
        return "disk";
    return run->reply.disk_full ? "disk" : NULL;
}

/*
 * The peak of a command begins at what the cgroup holds already: with a compiler that nobody had
 * used for long, the files that it read, which may be far more than the program uses. They are taken
 * off, as far as they were there all the time.
 */
static uint64_t own_peak(const struct supervisor *self, uint64_t peak) {
    const struct run *run = &self->run;
    if (!run->peak_is_anew && self->has_reported && (int64_t)peak <= run->before.peak_bytes)
        return self->reported_peak; /* an earlier command's */
    return peak > run->inherited_cache ? peak - run->inherited_cache : 0;
}

void report_end(struct supervisor *self) {
    struct run *run = &self->run;
    struct counters now;
    read_cgroup_counters(&now);
    watch_inherited_cache(run);
    int status = run->reply.wait_status;
    uint64_t reaped_us = run->reply.cpu_us - smaller(run->reply.cpu_us, run->waited_us);
    uint64_t cpu_us = now.cpu_us >= 0 ? (uint64_t)(now.cpu_us - run->before.cpu_us)
                                      : larger(reaped_us, run->sampled_cpu_us);
    /* The kernel takes all of its template for a fork's own. */
    uint64_t largest = run->forked_bytes ? run->forked_bytes : run->reply.peak_bytes;
    uint64_t peak = now.peak_bytes >= 0 ? own_peak(self, (uint64_t)now.peak_bytes)
                                        : larger(largest, run->sampled_peak_bytes);
    const char *limit = explain_end(self, &now);
    send_status("exit code=%d signal=%d limit=%s wall-us=%" PRIu64 " cpu-us=%" PRIu64
                " peak-bytes=%" PRIu64 " stdout=%" PRIu64 " stderr=%" PRIu64
                " dropped-stdout=%" PRIu64 " dropped-stderr=%" PRIu64 " out=%d sandbox=%s",
                WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                WIFSIGNALED(status) ? WTERMSIG(status) : 0, limit ? limit : "none",
                run->ended_us - run->started_us, cpu_us, peak, self->pumps[STDOUT_PUMP].accepted,
                self->pumps[STDERR_PUMP].accepted, self->pumps[STDOUT_PUMP].dropped,
                self->pumps[STDERR_PUMP].dropped, run->reply.has_out,
                run->sandbox_dead ? "dead" : "alive");
    self->reported_peak = peak;
    self->has_reported = true;
    run->active = false;
}
