/**
 * @module
 * Decides what a program asks for: by rules, by what was answered before in this run, by asking. What
 * can't be decided is denied.
 */
import type { Decision, PermissionGate, Question, Subject } from "../core/permission.ts";
import type { Answer, Asker, ShownQuestion } from "./asker.ts";
import type { DecidedBy, DecisionLog } from "./decision-log.ts";
import { describeSubject } from "./describe-subject.ts";
import { createFloodGuard } from "./flood-guard.ts";
import { createOpenQuestions, type OpenQuestions, type QuestionEnd } from "./open-questions.ts";
import { decidingRule } from "./order.ts";
import { isWithin } from "./path-pattern.ts";
import { grantedFolder, type KnownRules } from "./granted-folder.ts";
import { urgentNote } from "./notes.ts";
import type { NewRule, Rule } from "./rule.ts";
import { ruleOfAnswer } from "./rule-of-answer.ts";
import { MAX_SHOWN_CHARS, showUntrusted } from "./show-untrusted.ts";
import { showQuestion } from "./shown-question.ts";
import { checkSubject } from "./subject.ts";

export interface GateOptions {
  /** Those of flags and those that are stored. */
  readonly rules: readonly Rule[];
  readonly asker: Asker;
  readonly log: DecisionLog;
  /** Absolute and canonical. */
  readonly home: string;
  /** Of this user: it names sockets, whose meaning a question tells. */
  readonly env: NodeJS.ProcessEnv;
  /** Files and folders that no answer opens: Glovebox's own state. Absolute and canonical. */
  readonly protectedPaths: readonly string[];
  /** Keeps an answer for later runs. Absent: `always` holds for the run. */
  readonly remember?: (rule: NewRule) => Promise<void>;
  /** What was run, for those who read the rules later. */
  readonly command?: string;
  /** How long an answer is waited for; then it is no. Absent: for ever. */
  readonly askTimeoutMs?: number;
  /** Tells the user one line of ours. */
  readonly note: (line: string) => void;
  /** Milliseconds of a clock that is never set. */
  readonly now?: () => number;
}

const DENIED: Decision = { isAllowed: false, scope: "once" };

export function createGate(options: GateOptions): PermissionGate {
  const { log, note, asker } = options;
  const { rules, home, protectedPaths } = options;
  const known: KnownRules = { rules, home, protectedPaths, answers: [], answeredBy: new Map() };
  const flood = createFloodGuard(asker, options.now ?? ((): number => performance.now()));
  const toldOf = new Set<string>();
  const tellOnce = (key: string, line: string): void => {
    if (!toldOf.has(key)) note(line);
    toldOf.add(key);
  };
  const questions: OpenQuestions = createOpenQuestions({
    asker,
    ...(options.askTimeoutMs === undefined ? {} : { timeoutMs: options.askTimeoutMs }),
    onEnd: async (question, end) => {
      await learn(question, end, { options, known, tellOnce });
      questions.settle((subject) => findRule(known, subject) !== undefined);
    },
  });
  const parts: GateParts = { options, known, questions, flood, tellOnce };
  return {
    decide: async (question, signal) => {
      let decided: Decided;
      try {
        decided = await decide(question, signal, parts);
      } catch (error) {
        decided = { decision: DENIED, by: { kind: "failure" } };
        tellOnce("failure", `denied what could not be decided: ${(error as Error).message}`);
      }
      const { isAllowed } = decided.decision;
      const { process } = question;
      // Two spellings of one host are one line of a report.
      const subject = checkSubject(question.subject) ?? question.subject;
      log.record({ subject, isAllowed, by: decided.by, ...(process && { process }) });
      return decided.decision;
    },
    note: (noted) => {
      log.note(noted);
      const urgent = urgentNote(noted);
      if (urgent !== undefined) tellOnce(urgent.key, urgent.line);
    },
  };
}

interface Decided {
  readonly decision: Decision;
  readonly by: DecidedBy;
}

interface GateParts {
  readonly options: GateOptions;
  readonly known: KnownRules;
  readonly questions: OpenQuestions;
  readonly flood: ReturnType<typeof createFloodGuard>;
  readonly tellOnce: (key: string, line: string) => void;
}

const deniedBy = (kind: Exclude<DecidedBy["kind"], "rule" | "answer">): Decided => ({
  decision: DENIED,
  by: { kind },
});

