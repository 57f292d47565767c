/**
 * @module
 * A state machine as a picture: a flowchart of Mermaid.
 */
import type { Condition, Machine, State } from "./asl.ts";

export function toMermaid(machine: Machine): string {
  return ["flowchart TD", ...linesOf(machine, "s", "  ")].join("\n") + "\n";
}

function linesOf({ StartAt, States }: Machine, prefix: string, indent: string): readonly string[] {
  const names = Object.keys(States);
  const idOf = (name: string): string => `${prefix}${names.indexOf(name)}`;
  const lines = [`${indent}${prefix}begin(( )) --> ${idOf(StartAt)}`];
  for (const [name, state] of Object.entries(States)) {
    const id = idOf(name);
    lines.push(`${indent}${id}${shapeOf(state, labelOf(name))}`);
    if (state.Type === "Map") {
      const inner = linesOf(state.ItemProcessor, `${id}_`, `${indent}  `);
      lines.push(`${indent}subgraph ${id}_each [for each item]`, ...inner, `${indent}end`);
      lines.push(`${indent}${id} -.-> ${id}_each`);
    }
    for (const [next, label] of nextsOf(state)) {
      lines.push(`${indent}${id} -->${label === "" ? "" : `|${label}|`} ${idOf(next)}`);
    }
  }
  return lines;
}

function shapeOf(state: State, label: string): string {
  if (state.Type === "Choice") return `{"${label}"}`;
  if (state.Type === "Task") return `["${label}"]`;
  return `("${label}")`;
}

function nextsOf(state: State): readonly (readonly [string, string])[] {
  if (state.Type === "Choice") {
    const rows = state.Choices.map((choice) => [choice.Next, conditionLabel(choice)] as const);
    return [...rows, [state.Default, "else"]];
  }
  if (state.Type === "Succeed" || state.Type === "Fail" || state.Next === undefined) return [];
  return [[state.Next, ""]];
}

const conditionLabel = (condition: Condition): string =>
  condition["Variable"] === "$.last.exit_code" ? "exit code 0" : "matches";

/** What Mermaid would read as its own. */
const labelOf = (name: string): string =>
  name.replaceAll(/["&<>#;\\]/g, (char) => `#${char.charCodeAt(0)};`);
