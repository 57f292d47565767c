/**
 * @module
 * Test cases of isobox: one program, run for each of several inputs, each in a sandbox of its own.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { collect } from "../../../service/collect.ts";
import { mapLimited } from "../../../util/map-limited.ts";
import { boundsFor } from "../../admission.ts";
import { aboutRun } from "../../held-runs.ts";
import { admitFor } from "../../run-now.ts";
import type { ExecuteBody } from "../../schemas.ts";
import type { ServedService, ServerContext } from "../../server-options.ts";
import { isoboxBody, type IsoboxProgram } from "./isobox-body.ts";
import { casesAnswer, notCompiledAnswer, testResult } from "./isobox-answers.ts";
import type { IsoboxAnswer, TestCase } from "./isobox-schemas.ts";
import { endOf, type ProgramEnd } from "./program-end.ts";
import { withinMax } from "./wanted-limits.ts";

/** Of one request. */
export const PARALLEL_CASES = 4;
const MIB = 2 ** 20;

export interface CasesRequest {
  readonly program: IsoboxProgram;
  readonly cases: readonly TestCase[];
  /** Called when a case has its slot, and not before: gives it its input. Absent: it has it. */
  readonly load?: (testCase: TestCase, signal: AbortSignal) => Promise<TestCase>;
}

/**
 * @returns Undefined where the client is gone.
 * @throws {GloveboxError} What `runNow` throws, for whichever case: then none has an answer.
 * @throws What `load` throws.
 */
export async function runTestCases(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { program, cases, load = async (testCase) => Promise.resolve(testCase) }: CasesRequest,
): Promise<IsoboxAnswer | undefined> {
  const { service, keys, runs } = context;
  // Each is made when its turn comes: together they would hold the program once for each case.
  const admitCase = (testCase?: TestCase) => {
    const body = isoboxBody(program, request.caller, context.config);
    return admitFor(context, request, {
      ...body,
      stdin: testCase?.input ?? "",
      limits: { ...body.limits, ...limitsOf(testCase, cases.length, request, context) },
    });
  };
  const { language } = admitCase(cases[0]);
  let begun = 0;
  const runCase = async (given: TestCase, signal: AbortSignal): Promise<CaseEnd> => {
    let testCase = given;
    const run: ServedService["run"] = async (waiting, sink, inner) => {
      const { turn = { callerId: request.caller.id }, origin } = waiting;
      const { memoryBytes } = waiting.limits;
      const loadInTurn = async () => {
        begun += 1;
        testCase = await load(given, inner);
        return admitCase(testCase).request;
      };
      return service.runLater({ turn, memoryBytes, origin, load: loadInTurn }, sink, inner);
    };
    const collected = await collect({ run }, admitCase(given).request, signal);
    return { testCase, end: endOf(collected) };
  };
  // Not `charged`: an input that can't be loaded would give back all that was run before it.
  await keys.charge(request.caller, cases.length);
  try {
    const runCases = async (signal: AbortSignal): Promise<IsoboxAnswer> => {
      const runAll = async (some: readonly TestCase[]): Promise<readonly CaseEnd[]> =>
        allOrNone(some, signal, runCase);
      return answerOf(cases, runAll, language.compile !== undefined);
    };
    return await runs.during(reply, runCases, aboutRun(request, language.id));
  } finally {
    await keys.giveBack(request.caller, cases.length - begun);
  }
}

async function answerOf(
  cases: readonly TestCase[],
  runAll: (some: readonly TestCase[]) => Promise<readonly CaseEnd[]>,
  hasCompiler: boolean,
): Promise<IsoboxAnswer> {
  // Of a compiled language one goes first: the others take what its compiler made from the cache.
  const leaders = hasCompiler ? 1 : 0;
  const first = await runAll(cases.slice(0, leaders));
  const isCompiled = first.every(({ end }) => end.phase === "run");
  const ends = [...first, ...(isCompiled ? await runAll(cases.slice(leaders)) : [])];
  const notCompiled = ends.find(({ end }) => end.phase === "compile");
  if (notCompiled !== undefined) return notCompiledAnswer(notCompiled.end);
  return casesAnswer(ends.map(({ testCase, end }) => testResult(testCase, end)));
}

interface CaseEnd {
  readonly testCase: TestCase;
  readonly end: ProgramEnd;
}

/** Ends all that were begun as soon as one has failed. */
async function allOrNone<T, R>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<readonly R[]> {
  const failed = new AbortController();
  const own = AbortSignal.any([signal, failed.signal]);
  try {
    return await mapLimited(items, PARALLEL_CASES, async (item) => work(item, own));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}

/** All cases are one answer, and together write no more than one execution may at most. */
function limitsOf(
  testCase: TestCase | undefined,
  caseCount: number,
  { caller }: FastifyRequest,
  { config }: ServerContext,
): ExecuteBody["limits"] {
  const { limits } = boundsFor(caller, config);
  const share = Math.max(1, Math.floor(limits.max.outputBytes / Math.max(1, caseCount)));
  const { timeout_seconds: seconds, memory_limit_mb: megabytes } = testCase ?? {};
  // There the time of a case is that of the clock and of the CPU alike.
  const timeMs = typeof seconds === "number" ? seconds * 1000 : undefined;
  return withinMax(
    {
      outputBytes: Math.min(limits.default.outputBytes, share),
      ...(timeMs === undefined ? {} : { wallTimeMs: timeMs, cpuTimeMs: timeMs }),
      ...(typeof megabytes === "number" ? { memoryBytes: megabytes * MIB } : {}),
    },
    caller,
    config,
  );
}
