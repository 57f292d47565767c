(define (greet (name "world"))
  (println "Hello, " name "!"))

(greet (main-args 2))
