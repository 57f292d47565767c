/**
 * @module
 * Programs whose folders say what they need: installed from real registries on this machine's loopback.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findProgram } from "../helpers/find-program.ts";
import { goModule, integrityOf, npmPackage, wheel } from "../helpers/registries/packages.ts";
import { cargoIndex, composerRepository, gemIndex } from "../helpers/registries/static-packages.ts";
import { servePackages, type PackageRegistry } from "../helpers/registries/serve.ts";
import { skipUnless } from "../helpers/require.ts";
import {
  glovebox,
  linuxGap,
  resultOf,
  startCli,
  temporaryFolder,
  type CliResult,
} from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap()) ?? skipUnless("fuse", undefined);
const hasPip = existsSync("/usr/lib/python3/dist-packages/pip");
const pipGap = gap ?? skipUnless("packages", hasPip ? undefined : "python3-pip is not installed");
const npmGap = gap ?? (findProgram("npm") === undefined ? "npm is not installed" : undefined);

const missing = (program: string, debian: string): string | undefined =>
  skipUnless(
    "packages",
    findProgram(program) === undefined ? `${debian} is not installed` : undefined,
  );

const folder = temporaryFolder();
const pads = npmPackage("pads", "1.2.0", { "index.js": "module.exports = (t) => `[${t}]`;\n" });
let registry: PackageRegistry;
/** A fresh one for each test. */
let work: string;
let cache: string;
let tests = 0;
beforeAll(async () => {
  registry = await servePackages({
    python: {
      greeter: {
        "greeter-1.0-py3-none-any.whl": wheel(
          "greeter",
          "1.0",
          {
            "greeter/__init__.py": "import words\nhi = lambda name: words.hello + name\n",
          },
          ["words"],
        ),
      },
      words: {
        "words-2.1-py3-none-any.whl": wheel("words", "2.1", {
          "words.py": 'hello = "hello "\n',
          "words-2.1.data/scripts/say-words": "#!python\nimport words; print(words.hello)\n",
        }),
      },
    },
    go: [
      goModule("example.com/greet", "v1.0.0", {
        "greet.go": 'package greet\n\nfunc Hi(name string) string { return "hi " + name }\n',
      }),
    ],
    npm: [pads, npmPackage("pads", "9.0.0", { "index.js": "" })],
    files: {
      ...gemIndex("/gem/", [
        {
          ...{ name: "pads", version: "1.2.0" },
          files: { "lib/pads.rb": 'module Pads; def self.pad(t) = "[#{t}]"; end\n' },
        },
      ]),
      ...composerRepository(
        "/composer/",
        "acme/pads",
        "1.2.0",
        {
          "src/Pads.php":
            '<?php\nnamespace Acme;\nclass Pads { static function pad($t) { return "[$t]"; } }\n',
        },
        { autoload: { "psr-4": { "Acme\\": "src/" } } },
      ),
      ...cargoIndex("/cargo/", "pads", "1.2.0", {
        "src/lib.rs": 'pub fn pad(t: &str) -> String { format!("[{}]", t) }\n',
      }),
    },
  });
});
beforeEach(() => {
  registry.become("well");
  work = join(folder.path, `work${++tests}`);
  cache = join(folder.path, `cache${tests}`);
  mkdirSync(work);
  mkdirSync(cache);
});
afterAll(() => {
  registry.stop();
  folder.remove();
});

const put = (name: string, text: string): void => {
  writeFileSync(join(work, name), text);
};
const env = (): Record<string, string> => ({
  XDG_CACHE_HOME: cache,
  GLOVEBOX_REGISTRY_PIP: registry.pip,
  GLOVEBOX_REGISTRY_NPM: registry.npm,
  GLOVEBOX_REGISTRY_GO: registry.go,
  GLOVEBOX_REGISTRY_GEM: `${registry.base}gem/`,
  GLOVEBOX_REGISTRY_COMPOSER: `${registry.base}composer/`,
  GLOVEBOX_REGISTRY_CARGO: `${registry.base}cargo/`,
});
const run = (...args: readonly string[]): Promise<CliResult> =>
  glovebox(["run", "--network", "none", "--files", "none", ...args], { cwd: work, env: env() });
