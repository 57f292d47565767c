#lang racket

(define name
  (match (current-command-line-arguments)
    [(vector name _ ...) name]
    [_ "world"]))

(printf "Hello, ~a!\n" name)
