/**
 * @module
 * POST /execute of isobox: `{language, code}` to `{stdout, stderr, exit_code}`. Its GET /health is
 * also ours, see `routes/health.ts`.
 */
import { constants } from "node:os";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { GloveboxError } from "../../../core/errors.ts";
import { describeOutcome, exitCodeOf, type Outcome } from "../../../core/outcome.ts";
import { collect, type CollectedExecution } from "../../../service/collect.ts";
import { showText } from "../../../util/show-value.ts";
import { knownError } from "../../errors.ts";
import type { LiveRuns } from "../../live-runs.ts";
import type { ServerOptions } from "../../server-options.ts";
import { toExecutionRequest } from "../../to-request.ts";

/** Unknown fields are ignored, as there. */
const bodySchema = z.object({ language: z.string(), code: z.string() });

const answerSchema = z.strictObject({
  stdout: z.string(),
  stderr: z.string(),
  exit_code: z.int(),
});

export function addIsoboxRoutes(
  app: FastifyInstance,
  { service, config }: ServerOptions,
  runs: LiveRuns,
): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "POST",
    url: "/execute",
    schema: { body: bodySchema, response: { 200: answerSchema } },
    errorHandler: sendIsoboxError,
    handler: async (request, reply) => {
      const execution = toExecutionRequest(request.body, service.languages, config);
      const collected = await runs.during(reply, async (signal) =>
        collect(service, execution, signal),
      );
      if (collected === undefined) return reply.hijack();
      return isoboxAnswer(collected);
    },
  });
}

function isoboxAnswer({ report, output }: CollectedExecution): z.output<typeof answerSchema> {
  // A program that did not compile has an answer too: the compiler's words and exit code.
  const [execution, bytes] =
    report.run === null ? [report.compile, output.compile] : [report.run, output.run];
  const outcome: Outcome = execution?.outcome ?? { kind: "canceled" };
  return {
    stdout: report.run === null ? "" : bytes.stdout.toString("utf8"),
    stderr: bytes.stderr.toString("utf8") + limitNote(outcome),
    exit_code: exitCodeOf(outcome, (signal) => constants.signals[signal]),
  };
}

/** isobox has no field for the outcome, so that a limit would look like the program's own end. */
function limitNote(outcome: Outcome): string {
  return outcome.kind === "limit" ? `glovebox: ${describeOutcome(outcome)}\n` : "";
}

/** There every failure is a 400 with a text, but for a body that is too large. */
function sendIsoboxError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = knownError(error, request);
  if (known.code === "INTERNAL") request.log.error({ err: error }, known.message);
  void reply
    .code(known.code === "BODY_TOO_LARGE" ? 413 : 400)
    .type("application/json")
    .serializer(JSON.stringify)
    .send({ error: isoboxText(known, request.body) });
}

function isoboxText({ code, message }: GloveboxError, body: unknown): string {
  if (code !== "UNKNOWN_LANGUAGE") return message;
  const { language } = body as z.output<typeof bodySchema>;
  return `Unsupported language: ${showText(language)}`;
}
