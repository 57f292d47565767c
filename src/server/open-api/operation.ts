/**
 * @module
 * The form of what the reference says of an endpoint.
 */
import type { ErrorCode } from "../../core/errors.ts";

export interface Operation {
  /** Name of a function, for generators of clients. */
  readonly id: string;
  readonly tag: "executions" | "server";
  readonly summary: string;
  readonly description: string;
  /** True where no key is asked for. */
  readonly isPublic?: true;
  /** Besides those that each endpoint may answer with, see `document.ts`. */
  readonly errors: readonly ErrorCode[];
  readonly parameters?: Readonly<Record<string, ParameterText>>;
  /** Headers of the request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly bodyExample?: unknown;
  readonly answers: Readonly<Record<number, AnswerText>>;
}

export interface ParameterText {
  readonly description: string;
  /** In place of the text that a query is before it is read. */
  readonly schema?: object;
}

export interface AnswerText {
  readonly description: string;
  /** Where no schema of the route says more. */
  readonly contentType?: string;
  readonly example?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
