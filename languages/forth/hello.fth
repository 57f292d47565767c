: who ( -- addr u )
  next-arg dup 0= if 2drop s" world" then ;

.( Hello, ) who type .( !) cr
