/**
 * @module
 * Programs for the shells.
 */
import type { Program } from "./program.ts";

export const shell: readonly Program[] = [
  { name: "hello", code: `echo Hello, world!` },
  { name: "nothing", code: "" },
  { name: "a #! line", code: `#!/bin/sh -e\necho x\nfalse\necho y` },
  { name: "stdin", code: `while read -r l; do echo "<$l>"; done\ncat`, stdin: "a\nb\nc" },
  { name: "exit code", code: `printf x; exit 42` },
  {
    name: "names",
    code: `echo "$0|$#|$*|$-|$PWD|$OLDPWD|$PATH|$IFS|$OPTIND|$PS4"; for a; do echo "<$a>"; done; [ $$ = "$(sh -c 'echo $PPID')" ] && echo own`,
    args: ["two words", "", "-x"],
  },
  {
    name: "environment",
    code: `env | sort; export -p; cat /proc/$$/environ | tr '\\0' '\\n'; set | grep -v -e PPID -e PID -e RANDOM -e SECONDS -e EPOCH -e '^_=' -e BASH_ARGV; ls /proc/$$/fd /proc/self/fd`,
  },
  {
    name: "traps",
    code: `trap 'echo bye $?' EXIT; trap 'echo usr1' USR1; kill -USR1 $$; trap; echo x; exit 3`,
  },
  { name: "SIGTERM", code: `echo x; kill -TERM $$; sleep 1` },
  { name: "SIGINT", code: `echo x; kill -INT $$; sleep 1` },
  {
    name: "pipes",
    code: `seq 3 | while read x; do echo $x; done | tac; echo $(( $(echo 1) + 1 )); (exit 3); echo $?; sleep 0.05 & wait $!; echo $?`,
  },
  { name: "a broken pipe", code: `yes | head -1; echo $?` },
  {
    name: "files",
    code: {
      "main.sh": `. ./lib.sh; f; cat < data.txt; ls`,
      "lib.sh": `f() { echo f; }`,
      "data.txt": "data\n",
    },
  },
  { name: "syntax error", code: `echo x\nif true; then\n` },
  { name: "missing command", code: `no-such-command; echo $?; ./nothing; echo $?` },
  { name: "set -eu", code: `set -eu; echo x; echo "$missing"` },
  {
    name: "a function that calls itself",
    code: `f() { [ $1 = 0 ] || f $(($1 - 1)); }; f 200; echo done`,
  },
  { name: "the text after exit", code: `echo x\nexit\n)( not shell` },
  { name: "the rest of the file as input", code: `cat <<X\nhere $0\nX\n` },
];

export const bash: readonly Program[] = [
  ...shell,
  {
    name: "of Bash",
    code: `echo $BASH_SOURCE $LINENO $FUNCNAME $SHLVL $SECONDS $BASHOPTS $SHELLOPTS $BASH_SUBSHELL; [ $$ = $BASHPID ] && echo same; caller; declare -A m=([a]=1); echo \${m[a]}; echo <(:) ; mapfile -t l < <(seq 3); echo \${l[@]}; jobs; times | wc -l`,
  },
  { name: "job control", code: `set -m; sleep 0.05 & jobs; wait; echo done; fg` },
];
