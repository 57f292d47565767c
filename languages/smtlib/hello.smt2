(define-fun greeting () String (str.++ "Hello, " "world" "!"))
(assert (distinct greeting "Hello, world!"))
(echo "Hello, world!")
