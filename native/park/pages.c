/*
 * Which pages of a template a program writes to. The first write of a fork to each is a fault, four
 * microseconds where memory is a guest's, and a run has hundreds: a fork takes them before it is asked
 * for anything. A trial tells which: one fork runs the language's own first program, and says at its end
 * which pages have become its own.
 * Manuals: proc(5), /proc/pid/pagemap; madvise(2), MADV_POPULATE_WRITE (Linux 5.14).
 */
#include "park.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define MAX_RANGES 1024
/* A trial that writes to more says nothing about an ordinary program. */
#define MAX_PAGES 1024
#define TRIAL_SECONDS 10

/* Bits of an entry of /proc/self/pagemap. */
#define IS_EXCLUSIVE (1ull << 56)
#define IS_PRESENT (1ull << 63)

struct range {
    uintptr_t start;
    size_t length;
};

/* In memory that the trial shares with the template; NULL in all other processes. */
static struct learned {
    size_t count, pages;
    struct range ranges[MAX_RANGES];
} * learned;
static bool is_trial;

static void add_page(uintptr_t page, size_t size) {
    struct range *last = learned->count ? &learned->ranges[learned->count - 1] : NULL;
    learned->pages++;
    if (last && last->start + last->length == page)
        last->length += size;
    else if (learned->count < MAX_RANGES)
        learned->ranges[learned->count++] = (struct range){.start = page, .length = size};
}

/* Of one writable, private mapping. */
static void add_pages(int pagemap, uintptr_t start, uintptr_t end) {
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t entries[512];
    for (uintptr_t at = start; at < end;) {
        size_t wanted = (end - at) / size;
        if (wanted > 512)
            wanted = 512;
        ssize_t got = pread(pagemap, entries, wanted * 8, (off_t)(at / size * 8));
        if (got <= 0)
            return;
        for (size_t i = 0; i < (size_t)got / 8; i++, at += size)
            if (entries[i] & IS_PRESENT && entries[i] & IS_EXCLUSIVE)
                add_page(at, size);
    }
}

/* At the end of the trial. What was mapped since the fork is no page of the template's: taking it there
 * fails, or takes one too many. */
__attribute__((destructor)) static void tell_pages(void) {
    if (!is_trial || !learned)
        return;
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    while (pagemap >= 0 && maps && fgets(line, sizeof line, maps)) {
        uintptr_t start, end;
        char mode[8];
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &start, &end, mode) == 3 &&
            !strncmp(mode, "rw-p", 4))
            add_pages(pagemap, start, end);
    }
    if (maps)
        fclose(maps);
    if (pagemap >= 0)
        close(pagemap);
}

/* It says nothing, and nobody waits for it for long. */
static void become_trial(void) {
    is_trial = true;
    alarm(TRIAL_SECONDS);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    close(null);
    close(PARK_FD);
}

bool learn_pages(void) {
    learned =
        mmap(NULL, sizeof *learned, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (learned == MAP_FAILED) {
        learned = NULL;
        return false;
    }
    pid_t pid = fork_of_libc();
    if (pid == 0) {
        become_trial();
        return true;
    }
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0 || learned->pages > MAX_PAGES)
        learned->count = 0;
    return false;
}

void take_pages(void) {
    for (size_t i = 0; learned && i < learned->count; i++)
        (void)madvise((void *)learned->ranges[i].start, learned->ranges[i].length,
                      MADV_POPULATE_WRITE);
}

void forget_pages(void) {
    if (learned)
        munmap(learned, sizeof *learned);
    learned = NULL;
}
