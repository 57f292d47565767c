/**
 * @module
 * `.filter '.hours > 5'`: a path, a comparison and a value in JSON, as a condition of a Choice.
 */
import { invalidRequest } from "../core/errors.ts";
import type { Condition, Json } from "./asl.ts";

const expression = /^\s*\.([\w.]*)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?)\s*)?$/;

const orders: Readonly<Record<string, string>> = {
  "<": "LessThan",
  "<=": "LessThanEquals",
  ">": "GreaterThan",
  ">=": "GreaterThanEquals",
};

/**
 * A path that is not there is no match, and a value of another kind only one for `!=`.
 *
 * @param data Where the value is that it is about.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function conditionOf(text: string, data: string): Condition {
  const [whole, path = "", operator = "==", literal = "true"] = expression.exec(text) ?? [];
  if (whole === undefined || /\.\.|\.$/.test(path)) throw notUnderstood(text);
  const variable = path === "" ? data : `${data}.${path}`;
  const comparison = compare(operator, parseLiteral(literal, text), variable, text);
  const present = { Variable: variable, IsPresent: true };
  return { And: [present, operator === "!=" ? { Not: comparison } : comparison] };
}

function compare(operator: string, value: Json, Variable: string, text: string): Condition {
  const order = operator === "==" || operator === "!=" ? "Equals" : orders[operator];
  if (typeof value === "number") return { Variable, [`Numeric${order}`]: value };
  if (typeof value === "string") return { Variable, [`String${order}`]: value };
  if (order === "Equals" && typeof value === "boolean") return { Variable, BooleanEquals: value };
  if (order === "Equals" && value === null) return { Variable, IsNull: true };
  throw notUnderstood(text);
}

function parseLiteral(literal: string, text: string): Json {
  try {
    return JSON.parse(literal) as Json;
  } catch {
    throw notUnderstood(text);
  }
}

const notUnderstood = (text: string): Error =>
  invalidRequest(
    ".filter",
    `\`${text}\` is not understood. Write a path, a comparison and a value in JSON: '.hours > 5', '.name == "x"', '.done'`,
  );
