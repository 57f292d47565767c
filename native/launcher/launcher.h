/*
 * The map of the launcher: one section per file, in the order in which they come into play.
 * README.md tells the theory of operation.
 */
#ifndef LAUNCHER_H
#define LAUNCHER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The lane: a socket to the owner, see README.md. In a container fds 0, 1 and 2 take its place. */
enum { LANE_FD = 3 };

#define NORETURN __attribute__((noreturn))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* ---- util.c: the two ways to fail, status lines, clocks ---- */

/* Our failure, never the program's: names the step, adds errno, tells the owner, ends the sandbox. */
NORETURN PRINTF_LIKE(1, 2) void die(const char *format, ...);
/* The same without errno: the caller broke the protocol or asked for something impossible. */
NORETURN PRINTF_LIKE(1, 2) void die_plain(const char *format, ...);
/* Where die() reports inside: the channel to the supervisor. Outside, and at -1, it is a status line. */
void set_failure_channel(int fd);
/* Called where a failure ends this process, outside. */
void set_failure_cleanup(void (*clean)(void));
PRINTF_LIKE(1, 2) void send_status(const char *format, ...);
/* Takes the status lines, and passes on what it has of them before a failure ends this process. */
void set_status_channel(void (*take)(const char *line, size_t length), bool (*flush)(void));
uint64_t monotonic_us(void);
/* A decimal number that is the whole of `text`, or die_plain(). */
uint64_t parse_number(const char *what, const char *text);
/* Reads a small text file below `dir_fd`, NUL-terminated; its length, or -1 with errno. */
ssize_t read_text_at(int dir_fd, const char *path, char *buffer, size_t size);
void write_text(const char *path, const char *text);
/* Blocks these signals and no others; the fd that tells of them. */
int open_signals(const int *numbers, size_t count);

/* ---- message.c: what comes in on the lane ---- */

/* Largest create message: the files of a request are in it. */
#define CREATE_MESSAGE_MAX (80u << 20)
/* Largest exec message; the kernel's own limit on argv and environment is 2 MiB by default. */
#define EXEC_MESSAGE_MAX (3u << 20)

/* One `key value` of a message. `value` is NUL-terminated, and may hold further NULs. */
struct record {
    const char *key;
    const char *value;
    uint32_t length; /* of value, in bytes, the final NUL not counted */
};

struct message {
    char *bytes;
    uint32_t length;
};

/* Reads the first message, blocking. False if the owner closed the fd before it was whole. */
bool read_create_message(int fd, struct message *message);
/* Steps through a message; *offset starts at 0. False at the end; die_plain() if it is malformed. */
bool next_record(const struct message *message, uint32_t *offset, struct record *record);
/* The part after the NUL that ends `text`, inside the same record; die_plain() if there is none. */
const char *next_field(const struct record *record, const char *text);

/* ---- plan.c: the create message, understood ---- */

enum entry_kind {
    ENTRY_DIR,        /* folder of the read-only root */
    ENTRY_SYMLINK,    /* symbolic link of the read-only root */
    ENTRY_FILE,       /* file with content */
    ENTRY_BIND,       /* folder or file of the host's system, read-only */
    ENTRY_LEND,       /* host path of the owner's, read-only */
    ENTRY_MOUNT_RO,   /* folder of the user, read-only */
    ENTRY_MOUNT_RW,   /* folder of the user, writable */
    ENTRY_MOUNT_COPY, /* folder of the user, a copy; `content` is where its changes are shown */
    ENTRY_DEVICE,     /* device node of the host */
    ENTRY_WRITABLE,   /* folder on the scratch tmpfs */
    ENTRY_PROC,
    ENTRY_PTS,
    ENTRY_ASKED, /* a part of the file system of what is asked about; `source` is its name there */
};

/* One thing in the sandbox's file system, made in the order of the plan. */
struct entry {
    enum entry_kind kind;
    const char *path;    /* inside, absolute */
    const char *source;  /* host path or link target */
    const char *content; /* of a file */
    size_t length;       /* of content */
    mode_t mode;
    int mount_fd; /* a detached mount made by the supervisor, or -1 */
};

#define MAX_ENTRIES 8192
/* In namespaces of our own it is one; in a container each folder has its own. */
#define MAX_SCRATCH 8
#define MAX_CGROUPS 4
#define MAX_ASKED_SOCKETS 32

enum cgroup_kind { CGROUP_V2, CGROUP_V1_MEMORY, CGROUP_V1_PIDS, CGROUP_V1_CPUACCT };

