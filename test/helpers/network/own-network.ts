/**
 * @module
 * Tests in a network namespace of their own, where every address of the world is this machine's: what
 * is dialled there is real, and reaches nobody.
 */
import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, test } from "vitest";
import { skipUnless } from "../require.ts";

/** For `sh`, in a new network namespace. */
export const anyAddressIsLocal = [
  "ip link set lo up",
  "ip addr add 10.0.2.100/32 dev lo",
  "ip route add local default dev lo src 10.0.2.100",
  "ip -6 addr add fd53::64/128 dev lo nodad",
  "ip -6 route add local default dev lo src fd53::64",
  "echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind",
].join(" && ");

const inside = "GLOVEBOX_TEST_OWN_NETWORK";

/**
 * The tests of `body` run in a namespace: the file is run once more, there.
 *
 * @param file `import.meta.url` of the test file, which has nothing else in it.
 */
export function describeInOwnNetwork(file: string, body: () => void): void {
  if (process.env[inside] !== undefined) {
    describe("in a network of its own", body);
    return;
  }
  const reason = skipUnless("linux", whyNot());
  test.skipIf(reason !== undefined)(
    `in a network of its own${reason === undefined ? "" : ` (${reason})`}`,
    { timeout: 150_000 },
    () => runAgain(fileURLToPath(file)),
  );
}

function whyNot(): string | undefined {
  const { status } = spawnSync("unshare", ["-rn", "sh", "-c", anyAddressIsLocal]);
  return status === 0 ? undefined : "no network namespaces with IPv6, or no `unshare` and `ip`";
}

/** @throws {Error} With the report of the tests, where one fails. */
async function runAgain(file: string): Promise<void> {
  const vitest = fileURLToPath(new URL("../../../node_modules/vitest/vitest.mjs", import.meta.url));
  const again = [process.execPath, vitest, "run", "--configLoader", "runner", "--project", "unit"];
  const script = `${anyAddressIsLocal} && exec "$@"`;
  const args = ["-rn", "sh", "-c", script, "sh", ...again, file];
  const env = { ...process.env, [inside]: "yes", NO_COLOR: "1" };
  try {
    await promisify(execFile)("unshare", args, { env, timeout: 140_000 });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${stdout}\n${stderr}`, { cause: error });
  }
}
