import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestShell } from "./test-host.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-shell-test-"));
  writeFileSync(join(folder, "a.txt"), "one\ntwo\nthree\n");
  writeFileSync(join(folder, "b c.txt"), "four\n");
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "sub/.hidden"), "h\n");
  writeFileSync(join(folder, "sub/x1"), "x\n");
  writeFileSync(join(folder, "sub/x2"), "y\n");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What bash 5 itself makes of the same line is what is expected. */
const lines: readonly string[] = [
  "echo hello",
  `echo "a  b"  'c  d' e\\ f`,
  `echo $'tab\\there' "quote\\"d" '$HOME' \\$HOME`,
  `X=1; Y="$X 2"; printf '<%s>' $Y; printf '<%s>' "$Y"`,
  `echo \${X:-default} \${X-unset} "\${X:+set}" \${#PWD}`,
  `X=abc.tar.gz; echo \${X%.*} \${X%%.*} \${X#*.} \${X##*.} \${#X}`,
  `X=/usr/local/bin; echo \${X##*/} \${X%/*}`,
  `: \${NEW:=given}; echo $NEW`,
  `printf '<%s>' "$@" $# $1 "\${@}"`,
  `printf '<%s>' $*; printf '<%s>' "$*"`,
  `X=; printf '<%s>' $X "$X" a$X`,
  `X=' a  b '; printf '<%s>' $X; printf '<%s>' x$X'y'`,
  `IFS=:; X=a:b::c; printf '<%s>' $X`,
  `echo *.txt`,
  `echo "*.txt" \\*.txt '*'.txt`,
  `echo sub/* sub/.* */x? sub/x[12] sub/x[!1] nothing*`,
  `X='*.txt'; echo $X "$X"`,
  `echo {a,b}{1,2} pre{x,y}post {1..5} {a..e..2} {3..1} {01..03} {single} "{a,b}" $HOME{a}`,
  `echo $((1 + 2 * 3)) $(( (1+2)*3 )) $((7/2)) $((-7%3)) $((2**10)) $((5>3)) $((1?2:3))`,
  `i=5; echo $((i++)) $i $((++i)) $((i+=10)) $i $((010)) $((0x1f))`,
  `echo $(echo inner) "$(printf 'a\\nb\\n\\n')" \`echo back\``,
  `echo $(echo "$(echo "deep er")")`,
  `X=$(false); echo $?`,
  `true && echo yes || echo no`,
  `false && echo yes || echo no`,
  `false || false || echo third; echo $?`,
  `! true; echo $?; ! false; echo $?`,
  `cat a.txt | sort | head -n 1`,
  `cat a.txt | tr a-z A-Z | while read line; do echo "<$line>"; done`,
  `false | true; echo $?; set -o pipefail; false | true; echo $?`,
  `yes | head -n 2; echo $?`,
  `set -o pipefail; yes | head -n 1; echo $?`,
  `echo out > f; echo more >> f; cat < f; wc -l < f`,
  `ls nothing 2> err; wc -l < err`,
  `ls nothing a.txt > both 2>&1; wc -l < both`,
  `ls nothing a.txt 2>&1 > /dev/null | wc -l`,
  `ls nothing a.txt &> all; wc -l < all; ls nothing &>> all; wc -l < all`,
  `{ echo o; echo e >&2; } 2>/dev/null`,
  `echo x | cat - a.txt`,
  `cat <<E\nhello $1 $((1+1)) \\$x\n$(echo sub)\nE`,
  `cat <<'E'\nno $1 $((1+1))\nE`,
  `cat <<-E\n\ttab $1\n\t\tend\n\tE`,
  `cat <<< "here $1"`,
  `cat <<A; cat <<B\nfirst\nA\nsecond\nB`,
  `cat 3< a.txt <&3`,
  `echo swap 3>&1 1>&2 2>&3`,
  `for i in 1 2 3; do echo $i; done`,
  `if [ -f a.txt ]; then echo there; else echo no; fi`,
  `case $1 in f*) echo f;; *) echo other;; esac`,
  `(cd sub; ls); ls | head -n 1`,
  `f() { echo "f $1 $#"; }; f a b; f | cat`,
  `X=5; f() { echo $X; }; f`,
  `cd sub; ls; cd ..; ls sub`,
  `A=1 env | grep ^A=; echo "\${A-gone}"`,
  `export B=2; env | grep ^B=`,
  `C=3; env | grep -c ^C=`,
  `[[ abc == a* ]] && echo matches`,
  `X=abc; echo \${X^^} \${X:1} \${X/b/-}`,
  `echo a; echo b & wait; echo c`,
  `echo "multi\nline"`,
  `echo one \\\n two`,
  `# only a comment`,
  `echo a # comment`,
  ``,
  `echo ~someone ~/x "~" a~`,
  `set -e; false; echo not reached`,
  `set -e; false || true; echo reached; ! true; echo too`,
  `exit 7; echo no`,
  `true; (exit 3); echo $?`,
  `echo "\${1:-x}" "\${9:-none}" \${#}`,
  `echo a{b,c}"d e"{f,g}`,
  `X="a b"; echo {$X,c}`,
  `printf '%s\\n' "a'b" 'c"d'`,
  `X=a; X+=b; echo $X`,
  `echo "$(cat <<E\nin $1\nE\n)"`,
  `echo $(for i in 1 2; do echo $i; done) | tr ' ' -`,
  `a=1 b=2; echo $a$b; a= ; echo "[$a]"`,
  `echo '$(no)' \\$\\(no\\)`,
  `echo "a\\\\b" 'a\\b' a\\\\b`,
  `echo \\'x\\' "it's" 'say "hi"'`,
  `unset NOPE; echo "[\${NOPE}]" "\${NOPE:-\${1}}" "\${NOPE:-a b}" \${NOPE:-a   b}`,
  `echo "\${NOPE:-"quoted"}"`,
  `printf '<%s>' "$@"x y"$@"`,
  `printf '<%s>' "" '' $NOPE "$NOPE"`,
  `echo $? ; false; echo $?$?`,
  `echo a;echo b&&echo c||echo d;echo e`,
  `true && false || echo x && echo y`,
  `cat < a.txt | cat > copy; cat copy`,
  `> made; ls made; wc -c < made`,
  `cat nothing < a.txt 2>/dev/null; echo $?`,
  `wc -l < "b c.txt"; cat b\\ c.txt`,
  `echo "*"; echo '[a'; echo [a; echo a.[t]xt; echo [[:lower:]].txt`,
  `echo ./*.txt; echo sub//x1; echo */`,
  `echo {1..10..3} {a,b,}x {,y}z`,
  `seq 3 | { read a; echo "got $a"; cat; }`,
  `while false; do :; done; echo $?`,
  `function g { echo g$1; }; g 1; g 2 | cat`,
  `echo $(( 5 % 3 )) $(( ~5 )) $(( !0 )) $(( 6 & 3 | 8 ^ 1 )) $(( 1 << 4 ))`,
  `X=3; echo $((X * X)) $(($X+1)) "$((X))a"`,
  `diff <(echo a) <(echo a) && echo same`,
  `time -p true 2>/dev/null; echo $?`,
];

test.each(lines)("does what bash does: %j", { timeout: 30_000 }, async (line) => {
  const args = ["first arg", "second"];
  const other = mkdtempSync(join(tmpdir(), "glovebox-shell-test-"));
  try {
    execFileSync("cp", ["-r", `${folder}/.`, other]);
    const shell = openTestShell({ folder, args, inherited: { HOME: "/home/somebody" } });
    const before = process.cwd();
    const ours = await shell.run(line);
    process.chdir(before);
    const theirs = runBash(line, args, other);
    expect({ status: ours.status, stdout: ours.stdout }).toEqual(theirs);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});

function runBash(line: string, args: readonly string[], cwd: string) {
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", HOME: "/home/somebody" };
  try {
    const options = {
      cwd,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"] as ("ignore" | "pipe")[],
    } as const;
    return { status: 0, stdout: execFileSync("bash", ["-c", line, "test", ...args], options) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { status, stdout };
  }
}
