import { request as httpRequest } from "node:http";
import { text as readText } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

const extensionOrigin = "http://stackoverflow.com";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({
    server: { corsOrigins: [extensionOrigin] },
    limits: { max: { wallTime: "500ms" } },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const failed = { output: expect.any(String) as unknown, status: -1 };

/** As httpie and curl can, and fetch can't: any method with a body. */
async function send(method: string, body: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const outgoing = httpRequest(`${server.url}/run`, {
      method,
      headers: { "content-length": Buffer.byteLength(body), ...headers },
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      readText(response).then((text) => {
        resolve({ status: response.statusCode, body: JSON.parse(text) as unknown });
      }, reject);
    });
    outgoing.end(body);
  });
}

describe.each(["GET", "POST"])("%s /run", (method) => {
  test.each<[string, object, object]>([
    [
      "both streams, in one",
      { lang: "bash", code: "echo a; echo b >&2; exit 4" },
      { output: expect.stringMatching(/^(a\nb|b\na)\n$/) as unknown, status: 4 },
    ],
    [
      "a name in any case, and text as it is",
      { lang: "Nodejs", code: 'console.log("a\\nb é")' },
      { output: "a\nb é\n", status: 0 },
    ],
    ["params for stdin", { lang: "bash", code: "cat", params: "in" }, { output: "in", status: 0 }],
    ["other params", { lang: "bash", code: "cat", params: { a: 1 } }, { output: "", status: 0 }],
    [
      "another language",
      { lang: "Klingon", code: "" },
      { output: "klingon is not a supported language", status: -1 },
    ],
    [
      "a version that is not there",
      { lang: "Python2", code: "print 1", params: "" },
      { output: "python2 is not a supported language", status: -1 },
    ],
    [
      "no time left",
      { lang: "bash", code: "echo a; sleep 9" },
      { output: "execution timed out after 0.5s", status: -1 },
    ],
  ])("%s", async (_name, body, wanted) => {
    const headers = { "content-type": "application/json; charset=utf-8" };
    const answer = await send(method, JSON.stringify(body), headers);
    expect(answer).toEqual({ status: 200, body: wanted });
  });

  test.each<[string, string, Record<string, string>, number]>([
    ["nothing", "", {}, 200],
    ["a form", "lang=bash", { "content-type": "application/x-www-form-urlencoded" }, 200],
    ["JSON that is not called so", '{"lang":"bash","code":""}', {}, 200],
    ["a content type that is none", "{}", { "content-type": "nonsense" }, 200],
    ["null", "null", { "content-type": "application/json" }, 200],
    ["broken JSON", "{", { "content-type": "application/json" }, 400],
    ["no JSON", "", { "content-type": "application/json" }, 400],
    ["an array", "[]", { "content-type": "application/json" }, 400],
    ["no language", '{"code":""}', { "content-type": "application/json" }, 400],
    ["no code", '{"lang":"bash"}', { "content-type": "application/json" }, 400],
    ["a number", '{"lang":1,"code":""}', { "content-type": "application/json" }, 400],
  ])("%s", async (_name, body, headers, status) => {
    const answer = await send(method, body, headers);
    const noInput = { output: "no input", status: -1 };
    expect(answer).toEqual({ status, body: status === 200 ? noInput : failed });
  });
});

test("what does not compile is an output", async () => {
  const { status, body } = await server.post("/run", { lang: "c", code: "int main( {" });
  expect([status, body]).toEqual([
    200,
    { output: expect.stringContaining("main.c") as unknown, status: 1 },
  ]);
});

test("a body that is too large", async () => {
  const answer = await send("GET", "", {
    "content-type": "application/json",
    "content-length": "1000000000",
  }).catch((error: unknown) => error);
  expect(answer).toEqual({ status: 413, body: failed });
});

test("GET /languages, GET /images and codecanvas's languages are what is installed", async () => {
  const list = async (path: string): Promise<unknown> =>
    (await request(`${server.url}${path}`)).body;
  const names = (await list("/languages")) as string[];
  expect(names).toEqual(expect.arrayContaining(["nodejs", "bash"]));
  expect(names).not.toContain("javascript");
  expect(names).not.toContain("klingon");
  expect(await list("/images")).toEqual(names.map((name) => `quicktry-${name}:latest`));

  const { languages, ...rest } = (await list("/api/v1/languages")) as { languages: string[] };
  expect(rest).toEqual({});
  const six = ["python3", "nodejs", "c++", "go", "bash", "rust"];
  const own = six.filter((name) => languages.includes(name));
  expect(languages.slice(0, own.length)).toEqual(own);
  expect(own).toEqual(expect.arrayContaining(["nodejs", "bash"]));
  expect(languages).not.toContain("javascript");
});

test("the browser extension may call from its pages", async () => {
  const headers = { origin: extensionOrigin, "content-type": "application/json" };
  const preflight = await fetch(`${server.url}/run`, {
    method: "OPTIONS",
    headers: {
      origin: extensionOrigin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-headers")).toBe("content-type");
  const answer = await request(`${server.url}/run`, {
    method: "POST",
    headers,
    body: JSON.stringify({ code: "console.log('hello')", lang: "Nodejs", params: "" }),
  });
  expect(answer.headers.get("access-control-allow-origin")).toBe(extensionOrigin);
  expect(answer.body).toEqual({ output: "hello\n", status: 0 });
});
