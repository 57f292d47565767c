import { exchange } from "./exchange.ts";
import { startServer } from "../http-fixture.ts";
const server = await startServer({ prepare: "off", logLevel: "warn", server: { requestTimeout: "2s" } });
const body = '{"language":"bash","code":"echo hi"}';
const send = async (name: string, head: string[], rest = "", end: "answer" | "soon" = "answer") => {
  const t = performance.now();
  try {
    const { answers, rest: r } = await exchange({ port: server.port, pieces: [Buffer.from(head.join("\r\n") + "\r\n\r\n" + rest)], method: "POST", end });
    console.log(name, answers.map((a) => `${a.status} ${a.body.toString().slice(0, 160)}`), r.toString("latin1").slice(0, 60), Math.round(performance.now() - t));
  } catch (e) { console.log(name, String(e)); }
};
const h2c = ["connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA"];
const post = ["POST /v1/execute HTTP/1.1", "host: localhost", "content-type: application/json", `content-length: ${body.length}`];
await send("plain", post, body);
await send("h2c post", [...post, ...h2c], body);
await send("h2c get", ["GET /health HTTP/1.1", "host: localhost", ...h2c]);
await send("expect", [...post, "expect: x"], body);
await send("continue", [...post, "expect: 100-continue"], body);
await send("no host", post.filter((l) => !l.startsWith("host")), body);
const ws = ["connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13", "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=="];
await send("ws post", [...post, ...ws], body);
await send("ws bad url", ["GET /v1/executions/%E0%A4%A/attach HTTP/1.1", "host: localhost", ...ws]);
await send("ws bad url close", ["GET /v1/executions/%E0%A4%A/attach HTTP/1.1", "host: localhost", ...ws], "", "soon");
await send("ws pipelined", ["GET /health HTTP/1.1", "host: localhost", "", "GET /api/v2/connect HTTP/1.1", "host: localhost", ...ws], "", "soon");
await send("h2c pipelined", ["GET /health HTTP/1.1", "host: localhost", "", "GET /health HTTP/1.1", "host: localhost", ...h2c], "", "soon");
await send("ws bad key", ["GET /api/v2/connect HTTP/1.1", "host: localhost", ...ws.slice(0, 3)], "", "soon");
await send("ws bad version", ["GET /api/v2/connect HTTP/1.1", "host: localhost", ...ws.slice(0, 2), ws[3]!, "sec-websocket-version: 7"], "", "soon");
await send("attach without", ["GET /v1/executions/x/attach HTTP/1.1", "host: localhost"]);
await send("ws on plain route", ["GET /v1/languages HTTP/1.1", "host: localhost", ...ws], "", "soon");
await send("ws good", ["GET /api/v2/connect HTTP/1.1", "host: localhost", ...ws], "", "soon");
await server[Symbol.asyncDispose]();
