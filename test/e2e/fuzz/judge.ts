/**
 * @module
 * What every answer must be, whatever was asked: no failure of the server, in the shape of its wire, and
 * without a word about the server's inside.
 */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { errorCatalog } from "../../../src/core/errors.ts";
import type { Answer } from "./exchange.ts";
import type { Wire } from "./targets.ts";

const text = z.string().min(1);

/** Of refusals. */
const shapes: Readonly<Record<Wire, z.ZodType>> = {
  native: z.strictObject({
    error: z.strictObject({
      code: z.enum(Object.keys(errorCatalog) as [string, ...string[]]),
      message: text,
      details: z.object({}),
    }),
  }),
  piston: z.strictObject({ message: text }),
  judge0: z.union([
    z.strictObject({ error: text }),
    z.strictObject({ status: z.literal(404), error: text }),
    z.record(text, z.array(text).min(1)),
    // Of a batch, in which all are wrong.
    z.array(z.record(text, z.array(text).min(1))).min(1),
  ]),
  isobox: z.strictObject({ error: text }),
  isoboxV1: z.strictObject({ error: text, message: text }),
  quicktry: z.strictObject({ output: text, status: z.literal(-1) }),
  codecanvas: z.strictObject({ error: text }),
};

/** 500 where the other product answers 500, and its clients look for the words. */
const knownFailures: readonly (readonly [Wire, RegExp])[] = [
  ["isoboxV1", /^\{"error":"Execution failed","message":"Unsupported language: /],
  ["piston", /^\{"message":"(Already installed|Not installed)"\}$/],
];

const ownFolder = fileURLToPath(new URL("../../..", import.meta.url));
const insides = [ownFolder, "node_modules", "file:///", "SQLITE", "FST_ERR"];

/** A path of the server, a trace, or words of its parts. */
export function insideTold(content: string): string | undefined {
  return insides.find((each) => content.includes(each)) ?? /\n\s+at \S+ \(/.exec(content)?.[0];
}

/** @returns What is wrong with it; undefined where it is as it should be. */
export function faultOf(
  answer: Answer,
  wire: Wire | undefined,
  method: string,
): string | undefined {
  const { status, headers, body } = answer;
  const content = body.toString("utf8");
  const told = insideTold(content);
  if (told !== undefined) return `tells of the inside: ${told}`;
  if (status >= 500) {
    const isKnown = knownFailures.some(
      ([name, words]) => (wire ?? name) === name && status === 500 && words.test(content),
    );
    return isKnown ? undefined : `the status is ${status}`;
  }
  if (method === "HEAD" || status < 200) return undefined;
  if (status < 300) return successFault(headers.get("content-type"), content);
  return status < 400 ? undefined : refusalFault(status, content, wire);
}

function successFault(contentType: string | undefined, content: string): string | undefined {
  if (!contentType?.startsWith("application/json")) return undefined;
  return parse(content) === undefined ? "a good answer is not JSON" : undefined;
}

function refusalFault(status: number, content: string, wire: Wire | undefined): string | undefined {
  if (content === "") {
    const isOfKey = (status === 401 || status === 403) && (wire ?? "judge0") === "judge0";
    return isOfKey ? undefined : "a refusal without a body";
  }
  const document = parse(content);
  if (document === undefined) return "a refusal is not JSON";
  // What no route has seen has the shape of the server.
  const wires: readonly Wire[] =
    wire === undefined ? (Object.keys(shapes) as Wire[]) : [wire, "native"];
  const isRight = wires.some((name) => shapes[name].safeParse(document.value).success);
  return isRight ? undefined : `a refusal is not in the shape of ${wire ?? "any wire"}`;
}

function parse(content: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(content) as unknown };
  } catch {
    return undefined;
  }
}
