/*
 * Control groups: the kernel's own limits and counters. v2 and v1 differ in names and in how a
 * process gets in; everything else of the launcher sees none of that.
 * Documents: admin-guide/cgroup-v2.rst, admin-guide/cgroup-v1/{memory,pids,cpuacct}.rst.
 */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The cgroups of this sandbox, in the order in which they were made. */
static struct {
    enum cgroup_kind kind;
    const char *path;
    int fd;
} made[MAX_CGROUPS];
static size_t made_count;

/* v2: memory.peak counts from the last write to the same open file (Linux 6.12), so it stays open. */
static int peak_fd = -1;

/* v2: memory.max and pids.max as they were opened when the limits were set. */
static int limit_fds[2] = {-1, -1};

static const char peak_v1[] = "memory.max_usage_in_bytes";

static int find(enum cgroup_kind kind) {
    for (size_t i = 0; i < made_count; i++)
        if (made[i].kind == kind)
            return made[i].fd;
    return -1;
}

static void set(int dir_fd, const char *file, const char *value) {
    int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        die("open cgroup file %s", file);
    if (write(fd, value, strlen(value)) < 0)
        die("write %s to cgroup file %s", value, file);
    close(fd);
}

/* For files that not every kernel has, where the limit beside it holds without them. */
static void set_if_there(int dir_fd, const char *file, const char *value) {
    if (faccessat(dir_fd, file, W_OK, 0) == 0)
        set(dir_fd, file, value);
}

static int open_limit(int dir_fd, const char *file) {
    int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die("open cgroup file %s", file);
    return fd;
}

/* Whoever owns the parent can take a v2 controller away from it, as systemd does with a unit that
 * is not delegated. Then the limits are gone and nothing else tells: files opened before answer
 * ENODEV, and go on doing so when the controller comes back without our limits. */
static void check_limits_hold(void) {
    char byte;
    for (int i = 0; i < 2; i++)
        if (limit_fds[i] >= 0 && pread(limit_fds[i], &byte, 1, 0) != 1)
            die_plain("limits: somebody took the controllers away from the sandbox's cgroup");
}

static void set_limits(const struct plan *plan, enum cgroup_kind kind, int dir_fd) {
    char memory[32], pids[32];
    snprintf(memory, sizeof memory, "%" PRIu64, plan->memory_bytes);
    /* One more than the program may have: our own pid 1 lives in the same cgroup. */
    snprintf(pids, sizeof pids, "%" PRIu64, plan->processes + 1);
    switch (kind) {
    case CGROUP_V2:
        set(dir_fd, "memory.max", memory);
        /* Without this the program could use as much again in swap. Absent on hosts without swap. */
        set_if_there(dir_fd, "memory.swap.max", "0");
        set(dir_fd, "pids.max", pids);
        limit_fds[0] = open_limit(dir_fd, "memory.max");
        limit_fds[1] = open_limit(dir_fd, "pids.max");
        peak_fd = openat(dir_fd, "memory.peak", O_RDWR | O_CLOEXEC); /* Linux 5.19 */
        if (peak_fd < 0)
            peak_fd = openat(dir_fd, "memory.peak", O_RDONLY | O_CLOEXEC);
        break;
    case CGROUP_V1_MEMORY:
        set(dir_fd, "memory.limit_in_bytes", memory);
        set_if_there(dir_fd, "memory.memsw.limit_in_bytes", memory);
        set_if_there(dir_fd, "memory.swappiness", "0");
        /* v1 counts the buffers of TCP sockets apart, and without a limit of their own not at all. */
        snprintf(memory, sizeof memory, "%" PRIu64, plan->memory_bytes / 8);
        set_if_there(dir_fd, "memory.kmem.tcp.limit_in_bytes", memory);
        break;
    case CGROUP_V1_PIDS:
        set(dir_fd, "pids.max", pids);
        break;
    case CGROUP_V1_CPUACCT:
        break;
    }
}

void create_cgroups(const struct plan *plan) {
    for (size_t i = 0; i < plan->cgroup_count; i++) {
        const struct cgroup_plan *wanted = &plan->cgroups[i];
        if (mkdir(wanted->path, 0755) < 0)
            die("create cgroup %s", wanted->path);
        int fd = open(wanted->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        made[made_count].kind = wanted->kind;
        made[made_count].path = wanted->path;
        made[made_count].fd = fd;
        made_count++;
        if (fd < 0)
            die("open cgroup %s", wanted->path);
        set_limits(plan, wanted->kind, fd);
    }
}

int cgroup_clone_fd(void) {
    return find(CGROUP_V2);
}

void attach_to_cgroups(const struct plan *plan, pid_t pid, bool cloned_into_v2) {
    char text[16];
    snprintf(text, sizeof text, "%d", pid);
    for (size_t i = 0; i < plan->cgroup_count; i++)
        if (!(made[i].kind == CGROUP_V2 && cloned_into_v2))
            set(made[i].fd, "cgroup.procs", text);
}

void remove_cgroups(void) {
    while (made_count) {
        made_count--;
        if (!made[made_count].path)
            continue; /* not ours to remove */
        /* The last process may still be on its way out: the kernel says EBUSY for a moment. */
        for (int attempt = 0; attempt < 200; attempt++) {
            if (rmdir(made[made_count].path) == 0 || errno != EBUSY)
                break;
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        }
    }
}

/* The number after `key ` in the text of a flat keyed file, or the whole text if key is ""; or -1. */
static int64_t find_counter(const char *text, const char *key) {
    size_t length = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        if (*line == '\n')
            line++;
        if (!strncmp(line, key, length))
            return strtoll(line + length, NULL, 10);
    }
    return -1;
}

