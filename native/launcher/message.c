/*
 * Messages on the lane. The owner is trusted; the lengths are checked all the same, so that a
 * bug of the owner ends in an error and not in a wrong sandbox.
 *
 *   message  u32 length of the rest, then records
 *   record   u32 length of value, key, NUL, value, NUL
 *
 * Numbers are in the byte order of the host.
 */
#include "launcher.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* True when all bytes were read, false at the end of the stream. */
static bool read_fully(int fd, void *buffer, size_t length) {
    char *next = buffer;
    while (length) {
        ssize_t got = read(fd, next, length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            die("read the plan");
        if (got == 0)
            return false;
        next += got;
        length -= (size_t)got;
    }
    return true;
}

bool read_create_message(int fd, struct message *message) {
    if (!read_fully(fd, &message->length, sizeof message->length))
        return false;
    if (message->length == 0 || message->length > CREATE_MESSAGE_MAX)
        die_plain("plan: a length of %u bytes is out of range", message->length);
    message->bytes =
        mmap(NULL, message->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (message->bytes == MAP_FAILED)
        die("allocate %u bytes for the plan", message->length);
    return read_fully(fd, message->bytes, message->length);
}

bool next_record(const struct message *message, uint32_t *offset, struct record *record) {
    if (*offset == message->length)
        return false;
    uint32_t left = message->length - *offset;
    const char *start = message->bytes + *offset;
    if (left < sizeof record->length)
        die_plain("plan: a record is cut off");
    memcpy(&record->length, start, sizeof record->length);
    start += sizeof record->length;
    left -= (uint32_t)sizeof record->length;

    const char *key_end = memchr(start, '\0', left);
    if (!key_end)
        die_plain("plan: a key is cut off");
    record->key = start;
    record->value = key_end + 1;
    left -= (uint32_t)(record->value - start);
    if (left < 1 || record->length > left - 1 || record->value[record->length] != '\0')
        die_plain("plan: the value of `%.40s` is cut off", record->key);
    *offset = (uint32_t)(record->value + record->length + 1 - message->bytes);
    return true;
}

const char *next_field(const struct record *record, const char *text) {
    const char *field = text + strlen(text) + 1;
    if (field > record->value + record->length)
        die_plain("plan: `%.40s` lacks a field", record->key);
    return field;
}
