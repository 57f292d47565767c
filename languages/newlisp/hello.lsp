(define (greet name)
  (println "Hello, " name "!"))

(greet (or (main-args 2) "world"))
