/**
 * @module
 * What a broker is asked and answers: a line of JSON each, in the shape of Deno's permission broker.
 */
import { z } from "zod";
import { decisionScopes, type Subject } from "../core/permission.ts";
import { parseWith } from "../util/zod-issues.ts";
import type { ShownQuestion } from "./asker.ts";
import { formatEndpoint } from "./describe-subject.ts";

/** Longer than any answer; a broker that sends more is broken. */
export const MAX_LINE_BYTES = 64 * 1024;

const answerSchema = z.strictObject({
  id: z.int(),
  result: z.enum(["allow", "deny"]),
  reason: z.string().max(4096).optional(),
  scope: z.enum(decisionScopes).optional(),
});

export type BrokerAnswer = z.infer<typeof answerSchema>;

/** @throws Where it is no answer. */
export function parseBrokerAnswer(line: string): BrokerAnswer {
  const result = parseWith(answerSchema, JSON.parse(line), "the answer");
  if (result.ok) return result.value;
  throw new Error(result.issues.map(({ path, message }) => `${path} ${message}`).join("; "));
}

/** @param id Of this question and no other of the connection. @param now Milliseconds since 1970. */
export function formatBrokerQuestion(
  { subject, process: asking, because }: ShownQuestion,
  { id, now }: { readonly id: number; readonly now: number },
): string {
  const message = {
    ...{ v: 1, pid: asking?.pid ?? process.pid, id, datetime: new Date(now).toISOString() },
    ...{ permission: subject.kind, value: valueOf(subject) },
    ...(subject.kind === "net" && { protocol: subject.protocol }),
    ...(asking && { name: asking.name, executable: asking.executable }),
    ...(because !== undefined && { because }),
  };
  return `${JSON.stringify(message)}\n`;
}

function valueOf(subject: Subject): string {
  switch (subject.kind) {
    case "net":
      return formatEndpoint(subject);
    case "forward":
      return String(subject.port);
    case "env":
      return subject.name;
    case "read":
    case "write":
    case "list":
    case "socket":
      return subject.path;
  }
}
