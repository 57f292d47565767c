def name = args ? args[0] : 'world'
println "Hello, $name!"
