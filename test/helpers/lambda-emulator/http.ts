/**
 * @module
 * What all APIs of the emulator have in common.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function send(response: ServerResponse, { status, body, headers = {} }: ApiAnswer): void {
  const bytes =
    Buffer.isBuffer(body) || typeof body === "string" ? body : JSON.stringify(body ?? {});
  response.writeHead(status, {
    "content-type": typeof body === "string" ? "text/xml" : "application/json",
    "x-amzn-requestid": randomUUID(),
    ...headers,
  });
  response.end(status === 204 ? undefined : bytes);
}

/** As Lambda's REST API tells an error. */
export const restError = (status: number, name: string, message: string): ApiAnswer => ({
  status,
  body: { Type: "User", Message: message, message },
  headers: { "x-amzn-errortype": name },
});
