/**
 * @module
 * A run that asks: from its flags to all that it needs of asking.
 */
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { Asker } from "../../permissions/asker.ts";
import { neverAsker } from "../../permissions/asker.ts";
import { formatReport, reportOf } from "../../permissions/report.ts";
import { openRuleStore, type RuleStore } from "../../permissions/rule-store.ts";
import type { NewRule } from "../../permissions/rule.ts";
import { remediesOfDenied, summaryOfDenied } from "../../permissions/summary.ts";
import { canonicalPath } from "../../util/canonical-path.ts";
import { stateFolder } from "../../util/user-folders.ts";
import type { OutputGate } from "../output-gate.ts";
import { printNote } from "../print.ts";
import type { ResolvedProgram } from "../resolved-program.ts";
import type { RunDoor } from "../run-door.ts";
import type { RunForm } from "../run-form.ts";
import type { RunOptions } from "../run-options.ts";
import { asWritten } from "./as-written.ts";
import {
  refuseExisting,
  refuseRulesOfConnections,
  rulesOfPolicy,
  writeLearned,
} from "./policy-files.ts";
import { askedVariables, prepareAsking } from "./prepare-asking.ts";
import type { RunAsking } from "./run-asking.ts";
import { refuseGivenAway, secretVariables } from "./secrets.ts";
import { createTerminalAsker, type TerminalAsker } from "./terminal-asker.ts";
import type { WantedAsking } from "./want-asking.ts";

export interface OpenAskingParts {
  readonly form: RunForm;
  readonly resolved: ResolvedProgram;
  readonly options: RunOptions;
  readonly wanted: WantedAsking;
  readonly door: RunDoor;
}

/** @throws {GloveboxError} `INVALID_REQUEST`, `INVALID_CONFIG` where what was kept can't be read. */
export async function openRunAsking(parts: OpenAskingParts): Promise<RunAsking> {
  const { form, resolved, options, wanted, door } = parts;
  const { asking } = options;
  refuseGivenAway(asking.secrets, wordsOf(parts));
  const [cwd, { env }] = [process.cwd(), process];
  const command = asWritten(form);
  const project = projectOf(form, resolved, cwd);
  const store = storeOf(project, env);
  const home = canonicalPath(homedir());
  const learned = asking.learn === undefined ? undefined : resolve(cwd, asking.learn);
  if (learned !== undefined) refuseExisting(learned);
  const policy = await rulesOfPolicy(asking.policy, { cwd, home });
  if (wanted.network === "all") refuseRulesOfConnections(policy);
  const terminal = openTerminalAsker(parts, command);
  const prepared = prepareAsking(wanted, asking, {
    ...{ cwd, env, command },
    // What it needs is to be found out anew.
    stored: [...policy, ...(learned === undefined ? ((await store?.read()) ?? []) : [])],
    remember: async (rule) => keep(store, rule),
    asker: terminal?.asker ?? (await askerWithoutTerminal(options)),
    note: noteBeside(door.outputGate),
  });
  const { log, permissions } = prepared;
  const { shown = [] } = permissions;
  const place = { home, env };
  return {
    network: prepared.network,
    permissions,
    isExplicit: wanted.isExplicit,
    programInput: terminal?.programInput,
    variables: async (signal) => ({
      ...agentVariables(permissions.askable ?? [], env),
      ...secretVariables(asking.secrets),
      ...(await askedVariables(permissions.gate, asking.askEnv, { env, signal })),
    }),
    attach: (control) => terminal?.attach(control),
    summary: () => [
      ...withoutName(
        asking.report
          ? [...formatReport(log, { ...place, shown }), ...remediesOfDenied(log, place)]
          : summaryOfDenied(log, place),
      ),
      ...(learned === undefined ? [] : writeLearned(learned, log, { ...place, command })),
    ],
    reportJson: () => reportOf(log, shown),
    exitCode: (ofRun) =>
      asking.failOnDeny && ofRun === 0 && log.entries().some(({ isAllowed }) => !isAllowed)
        ? EXIT_DENIED
        : ofRun,
    [Symbol.dispose]: () => terminal?.[Symbol.dispose](),
  };
}

function wordsOf({ resolved: { program, args }, options }: OpenAskingParts): readonly string[] {
  const command = program.kind === "command" ? program.argv : [];
  return [...command, ...args, options.code ?? "", ...Object.values(options.env)];
}

/** Not into a question that is on the terminal: behind it. */
function noteBeside(outputGate: OutputGate): (line: string) => void {
  return (line) => {
    const opened = outputGate.whenOpen();
    if (opened === undefined) printNote(line);
    else void opened.then(() => printNote(line));
  };
}

/** Notes of ours have it in front anyway. */
const withoutName = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/^glovebox: /, ""));

/** As Deno's permission broker ends what it was not allowed. */
const EXIT_DENIED = 87;

/** What answers are kept for: the folder that the program is shown, or the one that it lies in. */
function projectOf(form: RunForm, { program }: ResolvedProgram, cwd: string): string {
  if (program.workspace !== undefined) return program.workspace.hostPath;
  if (form.kind === "file" && form.file !== "-")
    return dirname(canonicalPath(resolve(cwd, form.file)));
  return canonicalPath(cwd);
}

/** @throws {GloveboxError} `INVALID_REQUEST` where a terminal was asked for and there is none. */
function openTerminalAsker(
  { options, door, resolved }: OpenAskingParts,
  command: string,
): TerminalAsker | undefined {
  const { asker } = options.asking;
  if (asker.kind !== "auto" && asker.kind !== "tty") return undefined;
  const isInCi = asker.kind === "auto" && (process.env["CI"] ?? "") !== "";
  const terminal = isInCi
    ? undefined
    : door.openQuestions({ hasTty: options.hasTty, hasInput: resolved.stdin === "free" });
  if (terminal !== undefined) {
    const home = canonicalPath(homedir());
    return createTerminalAsker({ terminal, door, command, home });
  }
  if (asker.kind === "auto") return undefined;
  throw invalidRequest("--ask", "`tty`: there is no terminal to ask on. Write `never` or `auto`.");
}

/** @throws {GloveboxError} `INVALID_REQUEST` where nobody listens at the broker's socket. */
async function askerWithoutTerminal({ asking: { asker } }: RunOptions): Promise<Asker> {
  if (asker.kind !== "broker") return neverAsker;
  const { connectBroker } = await import("../../permissions/broker-asker.ts");
  try {
    return await connectBroker({ socketPath: asker.path });
  } catch (error) {
    throw invalidRequest("--ask", `\`broker:${asker.path}\`: ${(error as Error).message}.`);
  }
}

/** Undefined for a user without a home. */
function storeOf(project: string, env: NodeJS.ProcessEnv): RuleStore | undefined {
  const folder = stateFolder(env);
  return folder === undefined ? undefined : openRuleStore(folder, project);
}

/** @throws {Error} where there is no place for it. */
async function keep(store: RuleStore | undefined, rule: NewRule): Promise<void> {
  if (store === undefined) throw new Error("this user has no home folder to keep it in");
  await store.add([rule]);
}

/** Where the program finds the sockets that it may ask for. */
function agentVariables(
  askable: readonly { readonly hostPath: string; readonly insidePaths: readonly string[] }[],
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const agent = env["SSH_AUTH_SOCK"] ?? "";
  const shown = askable.find(({ insidePaths }) => insidePaths.includes(agent));
  return shown === undefined ? {} : { SSH_AUTH_SOCK: agent };
}
