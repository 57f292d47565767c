/**
 * @module
 * What the log says of requests, answers and failures. Headers have keys, query strings may, and errors
 * of parsers quote what they parse: none of them gets there.
 */

interface LoggedRequest {
  readonly method: string;
  readonly url: string;
  /** As Fastify tells it: behind a trusted proxy it is the client's. */
  readonly ip: string;
}

interface LoggedAnswer {
  readonly statusCode?: number | undefined;
}

/** As pino calls it. */
interface LoggedError {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  readonly stack: string;
  readonly cause?: LoggedError;
  readonly [more: string]: unknown;
}

const MAX_PATH_CHARS = 256;
const MAX_MESSAGE_CHARS = 2000;
const MAX_STACK_CHARS = 8000;
/** Of an error, its cause, the cause's cause. */
const MAX_CAUSES = 4;

/** For pino, as Fastify sets it up: `logger: { serializers: logSerializers }`. */
export const logSerializers = {
  req: ({ method, url, ip }: LoggedRequest) => ({
    method,
    path: withoutValues(url),
    remoteAddress: ip,
  }),
  res: ({ statusCode }: LoggedAnswer) => ({ status: statusCode }),
  err: (error: unknown) => errorToLog(error, MAX_CAUSES),
};

/** `/submissions?wait=true&key=secret` becomes `/submissions?wait&key`. */
function withoutValues(url: string): string {
  const [path = "", query] = url.slice(0, MAX_PATH_CHARS).split("?", 2);
  if (query === undefined) return path;
  const names = query.split("&").map((pair) => {
    const [name = "", value] = pair.split("=", 2);
    // A bare text may be a key as well as a name.
    return value === undefined ? "" : name;
  });
  return `${path}?${names.join("&")}`;
}

/** Its other properties may hold anything: requests, options with keys, parts of a body. */
function errorToLog(error: unknown, depth: number): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: "", stack: "" };
  const { name, code, cause } = error as Error & { readonly code?: unknown };
  const isParser = error instanceof SyntaxError;
  const stack = error.stack ?? "";
  return {
    type: name,
    ...(typeof code === "string" ? { code } : {}),
    message: isParser ? "a text that can't be parsed" : error.message.slice(0, MAX_MESSAGE_CHARS),
    // The first lines of a stack are the message.
    stack: (isParser ? framesOf(stack) : stack).slice(0, MAX_STACK_CHARS),
    ...(cause === undefined || depth <= 1 ? {} : { cause: errorToLog(cause, depth - 1) }),
  };
}

function framesOf(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => /^ {4}at /.test(line))
    .join("\n");
}
