# `input` reads a value from standard input, `inputs` reads all of them.
"Hello, \($ARGS.positional[0] // "world")!"
