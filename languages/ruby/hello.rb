name = ARGV.fetch(0, "world")
puts "Hello, #{name}!"
