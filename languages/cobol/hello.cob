identification division.
program-id. hello.
data division.
working-storage section.
01 name pic x(80) value "world".
procedure division.
    accept name from argument-value
        on exception continue
    end-accept
    display "Hello, " function trim(name) "!"
    stop run.
