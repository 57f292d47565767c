/*
 * How a program is held while its owner asks somebody: see README.md, "Asking". What is decided is not
 * known here. A call that is let through is never the grant: it reaches what was made for it, or nothing.
 */
#ifndef ASKS_H
#define ASKS_H

#include "supervisor.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* Fds of a launcher whose sandbox asks, besides the lane: events with sockets, the file system's bytes. */
enum { EVENTS_FD = 4, ASK_FS_FD = 5, ASKING_FDS = 6 };

/* ---- endpoint.c: addresses and ports ---- */

/* What a sandbox that asks is to itself: never assigned to anybody, RFC 7600 and RFC 6666. */
#define OWN_ADDRESS "192.0.0.8"
#define OWN_ADDRESS6 "100::8"

enum protocol { PROTOCOL_TCP, PROTOCOL_UDP };

/* An IPv4 address lies in an IPv6 one (v4-mapped), so that both have one form. */
struct endpoint {
    uint8_t protocol;
    uint16_t port;
    struct in6_addr address;
};
/* From what a program handed to the kernel. False for another family, or too short. */
bool read_endpoint(const struct sockaddr_storage *from, socklen_t length,
                   struct endpoint *endpoint);
/* As bind(2) and connect(2) want it; its length. */
socklen_t write_endpoint(const struct endpoint *endpoint, struct sockaddr_storage *to);
bool is_loopback(const struct endpoint *endpoint);
/* The address in words; needs INET6_ADDRSTRLEN bytes. */
void show_address(const struct endpoint *endpoint, char *text);
/* `tcp` or `udp`, an address and a port, the fields of a value from `text` on. */
struct endpoint parse_endpoint(const struct record *record, const char *text);

/* ---- approved.c: the endpoints that something listens on for the program ---- */

bool is_approved(const struct endpoint *endpoint);
/* False where there are too many. */
bool approve(const struct endpoint *endpoint);
void withdraw(const struct endpoint *endpoint);

/* ---- events.c: to the owner, in the words of Node's own channel ---- */

void setup_events(void);
/* One JSON object, short and without a byte of a program's. False if the owner does not read. */
PRINTF_LIKE(1, 2) bool send_event(const char *format, ...);
/* A socket, as Node's kind of it. */
bool send_socket(uint64_t id, const struct endpoint *endpoint, bool listens, int fd);
/* What the owner's side says by itself is not for us. False at its end. */
bool drain_events(void);

/* A process for people, in hexadecimal digits: it has chosen its names itself. */
struct process_words {
    pid_t pid;             /* as its sandbox numbers it; 0: it is gone */
    char name[40];         /* 16 bytes */
    char executable[1025]; /* 512 bytes */
};
/* The process that a thread is of; itself where that is not known. */
pid_t process_of(int proc, pid_t thread);
/* `proc`: a /proc, by whose numbers `thread` is one. */
struct process_words describe_process(int proc, pid_t thread);
/* Room for twice as many digits and a NUL. */
void to_hex(const char *bytes, size_t count, char *digits);

/* ---- listener.c: in pid 1: the filter whose calls somebody else answers ---- */

/* Before the filter is there: somebody who is not under it, and sends the fd of its listener, and the word
 * that the sandbox is ready. */
struct carrier {
    pid_t pid;
    int pipe;
};
struct carrier start_carrier(int channel);
void carry_listener(const struct carrier *carrier, int listener);

/* ---- notify.c: calls that wait for an answer ---- */

void setup_notify(const struct plan *plan, int listener);
/* Takes one call, and answers it or tells the owner. */
void take_call(void);
/* The owner's answer: 0 lets it through, else an errno. Harmless where the call is over. */
void answer_call(uint64_t id, int error);
/* Tells the owner of calls whose callers are gone. */
void look_after_calls(void);
bool has_open_calls(void);

/* ---- closer.c: files of a program's that were looked at ---- */

/* False while too many of them are still being closed. */
bool may_take_files(void);
void close_taken(int fd);

/* ---- agent.c: in the sandbox's network, with its own capabilities ---- */

/* Returns our side of its channel. */
int start_agent(const struct sandbox *sandbox);
/* What it is to make: told by events. */
enum socket_kind { SOCKET_LISTENS, SOCKET_BOUND, SOCKET_CONNECTED };
void request_socket(int agent, uint64_t id, enum socket_kind kind, const struct endpoint *endpoint);
/* Takes an answer of its. False at its end. */
bool take_agent_answer(int agent);

/* ---- grant.c: something of the host appears in a sandbox that runs ---- */

struct grant {
    uint64_t id;
    const char *source; /* host path */
    const char *target; /* path inside */
    bool writable;
};
/* In a process of its own, which tells the owner by an event. */
void start_grant(const struct sandbox *sandbox, const struct grant *grant);
void reap_grants(void);

/* ---- ask_fs.c: the file system of what is asked about ---- */

/* Where all of it is while the root is built. */
#define ASK_FS "/.asked"
/* In pid 1: its fd, in its namespace; -1 where the plan has no such file system. */
int open_ask_fs(const struct plan *plan);
/* In pid 1: mounts it there, sends the fd to the supervisor, and closes it. */
void mount_ask_fs(int fuse, int channel);
void bind_asked(const struct entry *entry, const char *path);
/* In the supervisor: moves its bytes from and to the owner, in a process of its own. */
void start_ask_fs(int fuse);

/* ---- asks.c: all of it together, in the supervisor ---- */

#define ASK_POLLS 3

void start_asking(const struct plan *plan, const struct sandbox *sandbox);
bool take_ask_message(const struct sandbox *sandbox, const struct record *record);
void poll_asks(struct pollfd polls[ASK_POLLS]);
/* False where one of those who ask is gone. */
bool on_asks_polled(const struct pollfd polls[ASK_POLLS]);
/* In ms; -1: nothing has to be looked after. */
int time_to_asks(void);

#endif