async function decide(
  asked: Question,
  signal: AbortSignal,
  { options, known, questions, flood, tellOnce }: GateParts,
): Promise<Decided> {
  const subject = checkSubject(asked.subject);
  if (subject === undefined) return deniedBy("unshowable");
  if (isProtected(subject, options.protectedPaths)) return deniedBy("protected");
  const question = { ...asked, subject };
  for (;;) {
    if (signal.aborted) return deniedBy("withdrawn");
    const rule = findRule(known, subject);
    if (rule !== undefined) return decidedByRule(rule, subject, known);
    if (!canBeShown(question, options.home)) {
      tellOnce(
        "long",
        "denied what is too long to be shown: it may be meant to hide what it asks.",
      );
      return deniedBy("unshowable");
    }
    if (!questions.has(subject) && !flood.admit(questions.size())) {
      tellOnce("flood", "the program asks too much at once; what is too much is denied.");
      return deniedBy("flood");
    }
    const show = (): ShownQuestion => showQuestion(question, options.home, options.env);
    const end = await questions.wait(question, show, signal);
    switch (end.kind) {
      case "answered":
        return decidedByAnswer(end.answer, subject, known);
      case "settled":
        continue;
      case "timeout":
      case "withdrawn":
        return deniedBy(end.kind);
      case "failure":
        tellOnce("failure", `nobody could be asked: ${(end.error as Error).message}`);
        return deniedBy("failure");
    }
  }
}

const findRule = ({ rules, answers, home }: KnownRules, subject: Subject): Rule | undefined =>
  decidingRule({ rules, answers }, subject, home);

function decidedByRule(rule: Rule, subject: Subject, known: KnownRules): Decided {
  const isAllowed = rule.effect === "allow";
  const folder = grantedFolder(rule, subject, known);
  const scope = rule.scope === "once" ? "run" : rule.scope;
  const asAnswered = known.answeredBy.get(rule.id);
  return {
    decision: { isAllowed, scope, ...(folder !== undefined && { folder }) },
    by: asAnswered ?? { kind: "rule", id: rule.id, source: rule.by },
  };
}

function decidedByAnswer(answer: Answer, subject: Subject, known: KnownRules): Decided {
  const { isAllowed, scope, by } = answer;
  // What was answered for more than this once is a rule by now; a denial of others may tell first.
  const rule = scope === "once" && isAllowed ? undefined : findRule(known, subject);
  if (rule !== undefined) return decidedByRule(rule, subject, known);
  const decidedBy = by === "nobody" ? { kind: by } : { kind: "answer" as const, by, scope };
  return { decision: { isAllowed, scope }, by: decidedBy };
}

/** Nothing but a yes for once is asked again in this run. */
async function learn(
  { subject }: Question,
  end: QuestionEnd,
  { options, known, tellOnce }: Pick<GateParts, "options" | "known" | "tellOnce">,
): Promise<void> {
  const answer: Answer | undefined =
    end.kind === "answered"
      ? end.answer
      : end.kind === "timeout"
        ? { isAllowed: false, scope: "run", by: "nobody" }
        : undefined;
  if (answer === undefined || (answer.isAllowed && answer.scope === "once")) return;
  const rule = ruleOfAnswer(answer, subject, options);
  const { by, scope } = answer;
  known.answeredBy.set(
    rule.id,
    end.kind === "timeout"
      ? { kind: "timeout" }
      : by === "nobody"
        ? { kind: "nobody" }
        : { kind: "answer", by, scope },
  );
  known.answers.push(rule);
  if (rule.scope !== "always") return;
  try {
    if (options.remember === undefined) throw new Error("this run keeps nothing");
    await options.remember(rule);
  } catch (error) {
    tellOnce("store", `the answer holds for this run only: ${(error as Error).message}`);
  }
}

function isProtected(subject: Subject, paths: readonly string[]): boolean {
  return "path" in subject && paths.some((path) => isWithin(subject.path, path));
}

function canBeShown({ subject, process, because = "" }: Question, home: string): boolean {
  const { object } = describeSubject(subject, home);
  const texts = [object, because, process?.name ?? "", process?.executable ?? ""];
  return texts.every((text) => showUntrusted(text).length <= MAX_SHOWN_CHARS);
}
