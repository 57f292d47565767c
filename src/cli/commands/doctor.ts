/**
 * @module
 * `glovebox doctor`
 */
import { release, type as systemName, userInfo } from "node:os";
import { Command } from "commander";
import { controls, missingControls } from "../../core/enforcement.ts";
import type { EnforcementLevel } from "../../core/enforcement.ts";
import type { ProbeReport } from "../../core/provider.ts";
import { createProvider, findProvider } from "../../app.ts";
import type { PassedOver } from "../../app.ts";
import { escapeControls } from "../escape-controls.ts";
import { poolFact } from "../pool-facts.ts";
import { painterFor } from "../print.ts";
import type { Paint } from "../print.ts";
import {
  addDockerHostFlag,
  addOciRuntimeFlag,
  addProviderFlag,
  parseProviderFlags,
} from "../provider-flag.ts";
import type { ProviderFlags, RawProviderFlags } from "../provider-flag.ts";
import { addRemoteFlags } from "../remote-flags.ts";
import { reportErrors } from "../report-errors.ts";
import { formatTable } from "../table.ts";

interface DoctorFlags extends RawProviderFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function createDoctorCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("doctor")
    .summary("start a sandbox and show what this machine can enforce")
    .description(
      "Starts a real sandbox and shows, one line a control, what this machine can enforce, " +
        "by what, and how to mend what it can't. Without --provider it looks at the one that " +
        "`auto` chooses, and says why. Exit code 0 if nothing is missing, else 1.",
    );
  return addRemoteFlags(addDockerHostFlag(addOciRuntimeFlag(addProviderFlag(command))))
    .optionsGroup("Options:")
    .option("--json", "print JSON")
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help")
    .action(async (flags: DoctorFlags) => {
      onExit(await reportErrors(flags, () => examine(flags)));
    });
}

async function examine(flags: DoctorFlags): Promise<number> {
  const paint = painterFor(process.stdout, process.env);
  const found = await look(parseProviderFlags(flags));
  const { passedOver } = found;
  const report = await withPools(found.report);
  const isSound =
    report !== undefined && report.available && missingControls(report.enforcement).length === 0;
  const host = { kernel: release(), user: describeUser() };
  const lines =
    flags.json === true
      ? `${JSON.stringify({ ...(report ?? nothing), ...host, ok: isSound, passedOver }, null, 2)}\n`
      : [
          ...(passedOver === undefined ? [] : [formatChoice(report, passedOver)]),
          ...(report === undefined ? [] : [formatProbe(report, host, paint)]),
        ].join("\n");
  process.stdout.write(lines);
  return isSound ? 0 : 1;
}

interface Findings {
  /** Undefined where `auto` found nothing. */
  readonly report: ProbeReport | undefined;
  /** What `auto` looked at before; undefined where a provider was named. */
  readonly passedOver?: readonly PassedOver[];
}

async function look({ provider: name, ...settings }: ProviderFlags): Promise<Findings> {
  if (name !== "auto") {
    const provider = await createProvider(name, settings);
    try {
      return { report: await provider.probe() };
    } finally {
      await provider.close();
    }
  }
  const { provider, report, passedOver } = await findProvider(settings);
  await provider?.close();
  return { report, passedOver };
}

/** Only `linux` keeps ready what this user's server tells of. */
async function withPools(report: ProbeReport | undefined): Promise<ProbeReport | undefined> {
  if (report?.provider !== "linux") return report;
  const fact = await poolFact({ env: process.env, cwd: process.cwd() });
  return { ...report, facts: [...report.facts, fact] };
}

/** For `--json`, where nothing can isolate. */
const nothing = { provider: null, available: false, reason: "nothing can isolate a program here" };

/** What `auto` chooses, and why nothing better. */
function formatChoice(
  report: Pick<ProbeReport, "provider"> | undefined,
  passedOver: readonly PassedOver[],
): string {
  const reasons = passedOver.map(({ provider, reason, remedy }) => {
    const advice = remedy === "" ? "" : `  remedy: ${escapeControls(remedy)}\n`;
    return `${provider} can't serve: ${escapeControls(reason)}\n${advice}`;
  });
  const verdict =
    report === undefined
      ? "so there is nothing that `auto` could choose: no program can be isolated here\n"
      : `auto chooses ${report.provider}: it can start a sandbox here\n`;
  return reasons.join("") + verdict;
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
  const header = `provider ${report.provider}, ${systemName()} ${host.kernel}, ${host.user}\n${formatFacts(report)}\n`;
  if (!report.available) return header + formatUnavailable(report, paint);
  const missingCount = missingControls(report.enforcement).length;
  return `${header}${formatControls(report, paint)}\n${formatVerdict(missingCount, paint)}\n`;
}

/** The daemon's own words are among them. */
function formatFacts({ facts }: ProbeReport): string {
  return formatTable(facts.map((fact) => fact.map((cell) => escapeControls(cell))));
}

function formatControls({ enforcement }: ProbeReport, paint: Paint): string {
  const levels = controls.map((control) => enforcement[control].level);
  const rows = controls.map((control) => {
    const { level, by, note } = enforcement[control];
    return [marks[level], control, level, escapeControls(note === "" ? by : `${by}: ${note}`)];
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
      return `${lines[row] ?? ""}\n${remedy === "" ? "" : `     ${paint("dim", `remedy: ${escapeControls(remedy)}`)}\n`}`;
    })
    .join("");
}

function formatUnavailable({ reason, remedy }: ProbeReport, paint: Paint): string {
  const advice = remedy === "" ? "" : `  remedy: ${escapeControls(remedy)}\n`;
  return `${paint("red", "✗ no sandbox can be started here")}: ${escapeControls(reason)}\n${advice}`;
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
