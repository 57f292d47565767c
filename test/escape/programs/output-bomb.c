/* Floods both streams with one endless line. argv[1]: MiB */
#include "attack.h"

int main(int argc, char **argv) {
    trying("to flood stdout and stderr");
    static char block[1 << 20];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < atoi(argv[1]); i++)
        if (write(1, block, sizeof block) < 0 || write(2, block, sizeof block) < 0)
            break;
    return done();
}
