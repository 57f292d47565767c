/* The create message, understood. Every key that is not known here is an error: a control that was
 * asked for and not understood would be a control that does not hold. */
#include "launcher.h"

#include <stdlib.h>
#include <string.h>

static struct entry *add_entry(struct plan *plan, enum entry_kind kind, const char *path) {
    if (plan->entry_count == MAX_ENTRIES)
        die_plain("plan: more than %d files and folders", MAX_ENTRIES);
    size_t length = strlen(path);
    if (path[0] != '/' || strstr(path, "/../") || strstr(path, "//") ||
        (length >= 3 && !strcmp(path + length - 3, "/..")))
        die_plain("plan: not a plain absolute path: %.100s", path);
    struct entry *entry = &plan->entries[plan->entry_count++];
    *entry = (struct entry){.kind = kind, .path = path, .mount_fd = -1};
    return entry;
}

static mode_t parse_mode(const char *text) {
    char *end;
    unsigned long mode = strtoul(text, &end, 8);
    if (!*text || *end || mode > 01777)
        die_plain("plan: not a mode: %.20s", text);
    return (mode_t)mode;
}

/* Each `file system` key: its value is the path inside, then the fields named in the comment. */
static bool parse_entry(struct plan *plan, const struct record *record) {
    const char *key = record->key;
    const char *path = record->value;
    if (!strcmp(key, "dir")) { /* mode */
        add_entry(plan, ENTRY_DIR, path)->mode = parse_mode(next_field(record, path));
    } else if (!strcmp(key, "symlink")) { /* target */
        add_entry(plan, ENTRY_SYMLINK, path)->source = next_field(record, path);
    } else if (!strcmp(key, "file")) { /* mode, content */
        struct entry *entry = add_entry(plan, ENTRY_FILE, path);
        const char *mode = next_field(record, path);
        entry->mode = parse_mode(mode);
        entry->content = next_field(record, mode);
        entry->length = (size_t)(record->value + record->length - entry->content);
    } else if (!strcmp(key, "bind")) { /* host path */
        add_entry(plan, ENTRY_BIND, path)->source = next_field(record, path);
    } else if (!strcmp(key, "lend")) { /* host path */
        add_entry(plan, ENTRY_LEND, path)->source = next_field(record, path);
    } else if (!strcmp(key, "mount-ro")) { /* host path */
        add_entry(plan, ENTRY_MOUNT_RO, path)->source = next_field(record, path);
    } else if (!strcmp(key, "mount-rw")) { /* host path */
        add_entry(plan, ENTRY_MOUNT_RW, path)->source = next_field(record, path);
    } else if (!strcmp(key, "mount-copy")) { /* host path, where its changes are shown */
        struct entry *entry = add_entry(plan, ENTRY_MOUNT_COPY, path);
        entry->source = next_field(record, path);
        entry->content = next_field(record, entry->source);
    } else if (!strcmp(key, "device")) { /* host path */
        add_entry(plan, ENTRY_DEVICE, path)->source = next_field(record, path);
    } else if (!strcmp(key, "writable")) { /* mode */
        add_entry(plan, ENTRY_WRITABLE, path)->mode = parse_mode(next_field(record, path));
    } else if (!strcmp(key, "asked")) { /* name */
        add_entry(plan, ENTRY_ASKED, path)->source = next_field(record, path);
    } else if (!strcmp(key, "proc")) {
        add_entry(plan, ENTRY_PROC, path);
    } else if (!strcmp(key, "pts")) {
        add_entry(plan, ENTRY_PTS, path);
    } else {
        return false;
    }
    return true;
}

static void add_cgroup(struct plan *plan, enum cgroup_kind kind, const char *path) {
    if (plan->cgroup_count == MAX_CGROUPS)
        die_plain("plan: more than %d cgroups", MAX_CGROUPS);
    plan->cgroups[plan->cgroup_count++] = (struct cgroup_plan){.kind = kind, .path = path};
}

bool asks_calls(const struct plan *plan) {
    return plan->asks_network || plan->asked_socket_count;
}

bool asks(const struct plan *plan) {
    return asks_calls(plan) || plan->has_ask_fs;
}

static void parse_network(struct plan *plan, const char *value) {
    plan->share_net = !strcmp(value, "host");
    plan->asks_network = !strcmp(value, "ask");
    if (strcmp(value, "none") && !plan->share_net && !plan->asks_network)
        die_plain("plan: network is neither none, ask nor host: %.40s", value);
}

static void add_asked_socket(struct plan *plan, const char *path) {
    if (plan->asked_socket_count == MAX_ASKED_SOCKETS)
        die_plain("plan: more than %d sockets to ask about", MAX_ASKED_SOCKETS);
    plan->asked_sockets[plan->asked_socket_count++] = path;
}

static void parse_setting(struct plan *plan, const struct record *record) {
    const char *key = record->key;
    const char *value = record->value;
    if (!strcmp(key, "network")) {
        parse_network(plan, value);
    } else if (!strcmp(key, "ask-fs")) {
        plan->has_ask_fs = true;
    } else if (!strcmp(key, "ask-socket")) {
        add_asked_socket(plan, value);
    } else if (!strcmp(key, "memory-bytes")) {
        plan->memory_bytes = parse_number(key, value);
    } else if (!strcmp(key, "processes")) {
        plan->processes = parse_number(key, value);
    } else if (!strcmp(key, "disk-bytes")) {
        plan->disk_bytes = parse_number(key, value);
    } else if (!strcmp(key, "disk-inodes")) {
        plan->disk_inodes = parse_number(key, value);
    } else if (!strcmp(key, "open-files")) {
        plan->open_files = parse_number(key, value);
    } else if (!strcmp(key, "file-size-bytes")) {
        plan->file_size_bytes = parse_number(key, value);
    } else if (!strcmp(key, "token")) {
        plan->token = value;
    } else if (!strcmp(key, "cgroup-v2")) {
        add_cgroup(plan, CGROUP_V2, value);
    } else if (!strcmp(key, "cgroup-v1-memory")) {
        add_cgroup(plan, CGROUP_V1_MEMORY, value);
    } else if (!strcmp(key, "cgroup-v1-pids")) {
        add_cgroup(plan, CGROUP_V1_PIDS, value);
    } else if (!strcmp(key, "cgroup-v1-cpuacct")) {
        add_cgroup(plan, CGROUP_V1_CPUACCT, value);
    } else {
        die_plain("plan: unknown key `%.40s`", key);
    }
}

void parse_plan(const struct message *message, struct plan *plan) {
    uint32_t offset = 0;
    struct record record;
    if (!next_record(message, &offset, &record) || strcmp(record.key, "create"))
        die_plain("plan: the first record is not `create`");
    while (next_record(message, &offset, &record))
        if (!parse_entry(plan, &record))
            parse_setting(plan, &record);

    /* None of these has a meaning at zero, and a forgotten one must not mean "no limit". */
    if (!plan->memory_bytes || !plan->processes || !plan->disk_bytes || !plan->disk_inodes ||
        !plan->open_files)
        die_plain("plan: a limit is missing");
}
