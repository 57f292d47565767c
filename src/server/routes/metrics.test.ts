import { once } from "node:events";
import { request as connect } from "node:http";
import Fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { createMetrics } from "../../observe/metrics.ts";
import { countRequests } from "./metrics.ts";

test("what no route and no hook lets through is counted, and never by its path", async () => {
  const metrics = createMetrics({ languageIds: [] });
  const app = Fastify();
  onTestFinished(async () => {
    await app.close();
    metrics.close();
  });
  countRequests(app, metrics);
  app.addHook("onRequest", async (request, reply) => {
    if (request.headers.authorization === undefined) return reply.code(401).send();
    return undefined;
  });
  app.get("/runs/:id", async () => "done");
  const url = await app.listen({ host: "127.0.0.1", port: 0 });

  const authorization = "Bearer x";
  for (const [path, headers] of [
    ["/runs/secret", { authorization }],
    ["/runs/secret", {}],
    ["/secret", { authorization }],
  ] as const) {
    await fetch(`${url}${path}`, { headers });
  }
  const upgrade = connect(`${url}/runs/secret`, {
    headers: { authorization, connection: "Upgrade", upgrade: "websocket" },
  });
  upgrade.end();
  const [response] = (await once(upgrade, "response")) as [NodeJS.ReadableStream];
  response.resume();
  await once(response, "end");

  const { body } = await metrics.scrape();
  const count = (labels: string): string => `glovebox_http_requests_total{${labels}}`;
  // The last one is no WebSocket, whatever it said of itself.
  expect(body).toContain(`${count('route="/runs/:id",method="GET",status="200"')} 2\n`);
  expect(body).toContain(`${count('route="/runs/:id",method="GET",status="401"')} 1\n`);
  expect(body).toContain(`${count('route="unknown",method="GET",status="404"')} 1\n`);
  expect(body).not.toContain("secret");
});
