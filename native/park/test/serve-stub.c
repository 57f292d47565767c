/*
 * A template for the tests: each packet on PARK_FD is the folder of a run and its three streams, and gets
 * a fork in no sandbox at all. The answer is `PID\n`, and later `PID STATUS FAULTS MICROSECONDS\n` as
 * wait4(2) has it.
 */
#include "../park.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void reply(const char *text) {
    (void)!send(PARK_FD, text, strlen(text), MSG_NOSIGNAL);
}

void refuse_template(const char *format, ...) {
    reply(format);
    _exit(EXIT_OURS);
}

/* Receives a folder and three fds; false at the end. */
static bool receive(char *folder, size_t size, int fds[3]) {
    char control[CMSG_SPACE(3 * sizeof(int))];
    struct iovec piece = {folder, size - 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t length = recvmsg(PARK_FD, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (length <= 0 || !header || header->cmsg_len != CMSG_LEN(3 * sizeof(int)))
        return false;
    folder[length] = '\0';
    memcpy(fds, CMSG_DATA(header), 3 * sizeof(int));
    return true;
}

pid_t serve_forks(void) {
    char folder[4096], text[64];
    int fds[3], status;
    sigset_t child_ends, before;
    sigemptyset(&child_ends);
    sigaddset(&child_ends, SIGCHLD); /* a shell would reap what is waited for here */
    sigprocmask(SIG_BLOCK, &child_ends, &before);
    reply("p");
    while (receive(folder, sizeof folder, fds)) {
        pid_t pid = fork_of_libc();
        for (int i = 0; i < 3; i++) {
            if (pid == 0)
                dup2(fds[i], i);
            close(fds[i]);
        }
        if (pid == 0) {
            if (chdir(folder) < 0)
                _exit(EXIT_OURS);
            close(PARK_FD);
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            sigprocmask(SIG_SETMASK, &before, NULL);
            return 0;
        }
        snprintf(text, sizeof text, "%d\n", pid);
        reply(text);
        struct rusage usage;
        wait4(pid, &status, 0, &usage);
        long cpu_us = 1000000 * (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                      usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
        snprintf(text, sizeof text, "%d %d %ld %ld\n", pid, status, usage.ru_minflt, cpu_us);
        reply(text);
    }
    _exit(0);
}