const kept = (): readonly string[] => {
  const place = join(cache, "glovebox/dependencies");
  return existsSync(place) ? readdirSync(place) : [];
};

describe.skipIf(pipGap !== undefined)(`Python ${pipGap ?? ""}`, () => {
  const program = 'import greeter\nprint(greeter.hi("you"))\n';

  test("requirements.txt is installed once, with what it needs itself", async () => {
    put("requirements.txt", "greeter==1.0\n");
    put("main.py", program);
    const first = await run("main.py");
    expect(first).toMatchObject({ exitCode: 0, stdout: "hello you\n" });
    expect(first.stderr).toContain("installing what requirements.txt declares");
    const before = registry.asked.length;
    expect(await run("main.py")).toMatchObject({ exitCode: 0, stdout: "hello you\n", stderr: "" });
    expect(registry.asked.length).toBe(before);
    expect(kept()).toHaveLength(1);
    put("requirements.txt", "words\n");
    expect(await run("main.py")).toMatchObject({ exitCode: 1 });
    expect(kept()).toHaveLength(2);
  });

  test("so is what a script says of itself, and what pyproject.toml says", async () => {
    put(
      "alone.py",
      `# /// script\n# requires-python = ">=3.8"\n# dependencies = [\n#   "greeter",\n# ]\n# ///\n${program}`,
    );
    expect(await run("alone.py")).toMatchObject({ exitCode: 0, stdout: "hello you\n" });
    put(
      "pyproject.toml",
      '[project]\nname = "a"\nversion = "1"\ndependencies = ["greeter >= 1"]\n',
    );
    put("main.py", program);
    expect(await run("main.py")).toMatchObject({ exitCode: 0, stdout: "hello you\n" });
  });

  test("a command of the folder has it, and its programs", async () => {
    put("requirements.txt", "words\n");
    expect(await run("--", "python3", "-c", "import words; print(words.__file__)")).toMatchObject({
      stdout: "/opt/glovebox/dependencies/pip/words.py\n",
    });
    expect(
      await run("--", "python3", "-c", 'import subprocess; print(subprocess.run("say-words"))'),
    ).toMatchObject({
      stdout: expect.stringContaining("hello") as string,
    });
  });

  test("the run itself stays without network, and can't change what was installed", async () => {
    put("requirements.txt", "words\n");
    put(
      "main.py",
      `import words, socket, errno
try: open(words.__file__, "a")
except OSError as error: print(error.errno in (errno.EROFS, errno.EACCES))
try: socket.create_connection(("127.0.0.1", ${new URL(registry.pip).port}), 2)
except OSError as error: print(error.strerror)
`,
    );
    expect(await run("main.py")).toMatchObject({
      stdout: "True\nConnection refused\n",
    });
  });

  test("--no-dependencies leaves it out, --explain shows it", async () => {
    put("requirements.txt", "words\n");
    put("main.py", "import words\n");
    const told = await run("--no-dependencies", "main.py");
    expect(told.stderr).toContain("No module named 'words'");
    expect((await run("--explain", "main.py")).stdout).toContain("200    dependencies/pip/deploy");
    expect(kept()).toEqual([]);
  });

  test.each([
    [
      "what no registry has",
      "no-such-thing==1\n",
      /No matching distribution found for no-such-thing/,
    ],
    ["another place", "--index-url http://192.0.2.1/simple\nwords\n", /could not be installed/],
    ["a file that is not there", "-r other.txt\n", /other.txt/],
  ])(
    "%s is an error with the tool's own words, and nothing is kept",
    async (_, text, message) => {
      put("requirements.txt", text);
      put("main.py", "print('ran')\n");
      const told = await run("main.py");
      expect(told).toMatchObject({ exitCode: 125, stdout: "" });
      expect(told.stderr).toMatch(message);
      expect(kept()).toEqual([]);
    },
    60_000,
  );

  test.each([
    ["no TOML", "[project\n", "is not TOML"],
    ["no list", "[project]\ndependencies = 3\n", "must be a list"],
    ["an option of pip", '[project]\ndependencies = ["--pre"]\n', "is no requirement"],
    ["two lines in one", '[project]\ndependencies = ["a\\n--pre"]\n', "is no requirement"],
  ])("a pyproject.toml with %s is refused", async (_, text, message) => {
    put("pyproject.toml", text);
    put("main.py", "print('ran')\n");
    const told = await run("main.py");
    expect(told).toMatchObject({ exitCode: 2, stdout: "" });
    expect(told.stderr).toContain(message);
  });

  test("a manifest that is a link to another file is refused", async () => {
    symlinkSync("/etc/passwd", join(work, "requirements.txt"));
    put("main.py", "print('ran')\n");
    const told = await run("main.py");
    expect(told).toMatchObject({ exitCode: 2, stdout: "" });
    expect(told.stderr).toContain("it is a symbolic link");
  });

  test("a registry that says nothing can be given up by Ctrl-C; nothing is left", async () => {
    registry.become("silent");
    put("requirements.txt", "words\n");
    put("main.py", "print('ran')\n");
    const before = registry.asked.length;
    const child = startCli(["run", "--network", "none", "main.py"], { cwd: work, env: env() });
    while (registry.asked.length === before)
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    expect(await resultOf(child)).toMatchObject({ exitCode: 130, stdout: "" });
    expect(kept()).toEqual([]);
  });

  test("a registry that talks nonsense is an error", async () => {
    registry.become("garbage");
    put("requirements.txt", "words\n");
    put("main.py", "print('ran')\n");
    expect(await run("main.py")).toMatchObject({ exitCode: 125, stdout: "" });
    expect(kept()).toEqual([]);
  }, 60_000);
});

