/**
 * @module
 * Runs a machine of ours step by step, here: just the states, paths and conditions that `compilePlan`
 * writes. What it hands to `runTask` is what Lambda would get.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { invalidRequest } from "../core/errors.ts";
import type { Condition, Json, Machine, State, Template } from "./asl.ts";

export interface TaskAnswer {
  readonly exit_code: number;
  readonly stdout: Json;
}

export interface Interpreter {
  readonly runTask: (
    payload: Readonly<Record<string, Json>>,
    signal: AbortSignal,
  ) => Promise<TaskAnswer>;
  /** Called before each state but those that only move data. */
  readonly onState: (name: string) => void;
}

export type MachineEnd =
  | { readonly status: "succeeded"; readonly output: Json }
  | { readonly status: "failed"; readonly error: string; readonly cause: string };

type Step = { readonly next: string; readonly data: Json } | { readonly end: MachineEnd };

/** More than any plan has; a machine of ours has no loops. */
const MAX_STEPS = 10_000;

/** @throws What `runTask` throws, and the reason of `signal`. */
export async function interpret(
  machine: Machine,
  input: Json,
  interpreter: Interpreter,
  signal: AbortSignal,
): Promise<MachineEnd> {
  let name = machine.StartAt;
  let data = input;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    signal.throwIfAborted();
    const state = machine.States[name];
    if (state === undefined) throw new Error(`no state is called ${name}`);
    if (state.Type === "Task" || state.Type === "Wait" || state.Type === "Map")
      interpreter.onState(name);
    const step = await doState(state, data, interpreter, signal);
    if ("end" in step) return step.end;
    ({ next: name, data } = step);
  }
  throw new Error("a state machine without an end");
}

async function doState(
  state: State,
  data: Json,
  interpreter: Interpreter,
  signal: AbortSignal,
): Promise<Step> {
  switch (state.Type) {
    case "Pass": {
      const made = fill(state.Parameters, data, null);
      return state.Next === undefined
        ? { end: { status: "succeeded", output: made } }
        : { next: state.Next, data: made };
    }
    case "Wait":
      await wait(state.Seconds * 1000, signal);
      return { next: state.Next, data };
    case "Choice": {
      const found = state.Choices.find((choice) => isTrue(choice, data));
      return { next: found?.Next ?? state.Default, data };
    }
    case "Task": {
      const { Payload } = fill(state.Parameters, data, null) as { Payload: Record<string, Json> };
      const answer = await interpreter.runTask(Payload, signal);
      const result = fill(state.ResultSelector, { Payload: { ...answer } }, null);
      return { next: state.Next, data: put(data, state.ResultPath, result) };
    }
    case "Map":
      return doMap(state, data, interpreter, signal);
    case "Succeed":
      return { end: { status: "succeeded", output: read(state.InputPath, data, null) ?? null } };
    case "Fail":
      return { end: { status: "failed", error: state.Error, cause: state.Cause } };
  }
}

/** A timer of Node takes no more than these; a longer one it ends at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= MAX_TIMER_MS) {
    await sleep(Math.min(leftMs, MAX_TIMER_MS), undefined, { signal });
  }
}

async function doMap(
  state: Extract<State, { readonly Type: "Map" }>,
  data: Json,
  interpreter: Interpreter,
  signal: AbortSignal,
): Promise<Step> {
  const items = read(state.ItemsPath, data, null);
  if (!Array.isArray(items)) {
    throw invalidRequest(
      ".foreach",
      "was given something else than a list. What comes before it must print a list in JSON",
    );
  }
  const results: Json[] = [];
  for (const item of items as readonly Json[]) {
    const input = fill(state.ItemSelector, data, item);
    const end = await interpret(state.ItemProcessor, input, interpreter, signal);
    if (end.status === "failed") return { end };
    results.push(end.output);
  }
  const result = fill(state.ResultSelector, results, null);
  return { next: state.Next, data: put(data, state.ResultPath, result) };
}

/** @param item What `$$.Map.Item.Value` is. */
function fill(template: Template, data: Json, item: Json): Json {
  const rows = Object.entries(template).map(([name, value]) => {
    if (name.endsWith(".$")) return [name.slice(0, -2), read(value as string, data, item) ?? null];
    const isTemplate = typeof value === "object" && value !== null && !Array.isArray(value);
    return [name, isTemplate ? fill(value as Template, data, item) : value];
  });
  return Object.fromEntries(rows) as Json;
}

const KEPT = "$[?(@.kept==true)].output";

/** Undefined: nothing is there. */
function read(path: string, data: Json, item: Json): Json | undefined {
  if (path === "$$.Map.Item.Value") return item;
  if (path === KEPT) {
    const results = data as readonly { readonly kept: boolean; readonly output: Json }[];
    return results.flatMap(({ kept, output }) => (kept ? [output] : []));
  }
  let value: Json | undefined = data;
  for (const name of path.split(".").slice(1)) {
    const holder: Readonly<Record<string, Json>> = isRecord(value) ? value : {};
    value = Object.hasOwn(holder, name) ? holder[name] : undefined;
  }
  return value;
}

const isRecord = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @param path `$.last` and its like. */
const put = (data: Json, path: string, value: Json): Json => ({
  ...(data as Readonly<Record<string, Json>>),
  [path.slice("$.".length)]: value,
});

function isTrue(condition: Condition, data: Json): boolean {
  if ("And" in condition)
    return (condition["And"] as readonly Condition[]).every((it) => isTrue(it, data));
  if ("Not" in condition) return !isTrue(condition["Not"] as Condition, data);
  const value = read(condition["Variable"] as string, data, null);
  const row = Object.entries(condition).find(([name]) => name !== "Variable" && name !== "Next");
  const [test = "", wanted = null] = row ?? [];
  if (test === "IsPresent") return value !== undefined;
  if (test === "IsNull") return value === null;
  if (typeof value !== typeof wanted || value === undefined || value === null || wanted === null)
    return false;
  const order = test.replace(/^(Numeric|String|Boolean)/, "");
  if (order === "Equals") return value === wanted;
  if (order === "LessThan") return value < wanted;
  if (order === "LessThanEquals") return value <= wanted;
  return order === "GreaterThan" ? value > wanted : value >= wanted;
}
