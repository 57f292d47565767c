/*
 * A terminal for the program, instead of pipes: pty(7), ioctl_tty(2). It is made in the sandbox's own
 * devpts, from outside, so that no process of the sandbox has a part in it.
 */
#include "tty.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct tty_size parse_tty_size(const struct record *record) {
    const char *columns = record->value;
    const char *rows = next_field(record, columns);
    struct tty_size size = {.columns = parse_number("columns", columns),
                            .rows = parse_number("rows", rows)};
    if (!size.columns || !size.rows || size.columns > UINT16_MAX || size.rows > UINT16_MAX)
        die_plain("tty: not a size: %s columns, %s rows", columns, rows);
    return size;
}

void resize_tty(int master, struct tty_size size) {
    struct winsize wanted = {.ws_col = (unsigned short)size.columns,
                             .ws_row = (unsigned short)size.rows};
    (void)ioctl(master, TIOCSWINSZ, &wanted);
}

/* TIOCGPTPEER (Linux 4.13) needs no path; a kernel without it is one that we are inside of. */
static int open_slave(int master) {
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave >= 0)
        return slave;
    unsigned int number;
    char path[32];
    if (ioctl(master, TIOCGPTN, &number) < 0)
        die("terminal: its number");
    snprintf(path, sizeof path, "/dev/pts/%u", number);
    return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

void open_tty(const struct sandbox *sandbox, struct tty_size size, int *master, int *slave) {
    if (sandbox->ptmx_fd < 0)
        die_plain("terminal: this sandbox has none");
    char path[32];
    int unlocked = 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", sandbox->ptmx_fd);
    *master = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (*master < 0 || ioctl(*master, TIOCSPTLCK, &unlocked) < 0)
        die("create a terminal");
    *slave = open_slave(*master);
    if (*slave < 0)
        die("open the terminal");
    if (sandbox->ids.uid != geteuid() && fchown(*slave, sandbox->ids.uid, sandbox->ids.gid) < 0)
        die("give the sandbox its terminal");
    resize_tty(*master, size);
}
