/**
 * @module
 * Programs for Ruby.
 */
import type { Program } from "./program.ts";

export const ruby: readonly Program[] = [
  { name: "hello", code: `puts "Hello, world!"` },
  { name: "one byte", code: "1" },
  { name: "a comment first", code: `# frozen_string_literal: true\np "a".frozen?, __LINE__` },
  { name: "a magic comment", code: `# encoding: ascii-8bit\np "\u00e9".encoding, __ENCODING__` },
  { name: "a blank first", code: ` \n\np __LINE__\nraise "x"` },
  { name: "letters of UTF-8 first", code: `\u00e9 = 1\np \u00e9, __LINE__` },
  { name: "a mark of UTF-8 first", code: `\ufeffputs "x"` },
  { name: "=begin first", code: `=begin\nno\n=end\nputs "x"` },
  {
    name: "__END__",
    code: `p DATA.read, DATA.pos, DATA.lineno\nDATA.rewind\np DATA.gets\n__END__\nsome\ndata\n`,
  },
  { name: "stdin", code: `STDIN.each_line { |l| puts l.upcase }\np gets`, stdin: "a\nb\n" },
  { name: "exit code", code: `print "x"\nexit 42` },
  { name: "abort", code: `abort "why"` },
  {
    name: "exception",
    code: `def f(x) = 1 / x\nbegin\n  f(0)\nrescue => e\n  raise ArgumentError, "bad"\nend`,
  },
  { name: "a mistake that is underlined", code: `nil.upcase` },
  { name: "did you mean", code: `[].lenght` },
  {
    name: "names",
    code: `p __FILE__, $0, $PROGRAM_NAME, __dir__, __method__, ARGV, Dir.pwd, caller, self, binding.local_variables, $;, $,`,
    args: ["two words", "", "-x"],
  },
  {
    name: "environment",
    code: `p ENV.to_h.sort, File.binread("/proc/self/environ")\nSTDOUT.flush\nsystem "env; ls /proc/self/fd"`,
  },
  {
    name: "open files",
    code: `p Dir.children("/proc/self/fd").sort_by(&:to_i)`,
  },
  {
    name: "loaded",
    code: `p $LOADED_FEATURES, $LOAD_PATH, Object.constants.sort, global_variables.sort, Gem::VERSION`,
  },
  {
    name: "at the end",
    code: `at_exit { puts "bye" }\nclass A; end\nObjectSpace.define_finalizer(A.new, proc { puts "final" })\nEND { puts "END" }\nprint "x"`,
  },
  { name: "SIGTERM", code: `STDOUT.sync = true\nputs "x"\nProcess.kill :TERM, $$\nsleep 1` },
  {
    name: "signals",
    code: `trap(:USR1) { puts "usr1" }\nProcess.kill :USR1, $$\nsleep 0.05\np trap(:INT, "DEFAULT"), Signal.list.size\nProcess.kill :INT, $$\nsleep 1`,
  },
  {
    name: "threads",
    code: `p Thread.list.size, Thread.current == Thread.main\nq = Queue.new\nThread.new { sleep 0.01; q << 1 }\np q.pop, (1..4).map { |i| Thread.new { i * i } }.map(&:value)`,
  },
  {
    name: "timeout",
    code: `require "timeout"\nbegin\n  Timeout.timeout(0.05) { sleep }\nrescue Timeout::Error => e\n  p e.class\nend`,
  },
  {
    name: "fork",
    code: `pid = fork { puts "child"; exit 3 }\nProcess.wait pid\np $?.exitstatus, Process.pid == $$, Process.ppid.class\nputs \`echo sub\``,
  },
  {
    name: "requires",
    code: {
      "main.rb": `require "json"\nrequire "set"\nrequire_relative "lib/a"\nputs JSON.generate(a: A), Set[1].inspect`,
      "lib/a.rb": `A = __FILE__ != $0`,
    },
  },
  { name: "syntax error", code: `puts "x"\ndef f(\n` },
  {
    name: "recursion",
    code: `def f(n) = f(n + 1)\nbegin\n  f 0\nrescue SystemStackError => e\n  p e.message\nend`,
  },
  {
    name: "encodings",
    code: `p Encoding.default_external, Encoding.default_internal, "z\u00f6lf".length, $stdout.external_encoding, $VERBOSE, $DEBUG, $stdout.sync`,
  },
];
