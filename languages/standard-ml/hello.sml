fun greet name = "Hello, " ^ name ^ "!\n"

val () = print (greet "world")
