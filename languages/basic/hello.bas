name$ = "world"
if peek("arguments") > 0 name$ = peek$("argument")
print "Hello, ", name$, "!"
