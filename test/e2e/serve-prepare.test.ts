/**
 * @module
 * A server that makes what lets a language's programs start sooner, once somebody used the language.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findProgram } from "../helpers/find-program.ts";
import { skipUnless } from "../helpers/require.ts";
import { linuxGap, serveCli, temporaryFolder, untilText } from "./cli-fixture.ts";

const noCompiler = findProgram("g++") === undefined ? "no g++" : undefined;
const gap = skipUnless("linux", linuxGap()) ?? skipUnless("cpp", noCompiler);

/** A compiler's headers are seconds of work; on a busy machine ten times as much. */
const SLOW_MS = 120_000;

/** Tells whether it sees what was prepared. */
const code = `#include <iostream>
#include <filesystem>
int main() { std::cout << std::filesystem::exists("/opt/glovebox/prepared") << "\\n"; }
`;

describe.skipIf(gap !== undefined)(`glovebox serve prepares ${gap ?? ""}`, () => {
  const folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  afterAll(() => {
    folder.remove();
  });

  async function serve(name: string) {
    const cache = join(folder.path, name);
    mkdirSync(cache);
    const { child, url, stop } = await serveCli(["--provider", "linux"], {
      env: { XDG_CACHE_HOME: cache },
      timeoutMs: SLOW_MS - 10_000,
    });
    const prepared = untilText(child.stderr, '"prepared"');
    prepared.catch(() => undefined);
    const store = join(cache, "glovebox/prepared");
    return {
      prepared,
      run: async (): Promise<unknown> => {
        const response = await fetch(`${url}/v1/execute`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ language: "cpp", code, compile_cache: "off" }),
        });
        return ((await response.json()) as { run?: { stdout?: string } }).run?.stdout;
      },
      stored: (): readonly string[] => (existsSync(store) ? readdirSync(store) : []),
      stop,
    };
  }

  test("C++ after its first run, so that the next one has it", { timeout: SLOW_MS }, async () => {
    const server = await serve("used");
    expect(await server.run()).toBe("0\n");
    expect(await server.prepared).toContain('"language":"cpp"');
    expect(await server.run()).toBe("1\n");
    expect(server.stored()).toHaveLength(1);
    expect(await server.stop()).toMatchObject({ exitCode: 0 });
  });

  test("and a stop does not wait for it", { timeout: SLOW_MS }, async () => {
    const server = await serve("stopped");
    expect(await server.run()).toBe("0\n");
    const { exitCode, stderr } = await server.stop();
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain("cannot prepare");
    expect(server.stored().filter((name) => name.startsWith("."))).toEqual([]);
  });
});
