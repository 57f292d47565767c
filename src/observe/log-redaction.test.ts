import Fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { GloveboxError } from "../core/errors.ts";
import { logSerializers } from "./log-redaction.ts";

test.each([
  ["/health", "/health"],
  ["/submissions?wait=true&base64_encoded=", "/submissions?wait&base64_encoded"],
  ["/x?secret", "/x?"],
  ["/x?a=b?c=secret", "/x?a"],
  [`/${"x".repeat(300)}?key=secret`, `/${"x".repeat(255)}`],
])("%s is logged as %s", (url, path) => {
  expect(logSerializers.req({ method: "GET", url, ip: "::1" })).toEqual({
    method: "GET",
    path,
    remoteAddress: "::1",
  });
});

test("an error is logged with its causes, and without what it carries", () => {
  const cause = Object.assign(new Error("disk"), { code: "ENOSPC", options: { key: "secret" } });
  const error = new GloveboxError(
    "STORAGE_UNAVAILABLE",
    "no room",
    { reason: "secret" },
    { cause },
  );
  const logged = logSerializers.err(error);
  expect(logged).toMatchObject({
    type: "GloveboxError",
    code: "STORAGE_UNAVAILABLE",
    message: "no room",
    stack: expect.stringContaining("log-redaction.test.ts") as string,
    cause: { type: "Error", code: "ENOSPC", message: "disk" },
  });
  expect(JSON.stringify(logged)).not.toContain("secret");
});

test("a parser's error does not quote its text, and a thrown text is none of ours", () => {
  const parse = (): unknown => JSON.parse("secret");
  let failure: unknown;
  try {
    parse();
  } catch (error) {
    failure = error;
  }
  const logged = JSON.stringify([logSerializers.err(failure), logSerializers.err("secret")]);
  expect(logged).toContain("log-redaction.test.ts");
  expect(logged).not.toContain("secret");
});

test("an error that is its own cause is logged", () => {
  const error = new Error("round");
  error.cause = error;
  expect(JSON.stringify(logSerializers.err(error)).match(/"message"/g)).toHaveLength(4);
});

test("nothing secret of a real request gets into Fastify's log", async () => {
  const lines: string[] = [];
  const app = Fastify({
    logger: { serializers: logSerializers, stream: { write: (line) => void lines.push(line) } },
  });
  onTestFinished(async () => app.close());
  app.post("/run", async (request) => {
    request.log.error({ err: Object.assign(new Error("bad"), { body: request.body }) }, "failed");
    return { output: "secret" };
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  await fetch(`${url}/run?api_key=secret`, {
    method: "POST",
    headers: { authorization: "Bearer secret", "content-type": "application/json" },
    body: JSON.stringify({ code: "secret" }),
  });
  await expect.poll(() => lines.join("")).toContain('"status":200');
  expect(lines.join("")).toContain('"path":"/run?api_key"');
  expect(lines.join("")).not.toContain("secret");
});
