/**
 * @module
 * What of a line the shell does itself, and what it hands to a `bash` in a sandbox as a whole.
 */
import { forEachChild, type Command, type SyntaxNode } from "unbash";

/** For people: what runs as one `bash`. Undefined: the shell does it. */
export function handedOver(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case "If":
      return "`if`";
    case "For":
    case "ArithmeticFor":
    case "While":
    case "Select":
      return "a loop";
    case "Case":
      return "`case`";
    case "Subshell":
    case "BraceGroup":
      return "a group of commands";
    case "TestCommand":
    case "ArithmeticCommand":
      return "a test";
    case "Function":
      return "a function";
    case "Coproc":
      return "a coprocess";
    case "Command":
      return hasForeignPart(node) ? "a command with an expansion of bash's own" : undefined;
    default:
      return undefined;
  }
}

/** An assignment in a sandbox would set nothing here. */
function hasForeignPart(command: Command): boolean {
  return command.name !== undefined && isForeign(command);
}

const foreignTypes: ReadonlySet<SyntaxNode["type"]> = new Set([
  "ProcessSubstitution",
  "ExtendedGlob",
  "ArrayValue",
]);

/** Whether there is something in it that only bash understands; what `$(…)` runs is a line of its own. */
export function isForeign(node: SyntaxNode): boolean {
  if (foreignTypes.has(node.type)) return true;
  if (node.type === "CommandExpansion") {
    return node.script === undefined || node.text.startsWith("${");
  }
  if (node.type === "ArithmeticExpansion") return node.expression === undefined;
  if (node.type === "Assignment" && node.index !== undefined) return true;
  if (node.type === "ParameterExpansion") {
    const { prefix, index, operation } = node;
    const isOwn = operation === undefined || ["Default", "Remove"].includes(operation.type);
    if (prefix === "!" || index !== undefined || !isOwn) return true;
  }
  let found = false;
  forEachChild(node, (child) => {
    found ||= isForeign(child);
  });
  return found;
}
