#!/usr/bin/env node
/**
 * @module
 * Compiles the launcher: one static program, so that it runs inside any root file system.
 * It is also part of the installed package, where it makes the launcher for a machine of another
 * architecture; it therefore uses nothing but Node and a C compiler.
 *
 *   node scripts/compile-launcher.mjs [--sanitize] [--strict] [OUTPUT]
 *
 * Beside it comes `OUTPUT-park.so`, where the compiler can make a library for this machine's own C library:
 * without it no program is started ahead.
 *
 * `--sanitize` links dynamically with AddressSanitizer and UndefinedBehaviorSanitizer, for tests.
 * `--strict` turns warnings into errors.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const packageRoot = fileURLToPath(new URL("..", import.meta.url));

/** Where the C sources are. */
export const launcherFolder = join(packageRoot, "native/launcher");

export const warningFlags = [
  "-Wall",
  "-Wextra",
  "-Wshadow",
  "-Wformat=2",
  "-Wstrict-prototypes",
  "-Wmissing-prototypes",
  "-Wpointer-arith",
  "-Wundef",
];

const commonFlags = ["-std=gnu11", "-D_GNU_SOURCE", "-pthread", ...warningFlags];

const staticFlags = [
  "-static",
  "-Os",
  "-fstack-protector-strong",
  "-ffunction-sections",
  "-fdata-sections",
  "-Wl,--gc-sections",
  "-Wl,-z,noexecstack",
  "-Wl,-z,relro,-z,now",
  "-Wl,--build-id=none",
  "-s",
];

const sanitizeFlags = [
  "-O1",
  "-g",
  "-fno-omit-frame-pointer",
  "-fsanitize=address,undefined",
  "-fno-sanitize-recover=all",
];

const parkFolder = join(packageRoot, "native/park");
/** Of the launcher's sources what a process takes that enters a sandbox. */
const sharedSources = ["lockdown.c", "seccomp.c", "util.c"];

const libraryFlags = [
  "-shared",
  "-static-libgcc",
  "-fPIC",
  "-fvisibility=hidden",
  "-O2",
  "-fstack-protector-strong",
  "-Wl,-z,noexecstack",
  "-Wl,-z,relro,-z,now",
  "-Wl,--build-id=none",
  "-s",
];

/** Where the park library of a launcher is. */
export const parkLibraryOf = (launcher) => `${launcher}-park.so`;

/** The C files in a folder, sorted. */
export function cSources(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Compiles C files to one program at `output`, atomically.
 *
 * @param {{ sources: readonly string[], output: string, mode?: "static" | "sanitize",
 *   warnings?: "shown" | "errors", compiler?: Compiler }} options
 * @returns {string} The compiler's warnings, usually empty.
 * @throws {Error} with the compiler's messages, or saying which compiler is missing.
 */
export function compileC({ sources, output, mode = "static", warnings = "shown", compiler }) {
  const chosen = compiler ?? findCompilers(mode)[0];
  if (chosen === undefined) throw new Error(missingCompilerMessage);
  mkdirSync(dirname(output), { recursive: true });
  // Beside the output: a rename must not cross file systems.
  const temporary = mkdtempSync(join(dirname(output), `.${basename(output)}-`));
  try {
    const program = join(temporary, "program");
    const flags = [
      ...commonFlags,
      ...(warnings === "errors" ? ["-Werror"] : []),
      ...(mode === "static" ? staticFlags : sanitizeFlags),
    ];
    const args = [...flags, ...chosen.flags, "-I", launcherFolder, "-o", program, ...sources];
    const { status, stderr, error } = spawnSync(chosen.command, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${chosen.command} failed:\n${error?.message ?? stderr}`);
    renameSync(program, output);
    return stderr;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Compiles the park library to `output`, atomically. A compiler of another C library than the programs'
 * would make one that they can't load, so musl's wrapper is not asked.
 *
 * @param {{ output: string, warnings?: "shown" | "errors" }} options
 * @returns {string} The compiler's warnings, usually empty; why there is no library, where there is none.
 */
export function compileParkLibrary({ output, warnings = "shown" }) {
  if (!existsSync(parkFolder)) return "no sources of the park library\n";
  const shared = sharedSources.map((name) => join(launcherFolder, name));
  const sources = [...cSources(parkFolder), ...shared];
  mkdirSync(dirname(output), { recursive: true });
  const temporary = mkdtempSync(join(dirname(output), `.${basename(output)}-`));
  try {
    const library = join(temporary, "library");
    const strict = warnings === "errors" ? ["-Werror"] : [];
    const args = [...commonFlags, ...strict, ...libraryFlags, "-o", library, ...sources];
    for (const command of ["cc", "gcc", "clang"]) {
      const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
      if (error !== undefined) continue;
      if (status !== 0) return `${command} failed:\n${stderr}`;
      renameSync(library, output);
      return stderr;
    }
    return "no C compiler (cc, gcc or clang) for the park library\n";
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

export const missingCompilerMessage =
  "no C compiler that can link a static program (musl-gcc, cc, gcc or clang). " +
  "On Debian and Ubuntu: apt-get install gcc libc6-dev";

/**
 * The compilers of this machine that really make such a program, best first: musl's programs are
 * small and start fast; glibc's work just as well.
 *
 * @param {"static" | "sanitize"} mode
 * @returns {Compiler[]}
 * @typedef {{ command: string, flags: readonly string[] }} Compiler
 */
export function findCompilers(mode) {
  const named = process.env.CC ? [process.env.CC] : [];
  const names = mode === "static" ? [...named, "musl-gcc"] : named;
  return [...names, "cc", "gcc", "clang"]
    .map((command) => ({ command, flags: command === "musl-gcc" ? kernelHeaders() : [] }))
    .filter((compiler) => canCompile(compiler, mode));
}

/** musl has no copy of the kernel's headers: they come last, so that they hide none of its own. */
function kernelHeaders() {
  const { stdout } = spawnSync("gcc", ["-print-multiarch"], { encoding: "utf8" });
  const multiarch = stdout?.trim();
  const folders = ["/usr/include", ...(multiarch ? [`/usr/include/${multiarch}`] : [])];
  return folders.flatMap((folder) => ["-idirafter", folder]);
}

function canCompile({ command, flags }, mode) {
  const modeFlags = mode === "static" ? ["-static"] : sanitizeFlags;
  const args = [...flags, ...modeFlags, "-x", "c", "-", "-o", "/dev/null"];
  const input = "#include <linux/seccomp.h>\n#include <stdio.h>\nint main(void) { return 0; }\n";
  return spawnSync(command, args, { input, stdio: ["pipe", "ignore", "ignore"] }).status === 0;
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { sanitize: { type: "boolean" }, strict: { type: "boolean" } },
  });
  const output = resolve(positionals[0] ?? join(packageRoot, "dist/launcher/glovebox-launcher"));
  const warnings = values.strict ? "errors" : "shown";
  const mode = values.sanitize ? "sanitize" : "static";
  process.stderr.write(compileC({ sources: cSources(launcherFolder), output, mode, warnings }));
  if (mode === "static")
    process.stderr.write(compileParkLibrary({ output: parkLibraryOf(output), warnings }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    process.stderr.write(`glovebox: ${error.message}\n`);
    process.exitCode = 1;
  }
}
