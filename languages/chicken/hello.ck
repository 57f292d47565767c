(import (chicken format) (chicken process-context))

(define name
  (let ((args (command-line-arguments)))
    (if (null? args) "world" (car args))))

(printf "Hello, ~a!~%" name)
