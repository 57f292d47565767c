/**
 * @module
 * `$((…))`: whole numbers of 64 bits, as bash has them.
 */
import type { ArithmeticExpression } from "unbash";
import { invalidRequest } from "../core/errors.ts";
import { isName, valueOf, type ShellState } from "./state.ts";

/** @throws {GloveboxError} `INVALID_REQUEST` for what is no number, and for a division by 0. */
export function evaluate(expression: ArithmeticExpression | undefined, state: ShellState): bigint {
  if (expression === undefined) return 0n;
  switch (expression.type) {
    case "ArithmeticWord":
      return numberOf(expression.value, state);
    case "ArithmeticGroup":
      return evaluate(expression.expression, state);
    case "ArithmeticUnary":
      return unary(expression, state);
    case "ArithmeticTernary":
      return evaluate(expression.test, state) !== 0n
        ? evaluate(expression.consequent, state)
        : evaluate(expression.alternate, state);
    case "ArithmeticBinary":
      return binary(expression, state);
    case "ArithmeticCommandExpansion":
      throw unsupported(expression.text);
  }
}

type Node<T extends ArithmeticExpression["type"]> = Extract<ArithmeticExpression, { type: T }>;

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
const truth = (is: boolean): bigint => (is ? 1n : 0n);

/** A variable's value may be an expression itself in bash; with us it is a number. */
function numberOf(word: string, state: ShellState): bigint {
  const text = word
    .replace(/^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$/, "$1")
    .replace(/^["'](.*)["']$/, "$1");
  const positional = /^\$\{?([0-9#?])\}?$/.exec(word)?.[1];
  const value = positional === undefined ? text : special(positional, state);
  const looked = isName(value) ? (valueOf(state, value) ?? "0").trim() || "0" : value;
  if (/^0[0-7]+$/.test(looked)) return wrap(BigInt(`0o${looked.slice(1)}`));
  if (/^[-+]?(0|[1-9]\d{0,19})$|^0[xX][0-9A-Fa-f]{1,16}$/.test(looked)) {
    return wrap(
      looked.startsWith("-") ? -BigInt(looked.slice(1)) : BigInt(looked.replace("+", "")),
    );
  }
  throw invalidRequest("$((…))", `\`${looked}\` is not a number.`);
}

function special(name: string, state: ShellState): string {
  if (name === "#") return String(state.args.length);
  if (name === "?") return String(state.status);
  return (name === "0" ? state.name : state.args[Number(name) - 1]) ?? "0";
}

function unary({ operator, operand, prefix }: Node<"ArithmeticUnary">, state: ShellState): bigint {
  if (operator === "++" || operator === "--") {
    const before = evaluate(operand, state);
    const after = wrap(operator === "++" ? before + 1n : before - 1n);
    assign(operand, after, state);
    return prefix ? after : before;
  }
  const value = evaluate(operand, state);
  if (operator === "-") return wrap(-value);
  if (operator === "!") return truth(value === 0n);
  if (operator === "~") return wrap(~value);
  if (operator === "+") return value;
  throw unsupported(operator);
}

function binary(node: Node<"ArithmeticBinary">, state: ShellState): bigint {
  const { operator, left, right } = node;
  if (operator === "&&") {
    return truth(evaluate(left, state) !== 0n && evaluate(right, state) !== 0n);
  }
  if (operator === "||") {
    return truth(evaluate(left, state) !== 0n || evaluate(right, state) !== 0n);
  }
  const [, ofAssignment] = /^(\*|\/|%|\+|-|<<|>>|&|\^|\|)?=$/.exec(operator) ?? [];
  if (operator === "=" || ofAssignment !== undefined) {
    const value = evaluate(right, state);
    const result =
      ofAssignment === undefined ? value : compute(ofAssignment, evaluate(left, state), value);
    assign(left, result, state);
    return result;
  }
  return compute(operator, evaluate(left, state), evaluate(right, state));
}

function assign(target: ArithmeticExpression, value: bigint, state: ShellState): void {
  if (target.type !== "ArithmeticWord" || !isName(target.value)) throw unsupported("=");
  state.variables.set(target.value, String(value));
}

const computations: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / notZero(b),
  "%": (a, b) => a % notZero(b),
  "**": (a, b) => power(a, b),
  "<<": (a, b) => a << (b & 63n),
  ">>": (a, b) => a >> (b & 63n),
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
  "<": (a, b) => truth(a < b),
  ">": (a, b) => truth(a > b),
  "<=": (a, b) => truth(a <= b),
  ">=": (a, b) => truth(a >= b),
  "==": (a, b) => truth(a === b),
  "!=": (a, b) => truth(a !== b),
  ",": (_a, b) => b,
};

function compute(operator: string, a: bigint, b: bigint): bigint {
  const computation = computations[operator];
  if (computation === undefined) throw unsupported(operator);
  return wrap(computation(a, b));
}

function notZero(value: bigint): bigint {
  if (value === 0n) throw invalidRequest("$((…))", "a division by 0.");
  return value;
}

/** By squares: the exponent may be large, and the result never is. */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) throw invalidRequest("$((…))", "an exponent below 0.");
  let [result, square] = [1n, base];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = wrap(result * square);
    square = wrap(square * square);
  }
  return result;
}

const unsupported = (what: string) =>
  invalidRequest("$((…))", `\`${what}\` is not understood here. Write it for \`bash -c\`.`);
