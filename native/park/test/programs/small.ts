/**
 * @module
 * Programs for Tcl and Scheme.
 */
import type { Program } from "./program.ts";

export const tcl: readonly Program[] = [
  { name: "hello", code: `puts "Hello, world!"` },
  {
    name: "stdin",
    code: `while {[gets stdin l] >= 0} { puts [string toupper $l] }`,
    stdin: "a\nb",
  },
  { name: "exit code", code: `puts -nonewline x; exit 42` },
  { name: "error", code: `proc f {} { error bad }\nf` },
  {
    name: "names",
    code: `puts "$argv0 $argc $argv [info script] [pwd] $tcl_interactive [lsort [info globals]]"`,
    args: ["two words", "", "-x"],
  },
  {
    name: "environment",
    code: `puts [lsort [array get env]]; flush stdout; puts [exec sh -c "env; ls /proc/self/fd"]`,
  },
  {
    name: "encodings",
    code: `puts [string length "z\u00f6lf"]; puts "z\u00f6lf [encoding system]"`,
  },
  { name: "after", code: `after 10 { puts later; set done 1 }; vwait done` },
];

export const scheme: readonly Program[] = [
  { name: "hello", code: `(display "Hello, world!") (newline)` },
  {
    name: "stdin",
    code: `(use-modules (ice-9 rdelim)) (let loop ((l (read-line))) (if (not (eof-object? l)) (begin (display (string-upcase l)) (newline) (loop (read-line)))))`,
    stdin: "a\nb",
  },
  { name: "exit code", code: `(display "x") (exit 42)` },
  { name: "error", code: `(define (f) (error "bad" 1))\n(f)` },
  {
    name: "names",
    code: `(write (command-line)) (write (getcwd)) (write (current-filename))`,
    args: ["two words", "-x"],
  },
  {
    name: "environment",
    code: `(write (sort (environ) string<?)) (force-output) (system "env; ls /proc/self/fd")`,
  },
  {
    name: "threads",
    code: `(use-modules (ice-9 threads)) (write (join-thread (call-with-new-thread (lambda () 42))))`,
  },
];
