/* What pid 1 does for the processes inside: reaps them, kills what a command leaves behind. */
#include "inside.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* A flood of ends and stops must not keep pid 1 from its other work. */
#define REAPED_AT_ONCE 64

uint64_t children_cpu_us(struct rusage *usage) {
    getrusage(RUSAGE_CHILDREN, usage);
    return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* Before setsid(2) there is only the process. */
void signal_command(pid_t command, int number) {
    if (kill(-command, number) < 0 && errno == ESRCH)
        kill(command, number);
}

static bool is_end(int wait_status) {
    return WIFEXITED(wait_status) || WIFSIGNALED(wait_status);
}

bool reap_until(pid_t command, int *status) {
    for (int reaped = 0; reaped < REAPED_AT_ONCE; reaped++) {
        pid_t pid = waitpid(-1, status, WNOHANG | __WALL);
        if (pid <= 0)
            return false;
        if (!is_end(*status)) {
            /* It asked to be traced, by whoever is its parent: let it go on as if it had not. */
            int stop =
                WSTOPSIG(*status) == SIGTRAP ? 0 : WSTOPSIG(*status); /* SIGTRAP: by execve */
            ptrace(PTRACE_DETACH, pid, NULL, (void *)(uintptr_t)stop);
        } else if (pid == command) {
            return true;
        }
    }
    raise(SIGCHLD); /* blocked, and so seen in the next round */
    return false;
}

bool is_full(const struct plan *plan) {
    for (size_t i = 0; i < plan->entry_count; i++) {
        struct statvfs status;
        if (plan->entries[i].kind != ENTRY_WRITABLE || statvfs(plan->entries[i].path, &status) < 0)
            continue;
        /* A file system that counts no inodes has always 0 of them free. */
        if (status.f_bavail == 0 || (status.f_files > 0 && status.f_favail == 0))
            return true;
    }
    return false;
}

uint64_t kill_everything(void) {
    uint64_t reaped = 0;
    for (;;) {
        int status;
        kill(-1, SIGKILL);
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno == ECHILD)
            return reaped;
        if (pid > 0 && is_end(status))
            reaped++;
    }
}

/* Without a scratch workspace nobody looks: a folder of the user may be a dead network's, and pid 1
 * must not hang in it. */
bool has_out(const struct plan *plan) {
    for (size_t i = 0; i < plan->entry_count; i++)
        if (plan->entries[i].kind == ENTRY_WRITABLE &&
            !strcmp(plan->entries[i].path, "/workspace")) {
            struct stat status;
            /* artifactsFolder of src/service/request.ts: a run without it is asked for no files. */
            return lstat("/workspace/out", &status) == 0;
        }
    return true;
}

void end_command(const struct plan *plan, uint64_t cpu_us_then, struct reply *reply) {
    reply->disk_full = is_full(plan);
    /* The command's own process is gone already, so it counts as one more. */
    reply->processes_full = kill_everything() + 1 >= plan->processes;
    struct rusage usage;
    reply->cpu_us = children_cpu_us(&usage) - cpu_us_then;
    reply->peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
    reply->has_out = has_out(plan);
}
