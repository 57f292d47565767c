/*
 * Pid 1 of the sandbox: builds it, locks it down, then starts the commands that the supervisor asks
 * for, reaps every process, and kills what a command leaves behind.
 */
#include "asks.h"
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What pid 1 remembers between two packets. */
struct state {
    const struct plan *plan;
    const struct message *exec_message;
    int channel;
    pid_t command;        /* the running command's own process and process group, or 0 */
    bool tells_end;       /* it says so before it is gone */
    uint64_t cpu_us_then; /* of all children reaped before it */
    struct waiting waiting;
};

static void wait_for_go(int channel) {
    struct request request;
    if (recv(channel, &request, sizeof request, 0) != sizeof request || request.kind != REQUEST_GO)
        _exit(1); /* the supervisor failed or was killed, and has said so itself */
}

/* From the first instruction on: nothing of the sandbox outlives its supervisor. */
static void die_with_supervisor(void) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        die("ask for the end with the supervisor");
}

/* The namespace knows one user. Set-up needs the capabilities of the namespace a little longer. */
void become_inside_user(void) {
    if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setresgid(INSIDE_ID, INSIDE_ID, INSIDE_ID) < 0 ||
        setresuid(INSIDE_ID, INSIDE_ID, INSIDE_ID) < 0)
        die("become the sandbox's user");
    die_with_supervisor(); /* a change of ids clears it */
}

static void setup_names(void) {
    if (unshare(CLONE_NEWCGROUP) < 0)
        die("cgroup namespace");
    if (sethostname("glovebox", 8) < 0 || setdomainname("", 0) < 0)
        die("host name");
}

/* The supervisor's own fds: the program must not hold the owner's streams or its lane. Returns where the
 * channel is now. */
static int setup_fds(int channel) {
    enum { CHANNEL_FD = 3, FIRST_OTHER_FD = 5 };
    int library = library_fd();
    for (int fd = 0; fd <= 2; fd++)
        close(fd);
    /* 0, 1 and 2 must not be reused by what is opened next. */
    for (int fd = 0; fd <= 2; fd++)
        if (open("/dev/null", O_RDWR) != fd)
            die("open /dev/null");
    if (dup3(channel, CHANNEL_FD, O_CLOEXEC) < 0 ||
        (library >= 0 && library != LIBRARY_PLACE && dup3(library, LIBRARY_PLACE, O_CLOEXEC) < 0))
        die("arrange the fds");
    set_failure_channel(CHANNEL_FD);
    /* It never execs, so what the supervisor marked close-on-exec is still open. Before Linux 5.9 it
     * stays so: pid 1 can't be traced, and the program itself has none of it. */
    (void)syscall(SYS_close_range, library >= 0 ? FIRST_OTHER_FD : LIBRARY_PLACE, ~0u, 0);
    return CHANNEL_FD;
}

