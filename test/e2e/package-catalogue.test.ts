/**
 * @module
 * The packages that come with Glovebox, each run from the PATH as the command that it is named after.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readIndex } from "../../src/packages/indexes.ts";
import { systemPath } from "../../src/service/environment.ts";
import { skipUnless } from "../helpers/require.ts";
import { openTestTerminal } from "../helpers/terminal.ts";
import { glovebox, program, temporaryFolder } from "./cli-fixture.ts";

const catalogue = join(program, "../../packages");
const names = readdirSync(catalogue).sort();
const folder = temporaryFolder();
const bin = join(folder.path, "bin");
const work = join(folder.path, "work");
const outerPath = [join(program, ".."), process.env["PATH"]].join(":");
const env = {
  ...process.env,
  XDG_STATE_HOME: join(folder.path, "state"),
  GLOVEBOX_NO_BUILD: "1",
  PATH: [bin, outerPath].join(":"),
};

/** What lies in the folder in which they run. */
const files: Readonly<Record<string, string>> = {
  "data.json": '{"a": [1, 2]}\n',
  "sub/page.xml": "<a><b>text</b></a>\n",
  "graph.dot": "digraph { a -> b }\n",
  "page.md": "# Title\n",
  "script.sh": "#!/bin/sh\necho $1\n",
  Makefile: "all:\n\t@echo made > made.txt; cat made.txt\n",
};

beforeAll(async () => {
  for (const each of [bin, work, join(work, "sub")]) mkdirSync(each);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text);
  for (const name of names) {
    const added = await glovebox(["package", "add", name, "-y", "--into", bin], { env });
    expect(added).toMatchObject({ exitCode: 0 });
  }
});
afterAll(() => {
  folder.remove();
});

interface Use {
  readonly line: string;
  readonly stdin?: string;
  readonly stdout: string | RegExp;
  readonly exitCode?: number;
  /** Default: nothing. */
  readonly stderr?: RegExp;
}

/** Lines of a shell, as people write them: files by relative paths, pipes, exit codes. */
const uses: Readonly<Record<string, Use>> = {
  bc: { line: "bc", stdin: "2^100\n", stdout: "1267650600228229401496703205376\n" },
  convert: {
    line: "convert -size 2x1 xc:red sub/red.ppm && convert sub/red.ppm png:- | head -c 4 | tail -c 3",
    stdout: "PNG",
  },
  curl: { line: "curl --silent file:///workspace/data.json", stdout: files["data.json"] ?? "" },
  dot: { line: "dot -Tsvg -o graph.svg graph.dot && grep -c '<svg' graph.svg", stdout: "1\n" },
  ffmpeg: {
    line: "ffmpeg -v error -f lavfi -i sine=duration=0.1 tone.wav && head -c 4 tone.wav",
    stdout: "RIFF",
  },
  git: {
    line: "git init -q -b main repo && cd repo && echo a > a && git add a && git -c user.name=a -c user.email=a@b commit -qm one && git log --format=%s",
    stdout: "one\n",
    stderr: /other programs of yours act on that/,
  },
  jq: { line: "jq -c .a data.json; echo '{}' | jq -e .a; echo $?", stdout: "[1,2]\nnull\n1\n" },
  make: { line: "make && cat made.txt", stdout: "made\nmade\n" },
  nodejs: {
    line: "nodejs -e 'console.log(process.argv[1]); process.exit(3)' x",
    stdout: "x\n",
    exitCode: 3,
  },
  pandoc: {
    line: "pandoc -t html page.md -o page.html && cat page.html",
    stdout: /^<h1.*>Title<\/h1>/,
  },
  pdftotext: { line: "pdftotext hello.pdf - | head -n 1", stdout: "Hello\n", stderr: /XRef/ },
  perl: { line: "perl -ne 'print scalar reverse' sub/page.xml", stdout: /\n?>a\/<>b\/<txet>b<>a</ },
  python3: {
    line: "python3 -c 'import sys; print(sys.argv[1:]); sys.exit(4)' a b",
    stdout: "['a', 'b']\n",
    exitCode: 4,
  },
  qpdf: {
    line: "qpdf --empty new.pdf && qpdf --check new.pdf | grep -c 'No syntax'",
    stdout: "1\n",
  },
  rg: { line: "rg --no-heading -n text sub", stdout: "sub/page.xml:1:<a><b>text</b></a>\n" },
  ruby: { line: "ruby -e 'puts ARGF.read.upcase' data.json", stdout: '{"A": [1, 2]}\n' },
  shellcheck: { line: "shellcheck -f gcc script.sh", stdout: /SC2086/, exitCode: 1 },
  sqlite3: {
    line: "sqlite3 a.db 'create table t(x); insert into t values (42)' && sqlite3 a.db 'select x from t'",
    stdout: "42\n",
  },
  tree: { line: "tree --noreport sub", stdout: /page\.xml/ },
  unzip: { line: "zip -q a.zip data.json && unzip -p a.zip", stdout: files["data.json"] ?? "" },
  wget: { line: "wget --version | head -n 1", stdout: /^GNU Wget/ },
  xmllint: { line: "xmllint --xpath 'string(//b)' sub/page.xml", stdout: /^text/ },
  zip: { line: "zip -q - data.json | head -c 2", stdout: "PK" },
};

