/**
 * @module
 * Programs for PHP.
 */
import type { Program } from "./program.ts";

export const php: readonly Program[] = [
  { name: "hello", code: `<?php echo "Hello, world!\\n";` },
  { name: "no tag", code: `text\n` },
  { name: "a #! line", code: `#!/usr/bin/php\n<?php echo __LINE__;` },
  {
    name: "stdin",
    code: `<?php while (($l = fgets(STDIN)) !== false) echo strtoupper($l); echo file_get_contents("php://stdin");`,
    stdin: "a\nb",
  },
  { name: "exit code", code: `<?php echo "x"; exit(42);` },
  { name: "exception", code: `<?php function f() { throw new RuntimeException("bad"); }\nf();` },
  {
    name: "names",
    code: `<?php echo implode("|", [__FILE__, __LINE__, __DIR__, $argc, getcwd(), PHP_SAPI, PHP_BINARY]), "\\n"; print_r($argv); print_r(get_included_files()); print_r(array_keys(get_defined_vars())); var_dump(time() - $_SERVER["REQUEST_TIME"] < 2, $_SERVER["SCRIPT_NAME"]);`,
    args: ["two words", "", "-x"],
  },
  {
    name: "environment",
    code: `<?php $e = getenv(); ksort($e); print_r($e); echo file_get_contents("/proc/self/environ"); passthru("env; ls /proc/self/fd"); print_r(ini_get_all(null, false)); print_r(get_loaded_extensions());`,
  },
  {
    name: "at the end",
    code: `<?php class A { function __destruct() { echo "destruct\\n"; } } $a = new A; register_shutdown_function(function () { echo "shutdown\\n"; }); ob_start(); echo "buffered"; `,
  },
  {
    name: "streams",
    code: `<?php fwrite(STDERR, "err"); fwrite(STDOUT, "out"); echo "echo"; fclose(STDOUT); echo "lost";`,
  },
  { name: "SIGTERM", code: `<?php echo "x"; posix_kill(getmypid(), 15); sleep(1);` },
  {
    name: "child",
    code: `<?php echo shell_exec("echo sub"), getmypid() === posix_getpid() ? "same" : "other", "\\n";`,
  },
  {
    name: "include",
    code: {
      "main.php": `<?php require "lib/a.php"; echo A, mb_strlen("z\u00f6lf"), "\\n";`,
      "lib/a.php": `<?php const A = __FILE__;`,
    },
  },
  { name: "syntax error", code: `<?php\necho "x";\nif (1 {\n` },
  { name: "fatal error", code: `<?php nothing_such();` },
  { name: "warnings", code: `<?php echo $x; echo [1][2]; trigger_error("t");` },
  {
    name: "recursion",
    code: `<?php function f($n) { return $n ? 1 + f($n - 1) : 0; } echo f(20000);`,
  },
];
