/*
 * Pid 1 of a container whose walls an engine has built (Docker, Podman, gVisor): starts the commands
 * that its owner asks for, moves their streams, keeps the limits that the engine does not keep.
 *
 * The owner has two streams from us and one to us, so two things share one: fd 0 takes the messages
 * with the program's stdin in them, fd 1 gives the program's stdout as it is, and fd 2 gives frames,
 * of the program's stderr (`e`) and of status lines (`s`).
 *
 * The program has the same uid and lives beside this process. It can't trace it (seal_process), can't
 * signal it (the kernel shields pid 1 from signals of its own namespace that it does not take), and has
 * none of its fds. gVisor's kernel shields less: there the filter refuses signals to pid 1, and a
 * program may open our streams by /proc/1/fd. What it writes there the owner takes for its output, but
 * not for our word: each status line begins with a token that only the owner and this process know.
 */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An owner whose engine died may never close our stdin. Pools are renewed more often. */
#define IDLE_MS (15 * 60 * 1000)
#define TOKEN_LENGTH 32

static struct supervisor self;
static pid_t command;
static uint64_t cpu_us_then;
static int child_failure = -1; /* where a child of ours says why it could not become the program */

/* ---- messages ---- */

static bool take(struct supervisor *supervisor, const struct message *message,
                 const struct record *record) {
    (void)supervisor;
    (void)message;
    if (!strcmp(record->key, "sync"))
        send_status("ready");
    else
        return take_file(record);
    return true;
}

/* ---- the program ---- */

static void start(struct supervisor *supervisor, const struct message *message, const int fds[3]) {
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        die("create a channel");
    struct rusage usage;
    cpu_us_then = children_cpu_us(&usage);
    pid_t pid = fork();
    if (pid < 0)
        die("start a process");
    if (pid == 0) {
        set_failure_channel(channel[1]);
        const int own[3] = {fds[2], fds[0], fds[1]};
        run_command(supervisor->plan, message, own, -1);
    }
    close(channel[1]);
    command = pid;
    child_failure = channel[0];
}

static void send_signal(struct supervisor *supervisor, int number) {
    (void)supervisor;
    if (command)
        signal_command(command, number);
}

static void kill_all(struct supervisor *supervisor) {
    supervisor->run.sandbox_dead = true;
    kill(-1, SIGKILL);
}

NORETURN static void finish(struct supervisor *supervisor) {
    (void)supervisor;
    flush_frames();
    exit(0); /* the kernel kills the rest */
}

static void on_child(void) {
    struct reply reply = {.kind = REPLY_EXITED};
    if (!command || !reap_until(command, &reply.wait_status))
        return;
    struct reply failure;
    if (recv(child_failure, &failure, sizeof failure, MSG_DONTWAIT) == sizeof failure)
        die_plain("%s", failure.text);
    close(child_failure);
    end_command(self.plan, cpu_us_then, &reply);
    command = 0;
    self.run.reply = reply;
    end_run(&self);
}

static void poll_children(const struct supervisor *supervisor, struct pollfd polls[BACKEND_POLLS]) {
    polls[0] = (struct pollfd){.fd = supervisor->signal_fd, .events = POLLIN};
}

static void on_polled(struct supervisor *supervisor, const struct pollfd polls[BACKEND_POLLS]) {
    char discarded[128]; /* a signalfd_siginfo(2) */
    if (polls[0].revents) {
        (void)!read(supervisor->signal_fd, discarded, sizeof discarded);
        on_child();
    }
}

static const struct backend container = {
    .start = start,
    .signal = send_signal,
    .kill = kill_all,
    .finish = finish,
    .end = finish,
    .take = take,
    .poll = poll_children,
    .on_polled = on_polled,
};

/* ---- set-up ---- */

/* The engine has mounted a tmpfs at each folder that the plan calls writable. */
static void open_scratch(const struct plan *plan, struct sandbox *sandbox) {
    sandbox->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (sandbox->proc_fd < 0)
        die("open /proc");
    sandbox->ptmx_fd = open("/dev/ptmx", O_PATH | O_CLOEXEC);
    for (size_t i = 0; i < plan->entry_count; i++) {
        const struct entry *entry = &plan->entries[i];
        if (entry->kind != ENTRY_WRITABLE || sandbox->scratch_count == MAX_SCRATCH)
            die_plain("container: only its engine makes mounts: %.100s", entry->path);
        int fd = open(entry->path, O_PATH | O_CLOEXEC);
        if (fd < 0)
            die("open %s", entry->path);
        sandbox->scratch_fds[sandbox->scratch_count++] = fd;
    }
}

static void require_pid_1(void) {
    if (getpid() != 1)
        die_plain("container: this process is not pid 1");
    struct stat status;
    for (int fd = 0; fd <= 2; fd++)
        if (fstat(fd, &status) < 0)
            die("container: fd %d", fd);
    (void)syscall(SYS_close_range, 3, ~0u, 0);
}

void supervise_container(void) {
    static struct plan plan;
    static struct sandbox sandbox;
    signal(SIGPIPE, SIG_IGN);
    require_pid_1();
    setup_pumps(&self);
    self.pumps[STDOUT_PUMP].to = 1;
    share_stream(&self.pumps[STDERR_PUMP], 2, 'e');
    put_status_in_frames(&self.pumps[STDERR_PUMP]);
    require_no_privileges();
    seal_process();

    struct message message;
    if (!read_create_message(0, &message))
        exit(0);
    parse_plan(&message, &plan);
    if (plan.cgroup_count)
        die_plain("container: only its engine makes cgroups");
    if (!plan.token || strlen(plan.token) != TOKEN_LENGTH)
        die_plain("container: a token of %d characters is missing", TOKEN_LENGTH);
    mark_status(plan.token);
    plan.is_container = true;
    plan.cgroup_count = find_own_cgroup();
    sandbox.ids = (struct host_ids){.uid = getuid(), .gid = getgid()};
    open_scratch(&plan, &sandbox);
    (void)setup_seccomp(&plan);

    self.plan = &plan;
    self.sandbox = &sandbox;
    self.backend = &container;
    self.idle_ms = IDLE_MS;
    self.window_bytes = NEVER;
    const int child = SIGCHLD;
    self.signal_fd = open_signals(&child, 1);
    setup_supervisor(&self);
    send_status("control counting %s", plan.cgroup_count ? "cgroup" : "sampled");
    supervise(&self);
}