struct cgroup_plan {
    enum cgroup_kind kind;
    const char *path; /* to be made, absolute */
};

struct plan {
    bool is_container; /* the walls are an engine's; nothing is built here */
    bool is_template;  /* its program is one that sandboxes get forks of, see template.c */
    const char *token; /* in a container: what marks our status lines, see container.c */
    bool share_net;    /* keep the host's network namespace */
    bool asks_network; /* what it connects to is asked about, see asks.h */
    bool has_ask_fs;   /* parts of its file system are */
    size_t asked_socket_count;
    const char *asked_sockets[MAX_ASKED_SOCKETS]; /* and these, by their paths inside */
    uint64_t memory_bytes;                        /* of the whole sandbox */
    uint64_t processes;  /* and threads, of the program; our own pid 1 is not counted */
    uint64_t disk_bytes; /* of the scratch tmpfs */
    uint64_t disk_inodes;
    uint64_t open_files;      /* RLIMIT_NOFILE */
    uint64_t file_size_bytes; /* RLIMIT_FSIZE, or 0 for none: only for writable host folders */
    size_t cgroup_count;      /* 0: limits are sampled, and outside of containers set by rlimits */
    struct cgroup_plan cgroups[MAX_CGROUPS];
    size_t entry_count;
    struct entry entries[MAX_ENTRIES];
};

void parse_plan(const struct message *message, struct plan *plan);
/* Whether some of its calls wait for an answer of somebody else's. */
bool asks_calls(const struct plan *plan);
/* That, or parts of its file system are asked about. */
bool asks(const struct plan *plan);

/* ---- cgroup.c: limits and counters of the kernel ---- */

/* Makes the plan's cgroups and sets their limits. */
void create_cgroups(const struct plan *plan);
/* The v2 cgroup for CLONE_INTO_CGROUP, or -1. */
int cgroup_clone_fd(void);
/* Puts a process into every cgroup that it was not cloned into. */
void attach_to_cgroups(const struct plan *plan, pid_t pid, bool cloned_into_v2);
/* Also called at the end of a failed set-up: silent, and harmless where nothing was made. */
void remove_cgroups(void);

/* What the kernel counted since the cgroup was made; -1 where there is no such counter. */
struct counters {
    int64_t cpu_us;
    int64_t peak_bytes;
    int64_t oom_kills;
    int64_t refused_forks;
};
void read_cgroup_counters(struct counters *counters);
bool reset_cgroup_peak(void);          /* false where the kernel can't start it anew */
uint64_t read_cgroup_memory(void);     /* bytes in use now; 0: not known */
uint64_t read_cgroup_file_cache(void); /* bytes of files on disks in its memory; 0: not known */
/* In a container: the counters of its own cgroup, as far as it is shown inside; false if it is not. */
bool find_own_cgroup(void);

/* ---- idmap.c: who the sandbox is outside ---- */

/* The user and group that the sandbox's only user is on the host. */
struct host_ids {
    uid_t uid;
    gid_t gid;
};
struct host_ids choose_host_ids(void);
struct id_range {
    uint32_t first, count;
};
/* The ids that sandboxes can be: where the launcher is root a range without root, else `own`. */
struct id_range host_id_range(const char *map_path, uint32_t own);
void write_id_maps(pid_t pid, struct host_ids ids);
/* As root: leaves root's supplementary groups, which set-up inside can't do any more. */
void leave_groups(struct host_ids ids);
/* As root: a detached mount of what is open as `folder`, on which its owner is the sandbox's user. */
int mount_granted(int folder, bool to_write, struct host_ids ids);
/* As root: makes the user's folders in the plan appear as owned by the sandbox's user. */
void prepare_workspace_mounts(struct plan *plan, struct host_ids ids);

/* ---- holder.c: the user namespace above those of sandboxes, where there are templates ---- */

/* Where it can't be made, there are no templates. */
void create_holder(void);
int holder_fd(void); /* -1: there is none */
/* With all capabilities in it, as this user. */
void enter_holder(struct host_ids ids);

/* ---- packet.c: packets with fds ---- */

bool send_with_fds(int channel, const void *packet, size_t length, const int *fds, size_t count);
/* Blocking. `count` is how many fds there may be, and then how many there are. `sender` is set where the
 * channel passes credentials. False at the end of the channel, or for another packet. */
bool receive_with_fds(int channel, void *packet, size_t length, int *fds, size_t *count,
                      pid_t *sender);

/* ---- spawn.c: the new namespaces and the process in them ---- */

