/*
 * The file system of what is asked about: FUSE, whose server is the owner. Pid 1 mounts it and binds its
 * parts to where they appear; a process beside the supervisor moves its messages, fuse(4). It understands
 * nothing of them but their length.
 */
#include "asks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel mounts what was opened in the namespace of the mount, and lets in who may open it: without
 * udev that is root alone, whom this still is as long as it did not become the sandbox's user. */
int open_ask_fs(const struct plan *plan) {
    if (!plan->has_ask_fs)
        return -1;
    int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fuse < 0)
        die("ask-fs: open /dev/fuse");
    return fuse;
}

void mount_ask_fs(int fuse, int channel) {
    char options[128];
    /* The kernel checks modes; other users than the sandbox's have no access at all. */
    snprintf(options, sizeof options,
             "fd=%d,rootmode=40000,user_id=%d,group_id=%d,default_permissions", fuse, INSIDE_ID,
             INSIDE_ID);
    if (mkdir(ASK_FS, 0700) < 0)
        die("ask-fs: create its folder");
    if (mount("glovebox", ASK_FS, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
        die("ask-fs: mount it");
    struct reply reply = {.kind = REPLY_ASK_FS};
    if (!send_with_fds(channel, &reply, sizeof reply, &fuse, 1))
        die("ask-fs: send its fd");
    close(fuse);
}

/* Its server is asked here already. */
void bind_asked(const struct entry *entry, const char *path) {
    char source[PATH_MAX];
    struct stat status;
    if ((size_t)snprintf(source, sizeof source, ASK_FS "/%s", entry->source) >= sizeof source ||
        strchr(entry->source, '/'))
        die_plain("plan: not a name: %.100s", entry->source);
    if (stat(source, &status) < 0)
        die("ask-fs: find %s for %s", entry->source, entry->path);
    make_place(path, S_ISDIR(status.st_mode));
    if (mount(source, path, NULL, MS_BIND, NULL) < 0)
        die("mount what is asked about at %s", entry->path);
}

/* ---- the messages' way ---- */

/* The largest request: a write of 128 KiB with its header, and what the kernel wants to be there besides. */
#define MESSAGE_MAX ((128u << 10) + 4096)

/* Bytes that wait for their way out. */
struct waiting_bytes {
    char bytes[MESSAGE_MAX];
    size_t start, end;
};

/* 0 at the end of the file system. What the kernel has taken back meanwhile is no request. */
static bool take_request(int fuse, struct waiting_bytes *out) {
    ssize_t got = read(fuse, out->bytes, sizeof out->bytes);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOENT;
    out->start = 0;
    out->end = (size_t)got;
    return got > 0;
}

static bool pass_on(int to, struct waiting_bytes *out) {
    ssize_t sent = send(to, out->bytes + out->start, out->end - out->start, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    out->start += (size_t)sent;
    return true;
}

/* The kernel takes an answer as a whole. ENOENT: nobody waits for it any more. */
static bool answer(int fuse, struct waiting_bytes *in) {
    for (;;) {
        uint32_t length;
        size_t there = in->end - in->start;
        if (there < sizeof length)
            break;
        memcpy(&length, in->bytes + in->start, sizeof length);
        if (length < sizeof length || length > sizeof in->bytes)
            return false;
        if (there < length)
            break;
        if (write(fuse, in->bytes + in->start, length) < 0 && errno != ENOENT && errno != EINTR)
            return false;
        in->start += length;
    }
    memmove(in->bytes, in->bytes + in->start, in->end - in->start);
    in->end -= in->start;
    in->start = 0;
    return true;
}

static bool take_answers(int from, int fuse, struct waiting_bytes *in) {
    ssize_t got = read(from, in->bytes + in->end, sizeof in->bytes - in->end);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    in->end += (size_t)got;
    return got > 0 && answer(fuse, in);
}

/* Its end closes the fd, and with it the kernel refuses all further access: nothing waits for ever. */
NORETURN static void move_messages(int fuse) {
    static struct waiting_bytes out, in;
    for (;;) {
        bool is_out_waiting = out.start < out.end;
        struct pollfd polls[2] = {
            {.fd = is_out_waiting ? -1 : fuse, .events = POLLIN},
            {.fd = ASK_FS_FD, .events = (short)(POLLIN | (is_out_waiting ? POLLOUT : 0))}};
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            _exit(1);
        if (polls[0].revents && !take_request(fuse, &out))
            _exit(0);
        if (polls[1].revents & ~POLLOUT && !take_answers(ASK_FS_FD, fuse, &in))
            _exit(0);
        if (out.start < out.end && !pass_on(ASK_FS_FD, &out))
            _exit(0);
    }
}

void start_ask_fs(int fuse) {
    pid_t supervisor = getpid();
    if (fcntl(fuse, F_SETFL, O_NONBLOCK) < 0 || fcntl(ASK_FS_FD, F_SETFL, O_NONBLOCK) < 0)
        die("ask-fs: make its fds non-blocking");
    pid_t pid = fork();
    if (pid < 0)
        die("ask-fs: start its process");
    if (pid > 0) {
        /* So that its end is the end of the owner's stream. */
        close(ASK_FS_FD);
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor)
        _exit(1);
    /* It holds nothing of the sandbox's but these two. */
    if (dup3(fuse, LANE_FD, O_CLOEXEC) < 0 || close(EVENTS_FD) < 0)
        _exit(1);
    (void)syscall(SYS_close_range, ASKING_FDS, ~0u, 0);
    move_messages(LANE_FD);
}
