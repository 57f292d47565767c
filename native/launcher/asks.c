/* Asking, in the supervisor: what the owner says and what it is told, see README.md. */
#include "asks.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* While calls wait, their callers are looked after so often: the kernel does not tell of their ends. */
#define LOOK_MS 100

enum { EVENTS, CALLS, AGENT };

static int listener_fd = -1;
static int agent_fd = -1;

void start_asking(const struct plan *plan, const struct sandbox *sandbox) {
    setup_events();
    listener_fd = sandbox->listener_fd;
    if (listener_fd >= 0)
        setup_notify(plan, listener_fd);
    if (plan->asks_network)
        agent_fd = start_agent(sandbox);
}

static void take_answer(const struct record *record) {
    uint64_t id = parse_number("answer", record->value);
    uint64_t error = parse_number("answer", next_field(record, record->value));
    if (error > 4095)
        die_plain("answer: no errno: %.20s", record->value);
    answer_call(id, (int)error);
}

/* id, kind, protocol, address, port */
static void take_socket_request(const struct record *record) {
    static const char *const kinds[] = {
        [SOCKET_LISTENS] = "listen", [SOCKET_BOUND] = "bind", [SOCKET_CONNECTED] = "connect"};
    uint64_t id = parse_number("socket", record->value);
    const char *kind = next_field(record, record->value);
    struct endpoint endpoint = parse_endpoint(record, next_field(record, kind));
    size_t i = 0;
    while (i < sizeof kinds / sizeof kinds[0] && strcmp(kinds[i], kind))
        i++;
    if (agent_fd < 0 || i == sizeof kinds / sizeof kinds[0])
        die_plain("socket: can't make one to %.20s", kind);
    request_socket(agent_fd, id, (enum socket_kind)i, &endpoint);
}

/* id, `ro` or `rw`, host path, path inside */
static void take_grant(const struct sandbox *sandbox, const struct record *record) {
    const char *access = next_field(record, record->value);
    struct grant grant = {.id = parse_number("grant", record->value),
                          .writable = !strcmp(access, "rw"),
                          .source = next_field(record, access)};
    grant.target = next_field(record, grant.source);
    if (!grant.writable && strcmp(access, "ro"))
        die_plain("grant: neither ro nor rw: %.20s", access);
    start_grant(sandbox, &grant);
}

/* id, pid as the sandbox numbers it */
static void take_question_about(const struct sandbox *sandbox, const struct record *record) {
    uint64_t id = parse_number("who", record->value);
    uint64_t pid = parse_number("who", next_field(record, record->value));
    struct process_words words = {.pid = 0};
    if (pid && pid <= INT32_MAX)
        words = describe_process(sandbox->proc_fd, (pid_t)pid);
    (void)!send_event("{\"event\":\"who\",\"id\":\"%" PRIu64 "\",\"pid\":%d,\"name\":\"%s\","
                      "\"executable\":\"%s\"}",
                      id, words.pid, words.name, words.executable);
}

bool take_ask_message(const struct sandbox *sandbox, const struct record *record) {
    const char *key = record->key;
    if (!strcmp(key, "answer"))
        take_answer(record);
    else if (!strcmp(key, "socket"))
        take_socket_request(record);
    else if (!strcmp(key, "withdraw")) {
        struct endpoint endpoint = parse_endpoint(record, record->value);
        withdraw(&endpoint);
    } else if (!strcmp(key, "grant"))
        take_grant(sandbox, record);
    else if (!strcmp(key, "who"))
        take_question_about(sandbox, record);
    else
        return false;
    return true;
}

void poll_asks(struct pollfd polls[ASK_POLLS]) {
    polls[EVENTS] = (struct pollfd){.fd = EVENTS_FD, .events = POLLIN};
    polls[CALLS] = (struct pollfd){.fd = listener_fd, .events = POLLIN};
    polls[AGENT] = (struct pollfd){.fd = agent_fd, .events = POLLIN};
}

bool on_asks_polled(const struct pollfd polls[ASK_POLLS]) {
    static uint64_t looked_us;
    if (polls[CALLS].revents & POLLIN)
        take_call();
    else if (polls[CALLS].revents)
        listener_fd = -1; /* nobody is left who could call */
    if (polls[AGENT].revents && !take_agent_answer(agent_fd))
        return false;
    if (polls[EVENTS].revents && !drain_events())
        return false;
    if (has_open_calls() && monotonic_us() - looked_us >= LOOK_MS * 1000) {
        looked_us = monotonic_us();
        look_after_calls();
    }
    reap_grants();
    return true;
}

int time_to_asks(void) {
    return has_open_calls() ? LOOK_MS : -1;
}