/* The sandbox as the supervisor sees it. */
struct sandbox {
    pid_t pid; /* of its pid 1, on the host; 0 once reaped */
    int pidfd;
    int channel;                  /* SOCK_SEQPACKET to its pid 1 */
    int mnt_ns_fd;                /* held so that its unmounting is not waited for, see README.md */
    int proc_fd;                  /* its own /proc */
    int scratch_fds[MAX_SCRATCH]; /* a folder of each tmpfs that it can write to */
    size_t scratch_count;
    int ptmx_fd;               /* of its own terminals, as O_PATH; -1: it has none */
    int user_ns_fd, net_ns_fd; /* of one that asks */
    int listener_fd;           /* on which calls wait for an answer; -1: none does */
    struct host_ids ids;
    struct message *exec_message; /* in memory shared with its pid 1 */
};
void spawn_sandbox(const struct plan *plan, struct sandbox *sandbox);
/* Gives up what the launcher is outside, with the capabilities of the namespace that it has entered. */
void become_inside_user(void);

/* ---- inside.c: pid 1 of the sandbox, see inside.h ---- */

/* The user that the program is, inside. */
enum { INSIDE_ID = 1000 };

/* ---- root.c, network.c, lockdown.c, seccomp.c: the steps of run_inside ---- */

/* `fuse`: of open_ask_fs(). `channel`: of pid 1 to its supervisor. */
void setup_root(const struct plan *plan, int fuse, int channel);
/* places.c: what things are mounted over. */
/* Makes the folders above `path`, which is changed for the time of it. */
void make_parents(char *path);
void make_folder(const char *path, mode_t mode);
/* A folder or file to mount something over, unless there is one: it may be one of the user's. */
void make_place(const char *path, bool is_folder);
void unshare_network(const struct plan *plan);
void setup_network(const struct plan *plan);
void setup_quotas(void);
void setup_privileges(void);
/* In a container: the engine has taken the capabilities away; dies where it has not. */
void require_no_privileges(void);
/* No new privileges, and no tracing of this process. */
void seal_process(void);
void setup_abstract_sockets(const struct plan *plan);
/* The fd on which calls wait for an answer; -1 where none does. */
int setup_seccomp(const struct plan *plan);
/* Whether the kernel can keep a sandbox with the host's network off the host's abstract sockets. */
bool can_scope_abstract_sockets(void);

/* ---- files.c: what the owner puts into the workspace ---- */

/* A `file` (path, mode, content) is made; `file-more` (the same) is put behind what is there. False for
 * another record. */
bool take_file(const struct record *record);
/* All of a message. */
void take_files(const struct message *message);

/* ---- command.c, collect.c: the program, or the reading of what programs left ---- */

/* Runs in a child of pid 1; the fds are stdin (or -1), stdout, stderr. */
NORETURN void run_command(const struct plan *plan, const struct message *message, const int fds[3],
                          int park_channel); /* -1: it does not wait */
/* In place of a program: writes the files that the message asks for to stdout. */
NORETURN void collect_files(const struct message *message);

/* ---- sample.c: limits and counters where there is no cgroup ---- */

struct sample {
    uint64_t memory_bytes;
    uint64_t cpu_us;
    uint64_t tasks;
    uint64_t precise_until_us; /* when the slow way of counting must end */
};
/* CPU time of the processes that its pid 1 has waited for. */
uint64_t reaped_cpu_us(const struct sandbox *sandbox);
/* CPU time of the first threads of all that runs inside but pid 1; 0 where the kernel does not tell. */
uint64_t running_cpu_us(const struct sandbox *sandbox);
/* Adds up the processes of the sandbox. False if its /proc can't be read (it is ending). */
bool take_sample(const struct sandbox *sandbox, uint64_t precise_above_bytes,
                 struct sample *sample);

/* ---- supervisor.c, outside.c, container.c: one command after the other, until the owner is gone ---- */

/* Builds the sandbox that is asked for on LANE_FD. With an asker it has the fds of asks.h, too. */
NORETURN void supervise_lane(bool has_asker);

int make_pipes(long count); /* for the owner, who opens them anew; returns the exit code */
NORETURN void supervise_container(void); /* as pid 1 of a container that somebody else has built */

/* ---- serve.c: many sandboxes, one after the other on each lane ---- */

/* How a supervisor ends that has let go of its lane: another may have it. */
enum { EXIT_LANE_FREE = 0, EXIT_LANE_LOST = 3, EXIT_FAILED_LANE_FREE = 4 };
/* The first lanes are for templates. `library` is the path of the park library, or NULL. */
NORETURN void serve_lanes(size_t count, size_t templates, const char *library);

#endif
