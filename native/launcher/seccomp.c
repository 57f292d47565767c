/*
 * From the rules in seccomp_rules.h to a filter that the kernel runs before each system call:
 * seccomp(2). The namespaces already keep the program away from the host; this takes away the kernel
 * code through which namespaces have been broken, and the calls whose reach no namespace bounds.
 */
#include "launcher.h"
#include "seccomp_rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define X32_BIT 0x40000000
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "the system call table is written for x86_64 and aarch64"
#endif

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_RULES                                                                                  \
    (LENGTH(common_rules) + LENGTH(sampled_memory_rules) + LENGTH(asking_rules) +                  \
     LENGTH(container_rules) + LENGTH(engine_kernel_rules))

/* Those that hold in this sandbox, by the number of their call. */
static struct rule rules[MAX_RULES];
static size_t rule_count;

/* personality(0) must stay possible besides the query: setarch and some shells call it. */
#define PERSONALITY_DEFAULT 0

/* O_TMPFILE without the O_DIRECTORY that it includes; the same number on both architectures. */
#define O_TMPFILE_BIT 020000000

/* Each rule becomes at most 14 instructions, each node of the search tree 2. */
#define MAX_INSTRUCTIONS (MAX_RULES * 16 + 32)
static struct sock_filter filter[MAX_INSTRUCTIONS];
static unsigned short filter_length;

static void emit(struct sock_filter instruction) {
    if (filter_length == MAX_INSTRUCTIONS)
        die_plain("seccomp: the filter is longer than expected");
    filter[filter_length++] = instruction;
}

