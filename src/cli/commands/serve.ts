/**
 * @module
 * `glovebox serve`
 */
import { once } from "node:events";
import { Command } from "commander";
import type { RunningServer } from "../../app-server.ts";
import { flagsToConfig, type ConfigFlags } from "../../config/flags.ts";
import { missingControls } from "../../core/enforcement.ts";
import { greeting } from "../greeting.ts";
import { printNote } from "../print.ts";
import {
  addDockerHostFlag,
  addOciRuntimeFlag,
  addProviderFlag,
  processWarning,
} from "../provider-flag.ts";
import { reportErrors } from "../report-errors.ts";

interface ServeFlags extends ConfigFlags {
  readonly config?: string;
  readonly verbose?: boolean;
}

export function createServeCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("serve")
    .summary("run code for others over HTTP")
    .description(
      "Serves the HTTP API until Ctrl-C. Flags win over GLOVEBOX_* variables, and those over " +
        "glovebox.yaml in the current folder; docs/configuration.md has all settings.",
    )
    .option("--host <HOST>", "address to listen on (default: 127.0.0.1)")
    .option("--port <PORT>", "port to listen on; 0: any free one (default: 8000)")
    .option("--config <FILE>", "configuration file (default: glovebox.yaml, if it is there)");
  addProviderFlag(command)
    .option("--allowed-providers <NAMES>", "others that a request may name: docker,linux")
    .option("--allow-unsafe-process", "let --provider process run programs without isolation")
    .option("--enforcement <MODE>", "what requests get that don't say: strict or best-effort");
  return addOciRuntimeFlag(addDockerHostFlag(command))
    .option(
      "--pull <WHEN>",
      "missing, never or always: when a request fetches its image (default: never)",
    )
    .option("--allowed-images <NAMES>", "images that a request may name: python:3,ghcr.io/acme/*")
    .option("--auth <WHEN>", "auto or required: whether a request needs a key (default: auto)")
    .option("--cors <ORIGINS>", "web pages that may call: https://example.org, or *")
    .option("--storage <FOLDER>", "where executions and keys are kept")
    .option("--judge0-port <PORT>", "also serve Judge0's API on a port of its own")
    .option("--piston-port <PORT>", "also serve Piston's API on a port of its own")
    .option("--insecure-no-auth", "listen without keys where other machines can reach it")
    .option("--log-level <LEVEL>", "fatal, error, warn, info, debug, trace or silent")
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help")
    .action(async (flags: ServeFlags) => {
      onExit(await reportErrors(flags, () => serve(flags)));
    });
}

async function serve(flags: ServeFlags): Promise<number> {
  const { startServer } = await import("../../app-server.ts");
  const server = await startServer({
    ...(flags.config === undefined ? {} : { configFile: flags.config }),
    overrides: flagsToConfig(flags),
    env: process.env,
    cwd: process.cwd(),
    log: process.stderr,
  });
  // Before anybody is told that we listen: from then on a signal must find its listeners.
  const anySignal = new AbortController();
  const stopped = untilStopped(server, anySignal);
  process.stdout.write(greeting(server));
  await Promise.all([stopped, warnOfGaps(server, anySignal.signal)]);
  return 0;
}

/** Says at the start what every request would run into. */
async function warnOfGaps({ probe }: RunningServer, stopping: AbortSignal): Promise<void> {
  const { provider, available, reason, remedy, enforcement } = await probe;
  // What was being tried ended with the server.
  if (stopping.aborted) return;
  if (provider === "process") {
    printNote(processWarning);
    return;
  }
  const missing = missingControls(enforcement);
  if (!available) {
    printNote(`warning: no sandbox can be started here: ${reason}. ${remedy}`);
  } else if (missing.length > 0) {
    printNote(`warning: not enforced here: ${missing.join(", ")}. Run \`glovebox doctor\`.`);
  }
}

/** `npm start` passes on the Ctrl-C that the terminal sends us, too: so soon a second one is the same. */
const SAME_SIGNAL_MS = 500;

/** Resolves when a signal has come and nothing is left. A second signal waits for no run. */
async function untilStopped(server: RunningServer, anySignal: AbortController): Promise<void> {
  let firstAtMs: number | undefined;
  // One listener from the begin to the end: between two of them a signal would be the process' death.
  const onSignal = (): void => {
    firstAtMs ??= performance.now();
    if (!anySignal.signal.aborted) anySignal.abort();
    else if (performance.now() - firstAtMs >= SAME_SIGNAL_MS) void server.kill();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  if (!anySignal.signal.aborted) await once(anySignal.signal, "abort");
  if (process.stderr.isTTY) {
    printNote("stopping, when what runs has ended; a second Ctrl-C ends it now");
  }
  await server.close();
}
