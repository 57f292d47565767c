import { getEventListeners, once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { NotPublicError, sendOutbound, type OutboundRequest } from "./outbound-request.ts";

const serve = async (listener: RequestListener): Promise<URL> => {
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return new URL(`http://localhost:${(server.address() as AddressInfo).port}/`);
};
const to = (url: URL, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  ...{ url, method: "POST", body: "{}", timeoutMs: 10_000, maxAnswerBytes: 10, allowPrivate: true },
  ...more,
});

test("a signal that outlives many requests is left as it was", async () => {
  const url = await serve((_request, answer) => answer.end("ok"));
  const { signal } = new AbortController();
  for (let count = 0; count < 20; count++) {
    const { status, body } = await sendOutbound(to(url), signal);
    expect([status, body.toString()]).toEqual([200, "ok"]);
  }
  await expect(sendOutbound(to(url, { allowPrivate: false }), signal)).rejects.toThrow(
    NotPublicError,
  );
  await expect.poll(() => getEventListeners(signal, "abort")).toEqual([]);
});

test("a name is not told its address", async () => {
  const url = await serve((_request, answer) => answer.end());
  const refused = sendOutbound(to(url, { allowPrivate: false }), new AbortController().signal);
  await expect(refused).rejects.toThrow("localhost is no public address, or leads to none");
});

test("its time, and who gives up, end it", async () => {
  const url = await serve(() => undefined);
  const { signal } = new AbortController();
  await expect(sendOutbound(to(url, { timeoutMs: 50 }), signal)).rejects.toThrow("within 50 ms");
  const giveUp = new AbortController();
  const given = sendOutbound(to(url), giveUp.signal);
  giveUp.abort(new Error("stopping"));
  await expect(given).rejects.toThrow("stopping");
});
