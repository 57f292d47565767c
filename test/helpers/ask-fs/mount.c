/*
 * mount FOLDER PROGRAM [ARGS...]: mounts a FUSE file system on FOLDER, in namespaces of its own, copies
 * its messages from and to fd 3, and runs PROGRAM as user 1000 without privileges. Ends like PROGRAM.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERVER_FD = 3, EXIT_FAILURE_OF_OURS = 125, MESSAGE_BYTES = 256 * 1024 };

static int device;
static int gone[2];

static void die(const char *what) {
    fprintf(stderr, "mount: %s: %s\n", what, strerror(errno));
    _exit(EXIT_FAILURE_OF_OURS);
}

static void write_all(int fd, const char *bytes, size_t left) {
    while (left > 0) {
        ssize_t done = write(fd, bytes, left);
        if (done < 0)
            return;
        bytes += done;
        left -= (size_t)done;
    }
}

static void write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        die(path);
    close(fd);
}

/* One write(2) for each reply. When the server is gone, so is the device: the kernel ends all calls. */
static void *copy_replies(void *unused) {
    static char bytes[MESSAGE_BYTES];
    size_t have = 0;
    ssize_t got;
    while ((got = read(SERVER_FD, bytes + have, sizeof bytes - have)) > 0) {
        have += (size_t)got;
        size_t at = 0;
        for (uint32_t length; have - at >= 16; at += length) {
            memcpy(&length, bytes + at, sizeof length);
            if (length > have - at)
                break;
            /* ENOENT: whoever asked is gone. */
            if (write(device, bytes + at, length) < 0 && errno != ENOENT)
                fprintf(stderr, "mount: reply: %s\n", strerror(errno));
        }
        memmove(bytes, bytes + at, have - at);
        have -= at;
    }
    close(gone[1]);
    return unused;
}

static void *copy_requests(void *unused) {
    static char bytes[MESSAGE_BYTES];
    for (;;) {
        struct pollfd fds[] = {{device, POLLIN, 0}, {gone[0], POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        if (fds[1].revents != 0)
            break;
        ssize_t got = read(device, bytes, sizeof bytes);
        if (got > 0)
            write_all(SERVER_FD, bytes, (size_t)got);
        else if (errno == ENODEV)
            break;
    }
    close(device);
    return unused;
}

static void enter_namespaces(void) {
    uid_t uid = getuid();
    gid_t gid = getgid();
    char map[64];
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        die("unshare");
    write_text("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "1000 %u 1", uid);
    write_text("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "1000 %u 1", gid);
    write_text("/proc/self/gid_map", map);
}

int main(int argc, char **argv) {
    if (argc < 3)
        return EXIT_FAILURE_OF_OURS;
    signal(SIGPIPE, SIG_IGN);
    enter_namespaces();
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (device < 0)
        die("/dev/fuse");
    char options[200];
    snprintf(options, sizeof options,
             "fd=%d,rootmode=40000,user_id=1000,group_id=1000,allow_other,default_permissions", device);
    if (mount("ask-fs", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0)
        die("mount");
    pid_t program = fork();
    if (program == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        close(SERVER_FD);
        signal(SIGPIPE, SIG_DFL);
        execvp(argv[2], argv + 2);
        die(argv[2]);
    }
    fcntl(SERVER_FD, F_SETFD, FD_CLOEXEC);
    if (pipe2(gone, O_CLOEXEC) < 0)
        die("pipe");
    pthread_t replies, requests;
    pthread_create(&replies, NULL, copy_replies, NULL);
    pthread_create(&requests, NULL, copy_requests, NULL);
    int status = 0;
    while (waitpid(program, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