/* With the word goes what the supervisor needs to take samples, see sample.c. */
void send_ready(int channel) {
    int fds[3] = {open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                  open("/tmp", O_PATH | O_CLOEXEC),
                  open("/dev/ptmx", O_PATH | O_CLOEXEC)}; /* for terminals */
    if (fds[0] < 0 || fds[1] < 0)
        die("open /proc and /tmp");
    struct reply reply = {.kind = REPLY_READY};
    if (!send_with_fds(channel, &reply, sizeof reply, fds, fds[2] < 0 ? 2 : 3))
        die("report ready");
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

/* Receives a packet and up to three fds; false when the supervisor is gone. */
static bool receive_request(int channel, struct request *request, int fds[3]) {
    int received[3] = {-1, -1, -1};
    size_t count = 3;
    if (!receive_with_fds(channel, request, sizeof *request, received, &count, NULL))
        return false;
    fds[0] = received[2]; /* stdin is last because it may be missing */
    fds[1] = received[0];
    fds[2] = received[1];
    return true;
}

static void close_fds(const int fds[3]) {
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static void put_files(struct state *state) {
    struct reply done = {.kind = REPLY_FILES};
    take_files(state->exec_message);
    if (send(state->channel, &done, sizeof done, MSG_NOSIGNAL) < 0)
        _exit(0);
}

static void begin_command(struct state *state) {
    struct rusage usage;
    take_files(state->exec_message);
    state->cpu_us_then = children_cpu_us(&usage);
}

static void start_command(struct state *state, const int fds[3]) {
    begin_command(state);
    pid_t pid = fork();
    if (pid < 0)
        die("start a process");
    if (pid == 0)
        run_command(state->plan, state->exec_message, fds, -1);
    state->command = pid;
    state->tells_end = false;
    close_fds(fds);
}

static void act(struct state *state, const struct request *request, const int fds[3]) {
    switch (request->kind) {
    case REQUEST_GO:
        break;
    case REQUEST_FILES:
        put_files(state);
        break;
    case REQUEST_EXEC:
        start_command(state, fds);
        break;
    case REQUEST_SIGNAL:
        if (state->command)
            signal_command(state->command, request->signal);
        break;
    case REQUEST_PARK:
        start_waiting(&state->waiting, state->plan, state->exec_message, fds);
        close_fds(fds);
        break;
    case REQUEST_NAMESPACES:
        send_namespaces(state->channel);
        break;
    case REQUEST_ADOPT:
        adopt_waiting(&state->waiting, request->pid, fds[1], state->channel);
        break;
    case REQUEST_START_PARKED:
        begin_command(state);
        /* Without a cgroup's counters only what is gone can be counted. */
        state->tells_end = state->plan->cgroup_count > 0;
        state->command = end_waiting(&state->waiting, state->tells_end);
        break;
    }
}

static void reap(struct state *state) {
    struct reply reply = {.kind = REPLY_EXITED};
    pid_t awaited = state->command ? state->command : state->waiting.pid;
    if (!reap_until(awaited, &reply.wait_status))
        return;
    end_command(state->plan, state->cpu_us_then, &reply);
    state->command = 0;
    if (send(state->channel, &reply, sizeof reply, MSG_NOSIGNAL) < 0)
        _exit(0);
}

/* The command has nothing more to do but to be taken apart, which the answer does not wait for. Files that
 * somebody will look at are another matter: what it has left running may still write to them. */
static void hear_end(struct state *state, const struct signalfd_siginfo *info) {
    if (!state->tells_end || !state->command || (pid_t)info->ssi_pid != state->command ||
        info->ssi_code != SI_QUEUE || has_out(state->plan))
        return;
    struct reply reply = {.kind = REPLY_EXITED,
                          .wait_status = (info->ssi_int & 0xff) << 8, /* as wait(2) gives an exit */
                          .disk_full = is_full(state->plan)};
    state->command = 0;
    kill(-1, SIGKILL); /* nobody runs on behind the answer */
    if (send(state->channel, &reply, sizeof reply, MSG_NOSIGNAL) < 0)
        _exit(0);
    kill_everything();
}

/* Never returns: the end of the channel is the end of the sandbox. */
NORETURN static void serve(struct state *state, int signal_fd) {
    for (;;) {
        struct pollfd polls[3] = {
            {.fd = state->channel, .events = POLLIN},
            {.fd = signal_fd, .events = POLLIN},
            {.fd = state->waiting.is_there ? -1 : state->waiting.channel, .events = POLLIN}};
        if (poll(polls, 3, -1) < 0 && errno != EINTR)
            die("poll");
        if (polls[2].revents)
            hear_waiting(&state->waiting, state->channel);
        if (polls[1].revents) {
            struct signalfd_siginfo info;
            if (read(signal_fd, &info, sizeof info) == sizeof info && info.ssi_signo == END_SIGNAL)
                hear_end(state, &info);
            else
                reap(state);
        }
        if (polls[0].revents) {
            struct request request;
            int fds[3];
            if (!receive_request(state->channel, &request, fds))
                _exit(0);
            act(state, &request, fds);
        }
    }
}

/* The last of the set-up: it forbids most of what was done before, and may forbid to say so. */
static void lock_calls(const struct plan *plan, int channel) {
    if (asks(plan)) {
        struct carrier carrier = start_carrier(channel);
        carry_listener(&carrier, setup_seccomp(plan));
    } else {
        (void)setup_seccomp(plan);
        send_ready(channel);
    }
}

void run_inside(const struct plan *plan, int channel, const struct message *exec_message) {
    set_failure_channel(channel);
    die_with_supervisor();
    unshare_network(plan);
    wait_for_go(channel); /* the id maps are written */
    int fuse = open_ask_fs(plan);
    become_inside_user();
    setup_network(plan);
    setup_root(plan, fuse, channel);
    channel = setup_fds(channel);
    wait_for_go(channel); /* the cgroups hold */
    setup_names();
    setup_quotas();
    setup_privileges();
    setup_abstract_sockets(plan);
    const int signals[] = {SIGCHLD, END_SIGNAL};
    int signal_fd = open_signals(signals, 2);
    lock_calls(plan, channel);
    struct state state = {
        .plan = plan, .exec_message = exec_message, .channel = channel, .waiting = {.channel = -1}};
    serve(&state, signal_fd);
}
