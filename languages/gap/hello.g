greet := name -> Concatenation("Hello, ", name, "!\n");;
Print(greet("world"));
