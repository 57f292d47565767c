/*
 * Limits and counters where there is no cgroup: the supervisor adds up what the sandbox's own /proc
 * says, a few dozen times a second. Manual: proc(5).
 */
#include "launcher.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The supervisor does nothing else meanwhile. */
#define PRECISE_BUDGET_US 50000

/* Fields 14 to 20 of /proc/PID/stat: utime stime cutime cstime priority nice num_threads. The name
 * in field 2 may hold anything, so counting starts after its last bracket. */
static void add_stat(int proc_fd, const char *pid, struct sample *sample) {
    char path[32], text[1024];
    snprintf(path, sizeof path, "%.16s/stat", pid);
    if (read_text_at(proc_fd, path, text, sizeof text) <= 0)
        return;
    char *rest = strrchr(text, ')');
    unsigned long user, system, threads;
    long child_user, child_system;
    if (!rest ||
        sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld %*d %*d %lu",
               &user, &system, &child_user, &child_system, &threads) != 5)
        return;
    uint64_t ticks = user + system + (uint64_t)child_user + (uint64_t)child_system;
    sample->cpu_us += ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
    sample->tasks += threads;
}

/* The number of kB after `name` at the start of a line, in bytes; 0 if there is no such line. */
static uint64_t kilobytes_of(const char *text, const char *name) {
    const char *line = strstr(text, name);
    return line ? strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
}

/* A process as one of its threads that still has memory: of one whose first thread has ended,
 * /proc/PID itself shows none. */
static bool find_memory(int proc_fd, const char *pid, char *folder, size_t folder_size, char *text,
                        size_t text_size) {
    char path[96];
    snprintf(folder, folder_size, "%.16s", pid);
    snprintf(path, sizeof path, "%s/status", folder);
    if (read_text_at(proc_fd, path, text, text_size) <= 0)
        return false;
    if (strstr(text, "\nRssAnon:"))
        return true;
    snprintf(path, sizeof path, "%s/task", folder);
    int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    DIR *threads = fdopendir(fd);
    if (!threads) {
        close(fd);
        return false;
    }
    bool found = false;
    struct dirent *thread;
    while (!found && (thread = readdir(threads))) {
        snprintf(folder, folder_size, "%.16s/task/%.16s", pid, thread->d_name);
        snprintf(path, sizeof path, "%s/status", folder);
        found = isdigit((unsigned char)thread->d_name[0]) &&
                read_text_at(proc_fd, path, text, text_size) > 0 && strstr(text, "\nRssAnon:");
    }
    closedir(threads);
    return found;
}

/* Memory that is not a file's, and the page tables over it (Linux 4.5). Quick, but pages that forks
 * share count once for each. */
static void add_quick_memory(int proc_fd, const char *pid, struct sample *sample) {
    char folder[64], text[4096];
    if (!find_memory(proc_fd, pid, folder, sizeof folder, text, sizeof text))
        return;
    sample->memory_bytes += kilobytes_of(text, "\nRssAnon:") + kilobytes_of(text, "\nRssShmem:") +
                            kilobytes_of(text, "\nVmSwap:") + kilobytes_of(text, "\nVmPTE:");
}

/* Each process's share of it (Linux 5.4). This can be made slow by many mappings, so it has a budget;
 * what is left when that is used up counts the quick way, which is never less. */
static void add_precise_memory(int proc_fd, const char *pid, struct sample *sample) {
    char folder[64], path[96], status[4096], text[4096];
    if (!find_memory(proc_fd, pid, folder, sizeof folder, status, sizeof status))
        return;
    snprintf(path, sizeof path, "%s/smaps_rollup", folder);
    if (monotonic_us() > sample->precise_until_us ||
        read_text_at(proc_fd, path, text, sizeof text) <= 0) {
        add_quick_memory(proc_fd, pid, sample);
        return;
    }
    sample->memory_bytes += kilobytes_of(text, "\nPss_Anon:") + kilobytes_of(text, "\nPss_Shmem:") +
                            kilobytes_of(text, "\nSwapPss:") + kilobytes_of(status, "\nVmPTE:");
}

/* Calls `add` for each process of the sandbox but pid 1, which is ours. */
static bool for_each_process(int proc_fd, void (*add)(int, const char *, struct sample *),
                             struct sample *sample) {
    int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    DIR *directory = fdopendir(fd);
    if (!directory) {
        close(fd);
        return false;
    }
    struct dirent *entry;
    while ((entry = readdir(directory)))
        if (isdigit((unsigned char)entry->d_name[0]) && strcmp(entry->d_name, "1"))
            add(proc_fd, entry->d_name, sample);
    closedir(directory);
    return true;
}

static void add_quick(int proc_fd, const char *pid, struct sample *sample) {
    add_quick_memory(proc_fd, pid, sample);
    add_stat(proc_fd, pid, sample);
}

/* Files in the scratch tmpfs are memory too. */
static uint64_t scratch_bytes(const struct sandbox *sandbox) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < sandbox->scratch_count; i++) {
        struct statvfs status;
        if (fstatvfs(sandbox->scratch_fds[i], &status) == 0)
            bytes += (uint64_t)(status.f_blocks - status.f_bfree) * status.f_frsize;
    }
    return bytes;
}

uint64_t reaped_cpu_us(const struct sandbox *sandbox) {
    char text[1024];
    if (read_text_at(sandbox->proc_fd, "1/stat", text, sizeof text) <= 0)
        return 0;
    char *rest = strrchr(text, ')');
    long user, system;
    if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld",
                        &user, &system) != 2)
        return 0;
    return (uint64_t)(user + system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static void add_running(int proc_fd, const char *pid, struct sample *sample) {
    char path[32], text[128];
    snprintf(path, sizeof path, "%.16s/schedstat", pid);
    if (read_text_at(proc_fd, path, text, sizeof text) > 0)
        sample->cpu_us += strtoull(text, NULL, 10) / 1000; /* ns */
}

uint64_t running_cpu_us(const struct sandbox *sandbox) {
    struct sample sample = {0};
    for_each_process(sandbox->proc_fd, add_running, &sample);
    return sample.cpu_us;
}

bool take_sample(const struct sandbox *sandbox, uint64_t precise_above_bytes,
                 struct sample *sample) {
    *sample = (struct sample){0};
    if (!for_each_process(sandbox->proc_fd, add_quick, sample))
        return false;
    uint64_t files = scratch_bytes(sandbox);
    if (sample->memory_bytes + files > precise_above_bytes) {
        sample->memory_bytes = 0;
        sample->precise_until_us = monotonic_us() + PRECISE_BUDGET_US;
        for_each_process(sandbox->proc_fd, add_precise_memory, sample);
    }
    sample->memory_bytes += files;
    return true;
}
