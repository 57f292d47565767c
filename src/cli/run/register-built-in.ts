/**
 * @module
 * What Glovebox itself does in a run, as steps. `--explain` lists them; docs/extend.md tells how others
 * add theirs.
 */
import { invalidRequest } from "../../core/errors.ts";
import type { Steps } from "../../lifecycle/registry.ts";
import { stages } from "../../lifecycle/step.ts";
import type { Program } from "../../service/request.ts";
import { artifactsOf } from "../artifacts-request.ts";
import { wantAsking, type WantedAsking } from "../asking/want-asking.ts";
import { EXIT_OUR_FAILURE } from "../exit.ts";
import type { RunOptions } from "../run-options.ts";
import type { Run } from "./run.ts";
import { registerDependencies } from "./register-dependencies.ts";
import { deployAhead, runAnywhere } from "./run-anywhere.ts";

/** Between the program's end and teardown. */
const reviewLevel = 350;

type Named = Pick<Run, "form" | "options" | "resolved" | "provider" | "resource">;

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function registerBuiltIn(steps: Steps<Run>, run: Named): void {
  const wanted = wantedAsking(run.options);
  registerProgram(steps, run);
  if (wanted !== undefined) registerPermissions(steps, wanted);
  if (isCopied(run)) registerChanges(steps);
  registerDependencies(steps, run);
  // Behind what is installed: a function takes it along.
  registerDeploy(steps, run);
}

/** Whose images, or functions, outlast a run. */
const deploying: ReadonlySet<string> = new Set(["docker", "lambda"]);

function registerDeploy(steps: Steps<Run>, { provider, resource, options }: Named): void {
  if (!deploying.has(provider) || options.pluginProvider !== undefined) return;
  steps.at(stages.deploy, { ...{ provider, resource, step: "deploy" }, work: deployAhead });
}

function registerProgram(steps: Steps<Run>, { provider, resource }: Named): void {
  steps.at(stages.setup, {
    ...{ provider, resource, step: "setup" },
    work: async (run) => {
      const { options, resolved } = run;
      run.request = { ...run.request, ...artifactsOf(resolved.program, options) };
      if (options.out !== undefined) {
        const { prepareOut } = await import("../write-artifacts.ts");
        run.out = await prepareOut(options.out, process.cwd());
      }
      if (!options.hasTty) return;
      run.terminal = run.door.openTerminal();
      const env = { ...ownTerminal(), ...run.request.env };
      run.request = { ...run.request, env, tty: run.terminal.size };
    },
  });
  steps.at(stages.run, {
    ...{ provider, resource, step: "run" },
    work: async (run) => {
      run.exitCode = await runAnywhere(run);
    },
  });
  steps.at(stages.teardown, {
    ...{ provider, resource, step: "teardown" },
    work: async (run) => {
      run.terminal?.[Symbol.dispose]();
      await run.opened?.quick.provider.close();
    },
  });
}

/** The user's terminal is the program's: it must know which one it is. */
function ownTerminal(): Readonly<Record<string, string>> {
  const { TERM = "" } = process.env;
  return /^[\w.+-]{1,64}$/.test(TERM) ? { TERM } : {};
}

/** Undefined where nothing is asked: most runs from scripts ask nothing. */
function wantedAsking({ asking, provider, pluginProvider }: RunOptions): WantedAsking | undefined {
  const wanted = wantAsking(asking, process.env);
  // What was said besides, a file that is allowed say, holds also where nothing is asked about.
  if (wanted.network !== "ask" && wanted.files !== "ask" && !wanted.isExplicit) return undefined;
  const isOurs = (provider === "auto" || provider === "linux") && pluginProvider === undefined;
  if (!isOurs && !wanted.isExplicit) return undefined;
  return wanted;
}

function registerPermissions(steps: Steps<Run>, wanted: WantedAsking): void {
  const provider = "permissions";
  steps.at(stages.setup, {
    ...{ provider, resource: "rules", step: "setup" },
    work: async (run) => {
      const { openRunAsking } = await import("../asking/open-asking.ts");
      run.asking = await openRunAsking({ ...run, wanted });
    },
  });
  steps.at(stages.setup, {
    ...{ provider, resource: "connections", step: "setup" },
    work: (run) => {
      if (run.asking !== undefined) run.request = { ...run.request, network: run.asking.network };
    },
  });
  steps.at(stages.setup, {
    ...{ provider, resource: "files", step: "setup" },
    work: (run) => {
      const { asking } = run;
      if (asking !== undefined) run.request = { ...run.request, permissions: asking.permissions };
    },
  });
  steps.at(stages.teardown, {
    ...{ provider, resource: "rules", step: "teardown" },
    work: (run) => run.asking?.[Symbol.dispose](),
  });
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
function isCopied({ options, resolved }: Named): boolean {
  if (resolved.program.workspace?.access === "copy") return true;
  if (options.changes === undefined) return false;
  throw invalidRequest(
    "--workspace",
    "--apply, --apply-all, --keep and --discard are for changes in a copy. Write `--workspace DIR:copy`.",
  );
}

function registerChanges(steps: Steps<Run>): void {
  const [provider, resource] = ["changes", "copy"];
  steps.at(stages.setup, {
    ...{ provider, resource, step: "setup" },
    work: async (run) => {
      const { program } = run.resolved;
      const { openReview } = await import("../review-changes.ts");
      run.review = openReview({
        folder: program.workspace?.hostPath ?? "",
        command: wordsOf(program),
        options: run.options,
        signal: run.interruption.signal,
      });
      run.request = { ...run.request, changes: run.review.request };
    },
  });
  steps.at(reviewLevel, {
    ...{ provider, resource, step: "review" },
    work: async (run) => {
      if (run.report === undefined) return;
      // Two who read the terminal would each get a part of the answer.
      run.terminal?.[Symbol.dispose]();
      run.asking?.[Symbol.dispose]();
      const settled = await run.review?.settle(run.report);
      if (settled?.isDone === false && run.exitCode === 0) run.exitCode = EXIT_OUR_FAILURE;
    },
  });
  steps.at(stages.teardown, {
    ...{ provider, resource, step: "teardown" },
    work: (run) => run.review?.abandon(),
  });
}

function wordsOf(program: Program): string {
  if (program.kind === "command") return program.argv.join(" ");
  return `${program.language} ${program.entry ?? program.files[0]?.path ?? ""}`;
}
