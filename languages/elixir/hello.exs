name = List.first(System.argv(), "world")
IO.puts("Hello, #{name}!")
