/* arg() is the number of arguments. */
name = 'world'
if arg() > 0 then name = arg(1)
say 'Hello,' name'!'
