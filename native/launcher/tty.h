/* A terminal for the program, instead of pipes. */
#ifndef TTY_H
#define TTY_H

#include "launcher.h"

struct tty_size {
    uint64_t columns, rows; /* at most 65535; 0 columns: no terminal */
};
/* The two fields of a record's value. */
struct tty_size parse_tty_size(const struct record *record);
/* A new terminal of the sandbox, which belongs to its user. */
void open_tty(const struct sandbox *sandbox, struct tty_size size, int *master, int *slave);
void resize_tty(int master, struct tty_size size);

#endif
