(defun arguments ()
  (rest (member "--" (ext:command-args) :test #'string=)))

(format t "Hello, ~a!~%" (or (first (arguments)) "world"))