describe.skipIf(npmGap !== undefined)(`JavaScript ${npmGap ?? ""}`, () => {
  const manifest = JSON.stringify({
    name: "a",
    version: "1.0.0",
    dependencies: { pads: "^1.0.0" },
  });
  const lock = (integrity: string): string =>
    JSON.stringify({
      ...{ name: "a", version: "1.0.0", lockfileVersion: 3, requires: true },
      packages: {
        "": { name: "a", version: "1.0.0", dependencies: { pads: "^1.0.0" } },
        "node_modules/pads": {
          ...{
            version: "1.2.0",
            resolved: "https://registry.npmjs.org/pads/-/pads-1.2.0.tgz",
            integrity,
          },
        },
      },
    });

  test("package.json is installed, for require and for import", async () => {
    put("package.json", manifest);
    put("main.js", 'console.log(require("pads")("in"));\n');
    expect(await run("main.js")).toMatchObject({ exitCode: 0, stdout: "[in]\n" });
    put("main.mjs", 'import pads from "pads"; console.log(pads("esm"));\n');
    expect(await run("main.mjs")).toMatchObject({ exitCode: 0, stdout: "[esm]\n" });
    expect(kept()).toHaveLength(1);
  }, 60_000);

  test("a lock file is held to, wherever it was made", async () => {
    put("package.json", manifest);
    put("package-lock.json", lock(integrityOf(pads)));
    put("main.js", 'console.log(require("pads")("locked"));\n');
    expect(await run("main.js")).toMatchObject({ exitCode: 0, stdout: "[locked]\n" });
  }, 60_000);

  test("what does not match the lock file is not installed", async () => {
    put("package.json", manifest);
    put("package-lock.json", lock("sha512-AAAA"));
    put("main.js", "console.log('ran');\n");
    const told = await run("main.js");
    expect(told).toMatchObject({ exitCode: 125, stdout: "" });
    expect(told.stderr).toMatch(/EINTEGRITY|integrity/i);
    put("package.json", manifest.replace("^1.0.0", "^9.0.0"));
    put("package-lock.json", lock(integrityOf(pads)));
    const other = await run("main.js");
    expect(other).toMatchObject({ exitCode: 125, stdout: "" });
    expect(other.stderr).toMatch(/in sync|lock file/i);
    expect(kept()).toEqual([]);
  }, 60_000);
});

const goGap = gap ?? (findProgram("go") === undefined ? "go is not installed" : undefined);

