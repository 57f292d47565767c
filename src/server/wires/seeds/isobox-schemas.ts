/**
 * @module
 * The shapes of isobox's later API. Fields that it does not know are ignored; what is absent in an
 * answer is null.
 */
import { z } from "zod";
import { limitTable } from "../../../core/limits.ts";

const MIB = 2 ** 20;
const MAX_UINT32 = 2 ** 32 - 1;

const program = { language: z.string(), code: z.string() };

const testCaseSchema = z.object({
  name: z.string(),
  input: z.string(),
  expected_output: z.string().nullish(),
  timeout_seconds: wholeNumber(1, MAX_UINT32).nullish(),
  memory_limit_mb: wholeNumber(limitTable.memoryBytes.min / MIB, Number.MAX_SAFE_INTEGER).nullish(),
});

export type TestCase = z.output<typeof testCaseSchema>;

export const executeSchema = z.object({
  ...program,
  test_cases: z.array(testCaseSchema).nullish(),
});
export const testCasesSchema = z.object({ ...program, test_cases: z.array(testCaseSchema) });
export const testFilesSchema = z.object({
  ...program,
  test_files: z.array(z.object({ name: z.string(), content: z.string() })),
});
export const testUrlsSchema = z.object({
  ...program,
  test_urls: z.array(z.object({ name: z.string(), url: z.string() })),
});

const testResultSchema = z.strictObject({
  name: z.string(),
  passed: z.boolean(),
  stdout: z.string(),
  stderr: z.string(),
  exit_code: z.int(),
  time_taken: z.number().nullable(),
  memory_used: z.null(),
  error_message: z.string().nullable(),
  input: z.string(),
  expected_output: z.string().nullable(),
  actual_output: z.string(),
});

export type TestResult = z.output<typeof testResultSchema>;

export const answerSchema = z.strictObject({
  stdout: z.string(),
  stderr: z.string(),
  exit_code: z.int(),
  /** Seconds. */
  time_taken: z.number().nullable(),
  memory_used: z.null(),
  test_results: z.array(testResultSchema).nullable(),
});

export type IsoboxAnswer = z.output<typeof answerSchema>;

export const downloadFailedSchema = z.strictObject({
  error: z.literal("Failed to download test case"),
  message: z.string(),
});

function wholeNumber(min: number, max: number): z.ZodNumber {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}
