set name [expr {$argc > 0 ? [lindex $argv 0] : "world"}]
puts "Hello, $name!"
