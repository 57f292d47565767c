import { expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type {
  batchAnswerSchema,
  executionSchema,
  listAnswerSchema,
  submitBodySchema,
} from "../server/executions/schemas.ts";
import type { ExecutionMessage as ServerMessage } from "../server/executions/follow.ts";
import type {
  executeAnswerSchema,
  executeBodySchema,
  healthAnswerSchema,
  infoAnswerSchema,
  languagesAnswerSchema,
} from "../server/schemas.ts";
import type {
  adminExecutionsSchema,
  adminKeysSchema,
  adminRunsSchema,
  historySchema,
  overviewSchema,
} from "../server/admin/schemas.ts";
import type * as admin from "./admin-types.ts";
import type * as client from "./types.ts";

/** JSON has no `undefined`, and can't be changed by who reads it. */
type Plain<T> = unknown extends T
  ? T
  : [string] extends [Exclude<T, null>]
    ? // Texts of which some are known by name, too.
      string | Extract<T, null>
    : PlainParts<T>;

type PlainParts<T> = T extends readonly (infer Element)[]
  ? readonly Plain<Element>[]
  : T extends object
    ? { readonly [Key in keyof T]: Plain<Exclude<T[Key], undefined>> }
    : T;

type Same<Schema extends z.ZodType> = Plain<z.output<Schema>>;

test("requests have the fields and types of the server's schemas", () => {
  expectTypeOf<Plain<client.ExecuteRequest>>().toEqualTypeOf<
    Same<ReturnType<typeof executeBodySchema>>
  >();
  expectTypeOf<Plain<client.SubmitRequest>>().toEqualTypeOf<
    Same<ReturnType<typeof submitBodySchema>>
  >();
});

test("answers have the fields and types of the server's schemas", () => {
  expectTypeOf<Plain<client.ExecuteAnswer>>().toEqualTypeOf<Same<typeof executeAnswerSchema>>();
  expectTypeOf<Plain<client.LanguagesAnswer>>().toEqualTypeOf<Same<typeof languagesAnswerSchema>>();
  expectTypeOf<Plain<client.InfoAnswer>>().toEqualTypeOf<Same<typeof infoAnswerSchema>>();
  expectTypeOf<Plain<client.HealthAnswer>>().toEqualTypeOf<Same<typeof healthAnswerSchema>>();
  expectTypeOf<Plain<client.Execution>>().toEqualTypeOf<Same<typeof executionSchema>>();
  expectTypeOf<Plain<client.BatchAnswer>>().toEqualTypeOf<Same<typeof batchAnswerSchema>>();
  expectTypeOf<Plain<client.ExecutionList>>().toEqualTypeOf<Same<typeof listAnswerSchema>>();
  expectTypeOf<Plain<client.ExecutionMessage>>().toEqualTypeOf<
    Plain<Exclude<ServerMessage, { type: "idle" }>>
  >();
});

test("what administrators see has the fields and types of the server's schemas", () => {
  expectTypeOf<Plain<admin.AdminOverview>>().toEqualTypeOf<Same<typeof overviewSchema>>();
  expectTypeOf<Plain<admin.AdminHistory>>().toEqualTypeOf<Same<typeof historySchema>>();
  expectTypeOf<Plain<admin.AdminExecutions>>().toEqualTypeOf<Same<typeof adminExecutionsSchema>>();
  expectTypeOf<Plain<admin.AdminRuns>>().toEqualTypeOf<Same<typeof adminRunsSchema>>();
  expectTypeOf<Plain<admin.AdminKeys>>().toEqualTypeOf<Same<typeof adminKeysSchema>>();
});
