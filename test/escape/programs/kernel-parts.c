/* Parts of the kernel with a history of holes, which no namespace bounds. */
#include "attack.h"

int main(void) {
    char zeros[256] = {0};
    for (long command = 0; command < 33; command++)
        refused("keyctl", syscall(SYS_keyctl, command, -3, 0, 0, 0));
    REFUSED_CALL(add_key, "user", "escape", "x", 1, -3);
    REFUSED_CALL(request_key, "user", "escape", NULL, -3);
    for (long command = 0; command < 40; command++)
        refused("bpf", syscall(SYS_bpf, command, zeros, sizeof zeros));
    REFUSED_CALL(perf_event_open, zeros, 0, -1, -1, 0);
    REFUSED_CALL(userfaultfd, 0);
    REFUSED_CALL(userfaultfd, 1 /* UFFD_USER_MODE_ONLY */);
    REFUSED_CALL(io_uring_setup, 8, zeros);
    REFUSED_CALL(io_uring_enter, 0, 1, 0, 0, NULL, 0);
    REFUSED_CALL(io_uring_register, 0, 0, NULL, 0);
    REFUSED_CALL(io_uring_register, -1, 31 /* needs no ring */, zeros, 1);
    REFUSED_CALL(fanotify_init, 0, 0);
    REFUSED_CALL(fanotify_init, 0x200 /* FAN_REPORT_FID, open to users */, 0);
    int mount_id;
    uint32_t handle[40] = {128};
    REFUSED_CALL(name_to_handle_at, AT_FDCWD, "/usr", handle, &mount_id, 0);
    REFUSED_CALL(open_by_handle_at, AT_FDCWD, handle, O_RDONLY);
    REFUSED_CALL(lookup_dcookie, 0L, zeros, sizeof zeros);
    return done();
}
