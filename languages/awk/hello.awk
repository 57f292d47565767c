BEGIN {
    name = ARGC > 1 ? ARGV[1] : "world"
    print "Hello, " name "!"
}
