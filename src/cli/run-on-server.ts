/**
 * @module
 * A run whose sandbox a server of this user on this machine makes, where there is one that would do just
 * what we would.
 */
import type { Readable } from "node:stream";
import { canRun } from "../local-server/can-run.ts";
import { NotServedError, runOnServer } from "../local-server/client.ts";
import { isPrivateSocket, socketPath } from "../local-server/place.ts";
import { surroundingsOf } from "../local-server/surroundings.ts";
import type { ExecutionControl } from "../service/request.ts";
import { surviveLostReaders } from "./lost-readers.ts";
import { printNote } from "./print.ts";
import { runAndReport } from "./report-run.ts";
import type { RunParts } from "./run-parts.ts";

/**
 * @returns The exit code; undefined where nothing was run: there is no such server, or it does not want.
 * @throws {GloveboxError} Once the program has begun.
 */
export async function runOnLocalServer(parts: RunParts): Promise<number | undefined> {
  const { request, options, interruption, door } = parts;
  if (options.provider !== "auto" || parts.ownProvider !== undefined) return undefined;
  if (!canRun(request)) return undefined;
  const path = socketPath(process.env);
  if (path === undefined || !isPrivateSocket(path)) return undefined;
  const surroundings = surroundingsOf(process.env);
  if (surroundings === undefined) return undefined;

  const { stdin } = parts;
  let opened: Readable | "empty" = "empty";
  const open = stdin === "empty" || door.isStdinEmpty() ? undefined : stdin;
  const run = {
    request,
    surroundings,
    stdin: open === undefined ? ("empty" as const) : () => (opened = open()),
  };
  const onStart = (control: ExecutionControl): void => {
    interruption.attach(control);
    setImmediate(surviveLostReaders);
  };
  try {
    const exitCode = await runAndReport(
      {
        // Not the request with our stdin in it: the server asks for that.
        run: (_request, sink, signal, started = onStart) =>
          runOnServer(path, run, sink, signal, started),
        providerName: "linux",
      },
      { ...parts, request: { ...request, stdin: "empty" } },
      onStart,
    );
    door.releaseStdin(opened);
    return exitCode;
  } catch (error) {
    if (!(error instanceof NotServedError)) {
      door.releaseStdin(opened);
      throw error;
    }
    if (options.verbosity === "verbose") {
      surviveLostReaders();
      printNote(`the server of this user was not used: ${error.message}`);
    }
    return undefined;
  }
}
