[name = "world"] = process.argv[2..]
console.log "Hello, #{name}!"
