;;; -*- lexical-binding: t -*-
(let ((name (or (car argv) "world")))
  (princ (format "Hello, %s!\n" name)))
