set print "-"
name = ARGC > 0 ? ARG1 : "world"
print "Hello, ".name."!"