const isHere = (name: string): boolean =>
  systemPath.split(":").some((each) => existsSync(join(each, name === "nodejs" ? "node" : name)));
const lacking = names.filter((name) => !isHere(name));
skipUnless("packages", lacking.length === 0 ? undefined : `this host has no ${lacking.join(", ")}`);

test("there are at least twenty, and each is used here", () => {
  const { packages, faults } = readIndex(catalogue, "own");
  expect(faults).toEqual([]);
  expect(packages.map(({ package: { name } }) => name).sort()).toEqual(names);
  expect(names.length).toBeGreaterThanOrEqual(20);
  expect(Object.keys(uses).sort()).toEqual(names);
  for (const each of packages) {
    expect(each.package.debian).not.toEqual([]);
    expect(each.package.description).not.toBe("");
  }
});

describe("each runs from the PATH", () => {
  test.each(names)("%s", (name) => {
    const {
      line,
      stdin = "",
      stdout,
      stderr = /^$/,
      exitCode = 0,
    } = uses[name] ?? { line: "", stdout: "" };
    if (name === "pdftotext") writeFileSync(join(work, "hello.pdf"), helloPdf());
    const told = spawnSync("bash", ["-c", line], {
      cwd: work,
      env,
      input: stdin,
      encoding: "utf8",
    });
    if (lacking.includes(name)) {
      expect(told.stderr).toContain("Install it: apt-get install");
      return;
    }
    expect(told.stdout).toEqual(
      typeof stdout === "string" ? stdout : (expect.stringMatching(stdout) as string),
    );
    expect([told.status, told.stderr]).toEqual([exitCode, expect.stringMatching(stderr)]);
  });
});

test("an interpreter has the terminal: prompt, keys, its end", async () => {
  const terminal = openTestTerminal([join(bin, "python3")], {
    env: { ...env, PATH: outerPath },
    cwd: work,
  });
  await terminal.until(">>> ");
  terminal.type("import os; print(os.getcwd(), 6 * 7)\r");
  await terminal.until("/workspace 42");
  // Between two prompts the terminal is its usual self, to which the key is another one.
  await terminal.until(">>> ");
  terminal.type("\u0004");
  expect(await terminal.ended).toBe(0);
});

test("they are where `package add` looks for them, and unchanged", () => {
  for (const name of names) {
    const [own, installed] = [catalogue, bin].map((each) => readFileSync(join(each, name), "utf8"));
    expect(installed).toBe(own);
  }
  copyFileSync(join(catalogue, "jq"), join(work, "own-jq"));
  execFileSync("chmod", ["+x", join(work, "own-jq")]);
  const told = spawnSync(join(work, "own-jq"), ["-c", ".a", "data.json"], {
    cwd: work,
    env,
    encoding: "utf8",
  });
  expect(told.stdout).toBe(isHere("jq") ? "[1,2]\n" : "");
});

/** The smallest document with a word in it. */
function helloPdf(): string {
  const stream = "BT /F1 24 Tf 10 50 Td (Hello) Tj ET";
  return `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length ${stream.length}>>stream
${stream}
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
`;
}
