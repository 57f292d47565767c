import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { boundAnswers } from "./bound-answers.ts";

test("an answer that stalls once it has begun is given up", async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).write('{"Functions":');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new LambdaClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });
  boundAnswers(client, 50);
  try {
    await expect(client.send(new ListFunctionsCommand({}))).rejects.toThrow(
      "its answer did not end within 0.05 s",
    );
  } finally {
    client.destroy();
    server.closeAllConnections();
    server.close();
  }
});
