/**
 * @module
 * `glovebox plan --deploy`, `--list` and `--remove`: plans in an account of AWS.
 */
import { homedir } from "node:os";
import { openLambda, type LambdaAccount } from "../app.ts";
import { invalidRequest } from "../core/errors.ts";
import { compilePlan } from "../plan/compile.ts";
import type { ParsedPlan } from "../plan/parse.ts";
import { escapeControls } from "./escape-controls.ts";
import type { PlanFlags } from "./plan-flags.ts";
import { printNote } from "./print.ts";
import { formatTable } from "./table.ts";
import { implicitWorkspace } from "./workspace-flag.ts";

export async function deployPlan(
  plan: ParsedPlan,
  wallTimeMs: number,
  flags: PlanFlags,
  signal: AbortSignal,
): Promise<number> {
  const { name, quiet = false, run, input } = flags;
  if (run === true) throw invalidRequest("--deploy", "can't be used together with --run.");
  const { schedule } = plan;
  if (input !== undefined && schedule === undefined) {
    throw invalidRequest(
      "--input",
      "with --deploy it is what a schedule starts the plan with, and this one has no @cron.",
    );
  }
  const { hostPath: folder } = implicitWorkspace(process.cwd(), homedir());
  return withAccount(async (account) => {
    const deployed = await account.deployPlan(
      {
        ...(name === undefined ? {} : { name }),
        folder,
        wallTimeMs,
        definitionFor: (functionArn) =>
          JSON.stringify(compilePlan(plan, { functionArn, wallTimeMs }), null, 2),
        ...(schedule === undefined
          ? {}
          : { schedule: { expression: schedule, input: asJson(input ?? "") } }),
        onStep: (what) => {
          if (!quiet) printNote(what);
        },
      },
      signal,
    );
    process.stdout.write(`${deployed.arn}\n`);
    if (!quiet) {
      const starts = schedule === undefined ? "" : `, and starts by itself: ${schedule}, UTC`;
      printNote(`${escapeControls(deployed.name)} is ${said[deployed.machine]}${starts}`);
      printNote(`start it: aws stepfunctions start-execution --state-machine-arn ${deployed.arn}`);
      printNote(`remove it: glovebox plan --remove ${deployed.name}`);
    }
    return 0;
  });
}

const said = { made: "deployed", changed: "deployed anew", unchanged: "deployed as it was" };

/** A text stands for itself. */
function asJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

export async function listPlans(): Promise<number> {
  return withAccount(async (account) => {
    const plans = await account.plans();
    if (plans.length === 0) process.stdout.write(`no plans of Glovebox in ${account.region}\n`);
    else {
      const rows = plans.map(({ name, starts, line }) => [name, starts, line].map(escapeControls));
      process.stdout.write(formatTable([["NAME", "STARTS", "PLAN"], ...rows]));
    }
    return 0;
  });
}

export async function removePlan(name: string): Promise<number> {
  return withAccount(async (account) => {
    await account.removePlan(name);
    process.stdout.write(`removed ${escapeControls(name)}\n`);
    return 0;
  });
}

async function withAccount(work: (account: LambdaAccount) => Promise<number>): Promise<number> {
  const account = await openLambda();
  try {
    return await work(account);
  } finally {
    account.close();
  }
}
