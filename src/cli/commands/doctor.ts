/**
 * @module
 * `glovebox doctor`
 */
import { release, userInfo } from "node:os";
import { Command } from "commander";
import { controls, missingControls } from "../../core/enforcement.ts";
import type { EnforcementLevel } from "../../core/enforcement.ts";
import type { ProbeReport } from "../../core/provider.ts";
import { createProvider } from "../../app.ts";
import { painterFor } from "../print.ts";
import type { Paint } from "../print.ts";
import { parseProvider } from "../provider-flag.ts";
import { reportErrors } from "../report-errors.ts";
import { formatTable } from "../table.ts";

interface DoctorFlags {
  readonly provider?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function createDoctorCommand(onExit: (exitCode: number) => void): Command {
  return new Command("doctor")
    .summary("start a sandbox and show what this machine can enforce")
    .description(
      "Starts a real sandbox and shows, one line a control, what this machine can enforce, " +
        "by what, and how to mend what it can't. Exit code 0 if nothing is missing, else 1.",
    )
    .option("--provider <NAME>", "way to isolate: auto, linux or process (default: auto)")
    .option("--json", "print JSON")
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help")
    .action(async (flags: DoctorFlags) => {
      onExit(await reportErrors(flags, () => examine(flags)));
    });
}

async function examine(flags: DoctorFlags): Promise<number> {
  const choice = parseProvider(flags.provider);
  const provider = await createProvider(choice);
  const report = await provider.probe();
  const isSound = report.available && missingControls(report.enforcement).length === 0;
  const host = { kernel: release(), user: describeUser() };
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ ...report, ...host, ok: isSound }, null, 2)}\n`
      : formatProbe(report, host, painterFor(process.stdout, process.env)),
  );
  return isSound ? 0 : 1;
}

const marks: Readonly<Record<EnforcementLevel, string>> = {
  enforced: "✓",
  weaker: "~",
  missing: "✗",
};
const colours = { enforced: "green", weaker: "yellow", missing: "red" } as const;

/** The report as people read it; exported for its test. */
export function formatProbe(
  report: ProbeReport,
  host: { readonly kernel: string; readonly user: string },
  paint: Paint,
): string {
  const header = `provider ${report.provider}, Linux ${host.kernel}, ${host.user}\n\n`;
  if (!report.available) return header + formatUnavailable(report, paint);
  const missingCount = missingControls(report.enforcement).length;
  return `${header}${formatControls(report, paint)}\n${formatVerdict(missingCount, paint)}\n`;
}

function formatControls({ enforcement }: ProbeReport, paint: Paint): string {
  const levels = controls.map((control) => enforcement[control].level);
  const rows = controls.map((control) => {
    const { level, by, note } = enforcement[control];
    return [marks[level], control, level, note === "" ? by : `${by}: ${note}`];
  });
  const lines = formatTable(rows, (cell, { row, column }) => {
    const level = levels[row];
    return level !== undefined && (column === 0 || column === 2)
      ? paint(colours[level], cell)
      : cell;
  }).split("\n");
  return controls
    .map((control, row) => {
      const { remedy } = enforcement[control];
      return `${lines[row] ?? ""}\n${remedy === "" ? "" : `     ${paint("dim", `remedy: ${remedy}`)}\n`}`;
    })
    .join("");
}

function formatUnavailable({ reason, remedy }: ProbeReport, paint: Paint): string {
  const advice = remedy === "" ? "" : `  remedy: ${remedy}\n`;
  return `${paint("red", "✗ no sandbox can be started here")}: ${reason}\n${advice}`;
}

function formatVerdict(missingCount: number, paint: Paint): string {
  if (missingCount === 0) return paint("green", "A sandbox was started; nothing is missing.");
  const what = missingCount === 1 ? "1 control is missing" : `${missingCount} controls are missing`;
  return paint(
    "red",
    `A sandbox was started, but ${what}; \`--enforcement best-effort\` runs all the same.`,
  );
}

/** The user's name and id; containers run users that no account belongs to. */
function describeUser(): string {
  const uid = process.getuid?.() ?? -1;
  try {
    return `user ${userInfo().username} (${uid})`;
  } catch {
    return `user ${uid}`;
  }
}
