/**
 * @module
 * Programs for Perl.
 */
import type { Program } from "./program.ts";

export const perl: readonly Program[] = [
  { name: "hello", code: `print "Hello, world!\\n";` },
  { name: "nothing", code: "" },
  { name: "a #! line", code: `#!/usr/bin/perl -w\nprint "x" . undef, $^W, "\\n";` },
  { name: "stdin", code: `while (<STDIN>) { print uc }`, stdin: "a\nb" },
  { name: "exit code", code: `print "x"; exit 42;` },
  { name: "die", code: `use strict; use warnings;\nsub f { die "bad" }\nf();` },
  {
    name: "names",
    code: `print join("|", $0, __FILE__, __LINE__, __PACKAGE__, @ARGV, time - $^T < 2, $^X, $^O), "\\n"; print join(",", sort keys %INC), join(",", @INC), join(",", sort keys %main::), "\\n";`,
    args: ["two words", "", "-x"],
  },
  {
    name: "environment",
    code: `print map { "$_=$ENV{$_}\\n" } sort keys %ENV; open F, "/proc/self/environ"; print <F>; close F; $| = 1; print ""; system "env; ls /proc/self/fd";`,
  },
  {
    name: "at the end",
    code: `package A; sub new { bless {n => $_[1]} } sub DESTROY { print "destroy $_[0]{n}\\n" } package main; our $g = A->new("global"); my $l = A->new("my"); END { print "END $?\\n" } BEGIN { print "BEGIN\\n" } print "x";`,
  },
  { name: "__DATA__", code: `print while <DATA>;\n__DATA__\nsome\ndata` },
  { name: "SIGTERM", code: `$| = 1; print "x"; kill TERM => $$; sleep 1;` },
  {
    name: "signals",
    code: `$SIG{ALRM} = sub { print "alarm\\n" }; alarm 1; sleep 3; print join(",", map { defined $SIG{$_} ? 1 : 0 } qw(INT PIPE TERM)), "\\n";`,
  },
  {
    name: "fork",
    code: `$| = 1; my $pid = fork; if (!$pid) { print "child\\n"; exit 3 } waitpid $pid, 0; print $? >> 8, \`echo sub\`, "\\n";`,
  },
  {
    name: "modules",
    code: {
      "main.pl": `use lib "."; use List::Util qw(sum); use POSIX qw(floor); use Mine; print sum(1, 2), floor(2.5), Mine::x(), "\\n"`,
      "Mine.pm": `package Mine; sub x { "mine" } 1;`,
    },
  },
  { name: "syntax error", code: `print "x";\nif (1 {\n` },
  {
    name: "recursion",
    code: `no warnings; sub f { $_[0] ? 1 + f($_[0] - 1) : 0 } print f(50000), "\\n";`,
  },
  {
    name: "encodings",
    code: `use utf8; binmode STDOUT, ":utf8"; print length("z\u00f6lf"), "z\u00f6lf \${^UNICODE} $]\\n";`,
  },
];
