/**
 * @module
 * The messages that start a command ahead, see native/launcher/README.md and native/park/park.h.
 */
import type { AheadCommand, ParkPlace } from "../../core/command.ts";
import { workspacePath } from "../../core/sandbox.ts";
import type { Records } from "../../launcher/message.ts";

/** As native/park/park.h has it. */
const USUAL_FILE = ".glovebox-usual";

interface ParkOptions {
  /** It is to be a fork of this one. */
  readonly template?: { readonly number: number } | undefined;
  /** See `Preparation`. */
  readonly isSpare?: boolean;
}

/** The records of a message that starts a command ahead: of a `park`, or of a template's. */
export function parkRecords(
  kind: "park" | "template",
  ahead: AheadCommand,
  { template, isSpare = false }: ParkOptions = {},
): Records {
  const { argv, env, cwd, stdin, cpuTimeMs, park: place } = ahead;
  const { mode, point, entry, prelude, env: untilThen } = place;
  const serves = kind === "template";
  const microseconds = cpuTimeMs === "unlimited" ? cpuTimeMs : String(Math.ceil(cpuTimeMs * 1000));
  const own: Record<string, string> = {
    LD_PRELOAD: "/proc/self/fd/8",
    GLOVEBOX_PARK: `${serves ? "serve" : "wait"} ${point} ${entry}`,
  };
  if (serves && prelude !== undefined)
    own["GLOVEBOX_PRELUDE"] = `${prelude.evaluator}\n${prelude.text}`;
  if (untilThen !== undefined) own["GLOVEBOX_UNTIL"] = `${untilThen.name}=${untilThen.value}`;
  return [
    [kind, ""],
    ...(template === undefined || mode !== "fork"
      ? argv.map((word) => ["argv", word] as const)
      : [["template", template.number] as const]),
    // The library's own come last: it takes them off the end.
    ...Object.entries({ ...env, ...own }).map(
      ([name, value]) => ["env", `${name}=${value}`] as const,
    ),
    ...(serves ? trialRecords(place) : []),
    ["cwd", cwd],
    ["stdin", stdin],
    ...(isSpare ? [["spare", ""] as const] : []),
    ["cpu-us", serves ? "unlimited" : microseconds],
  ];
}

/** A second one takes the place of the first, see native/park/pages.c. */
function trialRecords({ entry, trial, usual }: ParkPlace): Records {
  const fileOf = (name: string, code: string) =>
    ["file", [`${workspacePath}/${name}`, "0644", code]] as const;
  return [
    ...(trial === undefined ? [] : [fileOf(entry, trial)]),
    ...(usual === undefined ? [] : [fileOf(USUAL_FILE, usual)]),
  ];
}

/**
 * The same without a template; undefined where it can't do without: what a prelude puts right is left
 * undone.
 */
export function asOwnProcess(ahead: AheadCommand | undefined): AheadCommand | undefined {
  if (ahead === undefined || ahead.park.point === "read") return undefined;
  const { point, entry, env } = ahead.park;
  const place = { mode: "wait", point, entry } as const;
  return { ...ahead, park: { ...place, ...(env === undefined ? {} : { env }) } };
}
