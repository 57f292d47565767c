BEGIN {
    name = ARGC > 1 ? ARGV[1] : "world"
    printf "Hello, %s!\n", name
}
