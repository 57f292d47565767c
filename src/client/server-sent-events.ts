/**
 * @module
 * Reads server-sent events, as the HTML standard has them, however their bytes are cut.
 */

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
  /** The last one that came; empty where there was none. */
  readonly id: string;
}

/** @returns Takes the next characters of a stream; gives the events that they complete. */
export function createEventParser(): (chunk: string) => ServerSentEvent[] {
  let pending = "";
  let afterReturn = false;
  let id = "";
  let event = "";
  let data: string[] = [];

  const takeLine = (line: string, events: ServerSentEvent[]): void => {
    if (line === "") {
      if (data.length > 0) events.push({ event: event || "message", data: data.join("\n"), id });
      event = "";
      data = [];
      return;
    }
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) id = value;
  };

  return (chunk) => {
    const events: ServerSentEvent[] = [];
    // The second half of a line's end that was cut.
    let from = afterReturn && chunk.startsWith("\n") ? 1 : 0;
    if (chunk !== "") afterReturn = chunk.endsWith("\r");
    for (const match of chunk.matchAll(/\r\n|\r|\n/g)) {
      if (match.index < from) continue;
      const line = pending + chunk.slice(from, match.index);
      pending = "";
      from = match.index + match[0].length;
      takeLine(line, events);
    }
    pending += chunk.slice(from);
    return events;
  };
}

/** @param onBytes Called whenever something came, if only a comment. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<ServerSentEvent, void, void> {
  // Not every browser can iterate over a stream.
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parse = createEventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      yield* parse(decoder.decode(value, { stream: true }));
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