/* Counters are read twice for each run, while somebody waits: they stay open. */
static struct {
    int dir_fd;
    const char *file;
    int fd;
} opened[8];
static size_t opened_count;

static int open_counter(int dir_fd, const char *file) {
    for (size_t i = 0; i < opened_count; i++)
        if (opened[i].dir_fd == dir_fd && !strcmp(opened[i].file, file))
            return opened[i].fd;
    if (opened_count == sizeof opened / sizeof opened[0])
        die_plain("limits: too many counters");
    int fd = openat(dir_fd, file, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    opened[opened_count].dir_fd = dir_fd;
    opened[opened_count].file = file;
    opened[opened_count++].fd = fd;
    return fd;
}

static int64_t read_counter(int dir_fd, const char *file, const char *key) {
    char text[4096];
    int fd = open_counter(dir_fd, file);
    ssize_t got = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    if (got < 0)
        return -1;
    text[got] = '\0';
    return find_counter(text, key);
}

static int64_t read_peak_v2(void) {
    char text[32];
    ssize_t got = peak_fd < 0 ? -1 : pread(peak_fd, text, sizeof text - 1, 0);
    if (got <= 0)
        return -1;
    text[got] = '\0';
    return strtoll(text, NULL, 10);
}

void read_cgroup_counters(struct counters *counters) {
    *counters = (struct counters){-1, -1, -1, -1};
    for (size_t i = 0; i < made_count; i++) {
        int fd = made[i].fd;
        switch (made[i].kind) {
        case CGROUP_V2:
            check_limits_hold();
            counters->cpu_us = read_counter(fd, "cpu.stat", "usage_usec ");
            counters->peak_bytes = read_peak_v2();
            counters->oom_kills = read_counter(fd, "memory.events", "oom_kill ");
            counters->refused_forks = read_counter(fd, "pids.events", "max ");
            break;
        case CGROUP_V1_MEMORY:
            counters->peak_bytes = read_counter(fd, peak_v1, "");
            counters->oom_kills = read_counter(fd, "memory.oom_control", "oom_kill ");
            break;
        case CGROUP_V1_PIDS:
            counters->refused_forks = read_counter(fd, "pids.events", "max ");
            break;
        case CGROUP_V1_CPUACCT: {
            int64_t ns = read_counter(fd, "cpuacct.usage", "");
            counters->cpu_us = ns < 0 ? -1 : ns / 1000;
            break;
        }
        }
    }
}

bool reset_cgroup_peak(void) {
    if (peak_fd >= 0)
        return pwrite(peak_fd, "0", 1, 0) == 1;
    int memory_fd = find(CGROUP_V1_MEMORY);
    int fd = memory_fd < 0 ? -1 : open_counter(memory_fd, peak_v1);
    return fd >= 0 && pwrite(fd, "0", 1, 0) == 1;
}

/* Files that a process of the cgroup was the first to read: the kernel keeps them, counted as the
 * cgroup's, until memory is short. What lies on a tmpfs can't be taken back and is not of them. */
uint64_t read_cgroup_file_cache(void) {
    bool is_v2 = find(CGROUP_V2) >= 0;
    int fd = find(is_v2 ? CGROUP_V2 : CGROUP_V1_MEMORY);
    char text[8192];
    if (fd < 0 || read_text_at(fd, "memory.stat", text, sizeof text) < 0)
        return 0;
    int64_t cache = find_counter(text, is_v2 ? "file " : "total_cache ");
    int64_t tmpfs = find_counter(text, is_v2 ? "shmem " : "total_shmem ");
    return tmpfs < 0 || cache < tmpfs ? 0 : (uint64_t)(cache - tmpfs);
}

uint64_t read_cgroup_memory(void) {
    bool is_v2 = find(CGROUP_V2) >= 0;
    int fd = find(is_v2 ? CGROUP_V2 : CGROUP_V1_MEMORY);
    int64_t bytes =
        fd < 0 ? -1 : read_counter(fd, is_v2 ? "memory.current" : "memory.usage_in_bytes", "");
    return bytes < 0 ? 0 : (uint64_t)bytes;
}

/* In a container the engine has set the limits, and shows the cgroup read-only. What is not counted
 * there is sampled: a kernel of an engine's own, such as gVisor's, shows less. */
bool find_own_cgroup(void) {
    static const struct {
        enum cgroup_kind kind;
        const char *path;
        const char *counter;
    } places[] = {
        {CGROUP_V2, "/sys/fs/cgroup", "memory.events"},
        {CGROUP_V1_MEMORY, "/sys/fs/cgroup/memory", "memory.oom_control"},
        {CGROUP_V1_PIDS, "/sys/fs/cgroup/pids", "pids.events"},
        {CGROUP_V1_CPUACCT, "/sys/fs/cgroup/cpuacct", "cpuacct.usage"},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int fd = open(places[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (faccessat(fd, places[i].counter, R_OK, 0) < 0) {
            close(fd);
            continue;
        }
        made[made_count].kind = places[i].kind;
        made[made_count].fd = fd;
        made_count++;
        if (places[i].kind == CGROUP_V2) {
            peak_fd = openat(fd, "memory.peak", O_RDONLY | O_CLOEXEC);
            break;
        }
    }
    struct counters counters;
    read_cgroup_counters(&counters);
    if (counters.cpu_us >= 0 && counters.oom_kills >= 0)
        return true;
    while (opened_count)
        close(opened[--opened_count].fd);
    while (made_count)
        close(made[--made_count].fd);
    return false;
}