describe.skipIf(goGap !== undefined)(`Go ${goGap ?? ""}`, () => {
  test("go.mod is downloaded, and compiled without the network", async () => {
    put("go.mod", "module main\n\ngo 1.19\n\nrequire example.com/greet v1.0.0\n");
    put(
      "main.go",
      'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/greet"\n)\n\nfunc main() { fmt.Println(greet.Hi("you")) }\n',
    );
    const told = await run("--memory", "2GiB", "main.go");
    expect(told).toMatchObject({ exitCode: 0, stdout: "hi you\n" });
    expect(await run("--memory", "2GiB", "main.go")).toMatchObject({ stdout: "hi you\n" });
    put("go.mod", "module main\n\nrequire example.com/none v1.0.0\n");
    expect(await run("main.go")).toMatchObject({ exitCode: 125, stdout: "" });
    expect(kept()).toHaveLength(1);
  }, 90_000);
});

const gemGap = gap ?? missing("bundle", "ruby-bundler");
const composerGap = gap ?? missing("composer", "composer") ?? missing("unzip", "unzip");
const cargoGap = gap ?? (existsSync("/usr/bin/cargo") ? undefined : "cargo is not installed");

test.skipIf(gemGap !== undefined)(
  `Ruby: a Gemfile is installed, and required as ever ${gemGap ?? ""}`,
  async () => {
    put("Gemfile", 'source "https://rubygems.org"\ngem "pads", "~> 1.0"\n');
    put("main.rb", 'require "pads"\nputs Pads.pad("gem")\n');
    const told = await run("main.rb");
    expect(told).toMatchObject({ exitCode: 0, stdout: "[gem]\n" });
    expect(await run("--", "ruby", "main.rb")).toMatchObject({ stdout: "[gem]\n", stderr: "" });
    put(
      "Gemfile.lock",
      "GEM\n  remote: https://rubygems.org/\n  specs:\n    pads (9.9.9)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  pads (~> 1.0)\n",
    );
    expect(await run("main.rb")).toMatchObject({ exitCode: 125, stdout: "" });
    expect(kept()).toHaveLength(1);
  },
  90_000,
);

test.skipIf(composerGap !== undefined)(
  `PHP: composer.json is installed, and its autoloader lies beside the program ${composerGap ?? ""}`,
  async () => {
    put("composer.json", '{"require": {"php": ">=7", "acme/pads": "^1.0"}}');
    put(
      "main.php",
      "<?php\nrequire __DIR__ . '/vendor/autoload.php';\necho Acme\\Pads::pad('php'), \"\\n\";\n",
    );
    const told = await run("main.php");
    expect(told).toMatchObject({ exitCode: 0, stdout: "[php]\n" });
    expect(await run("main.php")).toMatchObject({ stdout: "[php]\n", stderr: "" });
    put("composer.json", '{"require": {"acme/none": "^1.0"}}');
    expect(await run("main.php")).toMatchObject({ exitCode: 125, stdout: "" });
    expect(kept()).toHaveLength(1);
    expect(readdirSync(work).sort()).toEqual(["composer.json", "main.php"]);
  },
  90_000,
);

test.skipIf(cargoGap !== undefined)(
  `Rust: Cargo.toml is fetched, and compiled without the network ${cargoGap ?? ""}`,
  async () => {
    put(
      "Cargo.toml",
      '[package]\nname = "main"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\npads = "1"\n',
    );
    mkdirSync(join(work, "src"));
    put("src/main.rs", 'fn main() { println!("{}", pads::pad("rust")); }\n');
    const cargo = ["--memory", "2GiB", "--timeout", "60s", "--", "cargo", "run", "-q"];
    const told = await run("--workspace", ".:copy", "--discard", ...cargo);
    expect(told).toMatchObject({ exitCode: 0, stdout: "[rust]\n" });
    expect(kept()).toHaveLength(1);
  },
  90_000,
);

test.each([
  ["--registry", "maven=https://a.example", "`maven` is unknown"],
  ["--registry", "npm=ftp://a.example", "is no address of a registry"],
  ["--registry", "npm=https://me:pass@a.example", "is no address of a registry"],
])("%s %s is refused", async (flag, value, message) => {
  const told = await run(flag, value, "--", "true");
  expect(told.exitCode).toBe(2);
  expect(told.stderr).toContain(message);
});

test("files that killed runs were writing are no hindrance", () => {
  rmSync(cache, { recursive: true });
  expect(kept()).toEqual([]);
});
