/*
 * A template: a program that was started up to the point where it would read its file, and of which
 * sandboxes get forks. It stands in the root that their programs see, with no network, in namespaces of
 * its own but for two: its user namespace is the one above theirs, and its processes are the host's,
 * since one can only enter what is below. Nothing of a user's ever comes near it.
 */
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What entering takes: setns(2), and the ids of the sandbox. */
static const int kept_capabilities[] = {CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SETUID, CAP_SETGID,
                                        CAP_SETPCAP};

/* ---- the process ---- */

static void become_template_user(struct host_ids ids) {
    if (prctl(PR_SET_KEEPCAPS, 1) < 0 || syscall(SYS_setresgid, ids.gid, ids.gid, ids.gid) < 0 ||
        syscall(SYS_setresuid, ids.uid, ids.uid, ids.uid) < 0)
        die("become the template's user");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        die("ask for the end with the supervisor");
}

/* Ambient ones stay over execve(2) of a program that has no privileges of its own. */
static void keep_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    for (size_t i = 0; i < sizeof kept_capabilities / sizeof kept_capabilities[0]; i++) {
        uint32_t bit = 1u << kept_capabilities[i];
        data[0].permitted |= bit;
        data[0].effective |= bit;
        data[0].inheritable |= bit;
    }
    if (syscall(SYS_capset, &header, data) < 0)
        die("keep capabilities");
    for (size_t i = 0; i < sizeof kept_capabilities / sizeof kept_capabilities[0]; i++)
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept_capabilities[i], 0, 0) < 0)
            die("keep capabilities over an exec");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        die("set no_new_privs");
}

static void await_request(int channel, int kind, int fds[3]) {
    struct request request;
    int received[3] = {-1, -1, -1};
    size_t count = 3;
    if (!receive_with_fds(channel, &request, sizeof request, received, &count, NULL) ||
        (int)request.kind != kind)
        _exit(1); /* the supervisor failed or was killed, and has said so itself */
    fds[0] = received[2];
    fds[1] = received[0];
    fds[2] = received[1];
}

void run_template(const struct plan *plan, int channel, const struct sandbox *sandbox) {
    int fds[3];
    close(LANE_FD); /* the other fds are closed by the exec */
    set_failure_channel(channel);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        die("ask for the end with the supervisor");
    unshare_network(plan);
    await_request(channel, REQUEST_GO, fds);
    become_template_user(sandbox->ids);
    setup_network(plan);
    setup_root(plan, -1, channel); /* nothing of it asks */
    await_request(channel, REQUEST_GO, fds);
    if (sethostname("glovebox", 8) < 0 || setdomainname("", 0) < 0)
        die("host name");
    keep_capabilities();
    struct reply ready = {.kind = REPLY_READY};
    if (send(channel, &ready, sizeof ready, MSG_NOSIGNAL) < 0)
        _exit(1);
    await_request(channel, REQUEST_EXEC, fds);
    take_files(sandbox->exec_message);
    run_command(plan, sandbox->exec_message, fds, own_template_fd());
}

/* ---- its supervisor ---- */

static void await_template(const struct supervisor *self, int request_fd, int err) {
    struct pollfd polls[4] = {{.fd = request_fd, .events = POLLIN},
                              {.fd = self->sandbox->pidfd, .events = POLLIN},
                              {.fd = err, .events = POLLIN},
                              {.fd = LANE_FD}};
    while (poll(polls, 4, -1) < 0)
        if (errno != EINTR)
            die("poll");
    struct reply reply;
    struct enter_word word = {0};
    if (recv(self->sandbox->channel, &reply, sizeof reply, MSG_DONTWAIT) == sizeof reply &&
        reply.kind == REPLY_FAILED)
        die_plain("%s", reply.text);
    if (polls[1].revents || polls[2].revents || polls[3].revents)
        die_with_output(err, "template: it ended before it came to its file");
    if (recv(request_fd, &word, sizeof word, 0) != sizeof word || word.kind != WORD_PARKED)
        die_plain("template: %.200s", word.text);
}

/* Until the owner wants its end, or it ends by itself. */
NORETURN static void stay(struct supervisor *self, int out, int err) {
    struct pollfd polls[4] = {{.fd = self->sandbox->pidfd, .events = POLLIN},
                              {.fd = LANE_FD, .events = POLLIN},
                              {.fd = out, .events = POLLIN},
                              {.fd = err, .events = POLLIN}};
    while (poll(polls, 4, -1) < 0)
        if (errno != EINTR)
            die("poll");
    /* A message can only be the last one. */
    if (polls[1].revents & POLLIN && !polls[0].revents) {
        struct message message;
        if (read_create_message(LANE_FD, &message))
            self->backend->end(self);
    }
    if (!polls[1].revents)
        die_plain("template: it ended");
    self->backend->finish(self);
}

void supervise_template(const struct plan *plan, struct supervisor *self) {
    struct message message;
    int request_fd = template_fd(own_template());
    if (plan->share_net || request_fd < 0 || library_fd() < 0)
        die_plain("template: there can't be one here");
    send_status("ready");
    flush_frames();
    if (!read_create_message(LANE_FD, &message))
        self->backend->finish(self);
    uint32_t offset = 0;
    struct record record;
    bool has_stdin = false;
    if (next_record(&message, &offset, &record) && !strcmp(record.key, "end"))
        self->backend->end(self);
    while (next_record(&message, &offset, &record))
        has_stdin |= !strcmp(record.key, "stdin") && !strcmp(record.value, "pipe");
    int fds[3];
    struct streams streams = make_streams(self, has_stdin, fds);
    share_message(self, &message);
    struct request request = {.kind = REQUEST_EXEC};
    if (!send_with_fds(self->sandbox->channel, &request, sizeof request, fds, fds[2] < 0 ? 2 : 3))
        die("start the template");
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    await_template(self, request_fd, streams.err);
    send_status("parked");
    flush_frames();
    stay(self, streams.out, streams.err);
}