static void load(uint32_t offset) {
    emit((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void jump(uint16_t test, uint32_t value, uint8_t if_true, uint8_t if_false) {
    emit((struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, if_true, if_false));
}

static void allow(void) {
    emit((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static void refuse(int error) {
    uint32_t action = error == ASK ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO | (uint32_t)error;
    emit((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Both architectures are little-endian: the low half comes first. */
static void load_argument(int index) {
    load((uint32_t)(offsetof(struct seccomp_data, args) + (size_t)index * sizeof(uint64_t)));
}

static void load_upper_half(int index) {
    load((uint32_t)(offsetof(struct seccomp_data, args) + (size_t)index * sizeof(uint64_t) +
                    sizeof(uint32_t)));
}

/* Falls through where the rule does not refuse. */
static void emit_rule(const struct rule *rule) {
    switch (rule->test) {
    case ALWAYS:
        break;
    case ANY_BIT:
        load_argument(rule->argument);
        jump(BPF_JSET, rule->value, 0, 1);
        break;
    case CREATES_WITH_BIT: /* otherwise the mode is whatever the register held */
        load_argument(rule->argument - 1);
        jump(BPF_JSET, O_CREAT | O_TMPFILE_BIT, 0, 3);
        load_argument(rule->argument);
        jump(BPF_JSET, rule->value, 0, 1);
        break;
    case NOT_NULL:
        load_argument(rule->argument);
        jump(BPF_JEQ, 0, 0, 2);
        load_upper_half(rule->argument);
        jump(BPF_JEQ, 0, 1, 0);
        break;
    case EQUAL:
        load_argument(rule->argument);
        jump(BPF_JEQ, rule->value, 0, 1);
        break;
    case NOT_EQUAL:
        load_argument(rule->argument);
        if (rule->nr == SYS_personality) {
            jump(BPF_JEQ, PERSONALITY_DEFAULT, 2, 0);
        }
        jump(BPF_JEQ, rule->value, 1, 0);
        break;
    case NOT_SOCKET_FAMILY:
        load_argument(rule->argument);
        jump(BPF_JEQ, AF_UNIX, 4, 0);
        jump(BPF_JEQ, AF_INET, 3, 0);
        jump(BPF_JEQ, AF_INET6, 2, 0);
        jump(BPF_JEQ, AF_NETLINK, 1, 0);
        break;
    case NETLINK_PROTOCOL:
        load_argument(rule->argument);
        jump(BPF_JEQ, AF_NETLINK, 0, 3);
        load_argument(2);
        jump(BPF_JEQ, 0 /* NETLINK_ROUTE */, 1, 0);
        break;
    case INET_PROTOCOL:
        load_argument(rule->argument);
        jump(BPF_JEQ, AF_INET, 1, 0);
        jump(BPF_JEQ, AF_INET6, 0, 10);
        load_argument(1);
        emit((struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf)); /* SOCK_TYPE_MASK */
        jump(BPF_JGT, SOCK_RAW, 6, 0);
        load_argument(2);
        jump(BPF_JEQ, IPPROTO_IP, 5, 0);
        jump(BPF_JEQ, IPPROTO_ICMP, 4, 0);
        jump(BPF_JEQ, IPPROTO_TCP, 3, 0);
        jump(BPF_JEQ, IPPROTO_UDP, 2, 0);
        jump(BPF_JEQ, IPPROTO_ICMPV6, 1, 0);
        break;
    }
    refuse(rule->error);
}

/* From the instruction at `start` to the next one to be emitted; conditional jumps have 8 bits. */
static uint8_t jump_length(unsigned short start) {
    if (filter_length - start > UINT8_MAX)
        die_plain("seccomp: a jump of the filter is too long");
    return (uint8_t)(filter_length - start);
}

static int by_number(const void *left, const void *right) {
    return ((const struct rule *)left)->nr - ((const struct rule *)right)->nr;
}

/* Whether the rule refuses its call as such, with the same error as the rule before and the call that
 * follows on that one's. Such rules are one range. */
static bool continues_range(size_t index) {
    const struct rule *rule = &rules[index], *before = rule - 1;
    return rule->test == ALWAYS && before->test == ALWAYS && rule->error == before->error &&
           rule->nr == before->nr + 1;
}

/* Whether the rules of another call, or another range, start here. */
static bool starts_group(size_t index) {
    return rules[index].nr != rules[index - 1].nr && !continues_range(index);
}

/* From one instruction over all after it up to the next one to be emitted. */
static uint8_t jump_over(unsigned short test) {
    return jump_length(test + 1);
}

static void emit_range(size_t first, size_t end) {
    unsigned short below = filter_length;
    jump(BPF_JGE, (uint32_t)rules[first].nr, 0, 0);
    unsigned short above = filter_length;
    jump(BPF_JGT, (uint32_t)rules[end - 1].nr, 0, 0);
    refuse(rules[first].error);
    filter[below].jf = jump_over(below);
    filter[above].jt = jump_over(above);
    allow();
}

/* The rules of one call. One that none of them refuses is allowed. */
static void emit_call(size_t first, size_t end) {
    unsigned short test = filter_length;
    jump(BPF_JEQ, (uint32_t)rules[first].nr, 0, 0);
    for (size_t i = first; i < end; i++)
        emit_rule(&rules[i]);
    filter[test].jf = jump_over(test);
    allow();
}

/* All groups of [first, end) as a search tree: the kernel runs the filter once for every call number
 * when it is installed, so its depth counts, and it compiles it, so its length does. */
static void emit_groups(size_t first, size_t end) {
    size_t middle = first + (end - first) / 2;
    while (middle > first && !starts_group(middle))
        middle--;
    if (middle == first) /* the first group only, or it fills the first half */
        do
            middle++;
        while (middle < end && !starts_group(middle));
    if (middle == end) {
        if (rules[first].nr == rules[end - 1].nr)
            emit_call(first, end);
        else
            emit_range(first, end);
        return;
    }
    jump(BPF_JGE, (uint32_t)rules[middle].nr, 0, 0);
    unsigned short left = filter_length;
    emit_groups(first, middle);
    filter[left - 1].jt = jump_length(left);
    emit_groups(middle, end);
}

static void add_rules(const struct rule *added, size_t count) {
    memcpy(rules + rule_count, added, count * sizeof *added);
    rule_count += count;
}

static void build_filter(void) {
    load(offsetof(struct seccomp_data, arch));
    jump(BPF_JEQ, NATIVE_ARCH, 1, 0);
    refuse(ENOSYS); /* 32-bit calls: other numbers, other checks, rarely tested kernel code */
    load(offsetof(struct seccomp_data, nr));
#ifdef X32_BIT
    jump(BPF_JGE, X32_BIT, 0, 1);
    refuse(ENOSYS); /* x32: the same, on its own numbers */
#endif
    jump(BPF_JGT, NR_LAST_KNOWN, 0, 1);
    refuse(ENOSYS);
    emit_groups(0, rule_count);
}

/* A call that waits can be ended by signals that end its program, but by no other before it is answered
 * (Linux 5.19): runtimes that signal their threads would begin it anew for ever. */
#define WAIT_KILLABLE (1u << 5) /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */

static int install(struct sock_fprog *program, bool asks) {
    unsigned int flags = asks ? SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE : 0;
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
    if (result < 0 && asks && errno == EINVAL)
        result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                         program);
    if (result < 0 && asks && errno == EBUSY)
        die_plain("asking: a filter above this one has calls answered already (EBUSY)");
    if (result < 0)
        die("install the seccomp filter");
    return asks ? (int)result : -1;
}

int setup_seccomp(const struct plan *plan) {
    add_rules(common_rules, LENGTH(common_rules));
    if (!plan->cgroup_count)
        add_rules(sampled_memory_rules, LENGTH(sampled_memory_rules));
    bool asks = plan->asks_network || plan->asked_socket_count;
    if (asks)
        add_rules(asking_rules, LENGTH(asking_rules));
    if (plan->is_container)
        add_rules(container_rules, LENGTH(container_rules));
    if (plan->is_container && !plan->cgroup_count)
        add_rules(engine_kernel_rules, LENGTH(engine_kernel_rules));
    qsort(rules, rule_count, sizeof rules[0], by_number);
    build_filter();
    struct sock_fprog program = {.len = filter_length, .filter = filter};
    return install(&program, asks);
}
