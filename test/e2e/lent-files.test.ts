/**
 * @module
 * Files of this host that a language needs beside its programs, where root may not mount: in a container
 * that was started without CAP_SYS_ADMIN.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findProgram } from "../helpers/find-program.ts";
import { skipUnless } from "../helpers/require.ts";
import { linuxGap } from "./cli-fixture.ts";

const noRoot = process.getuid?.() === 0 ? undefined : "only root has capabilities to lose";
const noJava = findProgram("javac") === undefined ? "no javac" : undefined;
const gap = skipUnless("linux", linuxGap()) ?? noRoot ?? skipUnless("java", noJava);

describe.skipIf(gap !== undefined)(`lent files without CAP_SYS_ADMIN ${gap ?? ""}`, () => {
  test("are seen", async () => {
    const code =
      'public class Main { public static void main(String[] a) { System.out.println("ran"); } }';
    const glovebox = join(import.meta.dirname, "../../bin/glovebox");
    const argv = ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin", process.execPath, glovebox];
    const run = [
      "run",
      "--provider",
      "linux",
      "--enforcement",
      "best-effort",
      "-l",
      "java",
      "-c",
      code,
    ];
    const { stdout } = await promisify(execFile)("setpriv", [...argv, ...run], { timeout: 60_000 });
    expect(stdout).toBe("ran\n");
  });
});
