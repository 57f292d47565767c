import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createEngineClient, type EngineClient } from "./engine/client.ts";
import { createRemover } from "./remove-container.ts";

let folder: string;
let server: Server;
let client: EngineClient;
/** How the daemon answers to the removals to come. */
let answers: number[];
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-remove-test-"));
  answers = [];
  asked = [];
  server = createServer(({ method, url = "" }, response) => {
    if (method !== "DELETE") return response.end('{"ApiVersion":"1.41"}');
    asked.push(/containers\/(\w+)/.exec(url)?.[1] ?? url);
    return response.writeHead(answers.shift() ?? 500).end();
  });
  const socketPath = join(folder, "docker.sock");
  await once(server.listen(socketPath), "listening");
  client = createEngineClient({
    description: socketPath,
    isLocal: true,
    isSecure: false,
    connection: { socketPath },
  });
});

afterEach(async () => {
  client.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

test.each<[string, "remove" | "removeUnanswered", number[], { soon: number; atLast: number }]>([
  ["one that was removed is not asked for again", "remove", [204], { soon: 1, atLast: 1 }],
  ["nor one that is gone", "remove", [404], { soon: 1, atLast: 1 }],
  ["one that could not be removed is tried again", "remove", [503, 204], { soon: 2, atLast: 2 }],
  ["one that is busy is tried until it is not", "remove", [500, 500, 204], { soon: 3, atLast: 3 }],
  [
    "until it is gone, also after several failures",
    "remove",
    [503, 503, 404],
    { soon: 2, atLast: 3 },
  ],
  [
    "one whose making was not answered, and that is there, is removed at once",
    "removeUnanswered",
    [204],
    { soon: 1, atLast: 1 },
  ],
  [
    "one whose making was not answered may appear after its removal: it is tried again later",
    "removeUnanswered",
    [404, 204],
    { soon: 1, atLast: 2 },
  ],
  [
    "also where the daemon could not be asked in between",
    "removeUnanswered",
    [503, 404, 204],
    { soon: 2, atLast: 3 },
  ],
])("%s", async (_name, how, status, { soon, atLast }) => {
  answers = status;
  const remover = createRemover(client);
  await remover[how]("it");
  await remover.removeLost();
  expect(asked).toHaveLength(soon);
  await remover.removeLost(Infinity);
  expect(asked).toEqual(Array.from({ length: atLast }, () => "it"));
});
