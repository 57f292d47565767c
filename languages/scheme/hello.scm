(define name
  (let ((args (cdr (command-line))))
    (if (null? args) "world" (car args))))

(format #t "Hello, ~a!~%" name)
