/* A first program:  glovebox run examples/hello.c [NAME] */
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("Hello, %s, from C in a sandbox!\n", argc > 1 ? argv[1] : "world");
    return 0;
}
