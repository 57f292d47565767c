/*
 * Which pages of a template a program writes to. The first write of a fork to each is a fault, four
 * microseconds where memory is a guest's, and a run has hundreds: a fork takes them before it is asked
 * for anything. A trial tells which: one fork runs the language's own first program, and says at its end
 * which pages have become its own. A second one runs a program that does more, if there is one: what that
 * adds is taken only for as long as a fork has nothing to do, since a program that does little is slower
 * for it.
 *
 * It also says which pages of files it has read: of those a fork has none to begin with, and a fault for
 * every few. The kernel copies them with the rest for a mapping of which one page has been written to.
 * Manuals: proc(5), /proc/pid/pagemap, /proc/pid/mem; madvise(2), MADV_POPULATE_* (Linux 5.14).
 */
#include "park.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define MAX_RANGES 1024
/* A trial that writes to more says nothing about an ordinary program. */
#define MAX_PAGES 1024
#define TRIAL_SECONDS 10
/* Where the next run comes sooner, there is no time for it. */
#define IDLE_MS 8

/* Bits of an entry of /proc/self/pagemap. */
#define IS_EXCLUSIVE (1ull << 56)
#define IS_OF_FILE (1ull << 61)
#define IS_PRESENT (1ull << 63)

struct range {
    uintptr_t start;
    size_t length;
};

struct ranges {
    size_t count, pages;
    struct range list[MAX_RANGES];
};

/* In memory that the trial shares with the template; NULL in all other processes. */
static struct learned {
    struct ranges written, more, read; /* written: by the first trial; more: only by the second */
} * learned;
/* Of the trial that this process is: where it tells what it wrote to. */
static struct ranges *told;

static void add_page(struct ranges *ranges, uintptr_t page, size_t size) {
    struct range *last = ranges->count ? &ranges->list[ranges->count - 1] : NULL;
    ranges->pages++;
    if (last && last->start + last->length == page)
        last->length += size;
    else if (ranges->count < MAX_RANGES)
        ranges->list[ranges->count++] = (struct range){.start = page, .length = size};
}

static bool contains(const struct ranges *ranges, uintptr_t page) {
    for (size_t i = 0; i < ranges->count; i++)
        if (page - ranges->list[i].start < ranges->list[i].length)
            return true;
    return false;
}

/* A private mapping, as a line of /proc/self/maps tells it. */
struct mapping {
    uintptr_t start, end;
    bool is_writable, is_of_file;
};

/* False for those that are shared. */
static bool parse_mapping(const char *line, struct mapping *mapping) {
    char mode[8];
    unsigned long inode;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s %*s %*s %lu", &mapping->start, &mapping->end,
               mode, &inode) != 4)
        return false;
    mapping->is_writable = mode[1] == 'w';
    mapping->is_of_file = inode != 0;
    return mode[0] == 'r' && mode[3] == 'p';
}

static void add_pages(int pagemap, const struct mapping *mapping) {
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t entries[512];
    for (uintptr_t at = mapping->start; at < mapping->end;) {
        size_t wanted = (mapping->end - at) / size;
        if (wanted > 512)
            wanted = 512;
        ssize_t got = pread(pagemap, entries, wanted * 8, (off_t)(at / size * 8));
        if (got <= 0)
            return;
        for (size_t i = 0; i < (size_t)got / 8; i++, at += size) {
            if (!(entries[i] & IS_PRESENT))
                continue;
            bool is_first = told == &learned->written;
            if (entries[i] & IS_OF_FILE) {
                if (is_first)
                    add_page(&learned->read, at, size);
            } else if (entries[i] & IS_EXCLUSIVE && mapping->is_writable &&
                       (is_first || !contains(&learned->written, at))) {
                add_page(told, at, size);
            }
        }
    }
}

/* At the end of the trial. What was mapped since the fork is no page of the template's: taking it there
 * fails, or takes one too many. */
__attribute__((destructor)) static void tell_pages(void) {
    if (!told)
        return;
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    struct mapping mapping;
    while (pagemap >= 0 && maps && fgets(line, sizeof line, maps))
        if (parse_mapping(line, &mapping))
            add_pages(pagemap, &mapping);
    if (maps)
        fclose(maps);
    if (pagemap >= 0)
        close(pagemap);
}

/* It says nothing, and nobody waits for it for long. */
static void become_trial(struct ranges *ranges) {
    told = ranges;
    alarm(TRIAL_SECONDS);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    close(null);
    close(PARK_FD);
}

/* Writes to the first page of a mapping what is there: only /proc/self/mem can, where the mapping itself
 * is not to be written to. */
static void make_own(int memory, uintptr_t page) {
    char byte;
    if (pread(memory, &byte, 1, (off_t)page) == 1)
        (void)!pwrite(memory, &byte, 1, (off_t)page);
}

/* Whatever fails, as on a kernel that lets nobody write there: forks read the pages themselves. */
static void share_pages_of_files(void) {
    int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    struct mapping mapping;
    while (memory >= 0 && maps && fgets(line, sizeof line, maps))
        if (parse_mapping(line, &mapping) && mapping.is_of_file)
            make_own(memory, mapping.start);
    for (size_t i = 0; i < learned->read.count; i++)
        (void)madvise((void *)learned->read.list[i].start, learned->read.list[i].length,
                      MADV_POPULATE_READ);
    if (maps)
        fclose(maps);
    if (memory >= 0)
        close(memory);
}

/* How it ended, 0 where nobody learns that; -1: in the trial. */
static int try_program(struct ranges *ranges) {
    /* A shell waits for every child of its own, in its handler: this one is ours. */
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigprocmask(SIG_BLOCK, &block, &before);
    pid_t pid = fork_of_libc();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        become_trial(ranges);
        return -1;
    }
    int status = 0;
    pid_t ended;
    do
        ended = pid < 0 ? -1 : waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    sigprocmask(SIG_SETMASK, &before, NULL);
    /* A program that ignores SIGCHLD never learns how a child ended. */
    if (ended < 0 || status != 0 || ranges->pages > MAX_PAGES)
        ranges->count = 0;
    return status;
}

bool learn_pages(void) {
    learned =
        mmap(NULL, sizeof *learned, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (learned == MAP_FAILED) {
        learned = NULL;
        return false;
    }
    int status = try_program(&learned->written);
    if (status == -1)
        return true;
    if (status != 0)
        refuse_template("its trial program ended with wait status %d", status);
    if (take_next_entry() && try_program(&learned->more) == -1)
        return true;
    share_pages_of_files();
    return false;
}

static void take(const struct range *range) {
    (void)madvise((void *)range->start, range->length, MADV_POPULATE_WRITE);
}

void take_pages(void) {
    for (size_t i = 0; learned && i < learned->written.count; i++)
        take(&learned->written.list[i]);
}

void take_more_pages(int channel) {
    char letter;
    struct pollfd called = {.fd = channel, .events = POLLIN};
    if (poll(&called, 1, IDLE_MS) != 0)
        return;
    for (size_t i = 0; learned && i < learned->more.count; i++)
        if (recv(channel, &letter, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
            take(&learned->more.list[i]);
}

void forget_pages(void) {
    if (learned)
        munmap(learned, sizeof *learned);
    learned = NULL;
}
