(defun greet (name)
  (format t "Hello, ~a!~%" name))

(greet (or (second sb-ext:*posix-argv*) "world"))
