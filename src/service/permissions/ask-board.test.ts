import { expect, test } from "vitest";
import type { ShownQuestion } from "../../permissions/asker.ts";
import { createAskBoard, type AskEvent } from "./ask-board.ts";

const never = new AbortController().signal;

function question(id: string): ShownQuestion {
  const subject = { kind: "net", protocol: "tcp", host: "example.com", port: 443 } as const;
  return { id, subject, pattern: subject };
}

const ofAnn = { executionId: "e1", callerId: "ann" };
const ofBob = { executionId: "e2", callerId: "bob" };

test("shows a caller their own questions, and whoever sees all of them", async () => {
  const board = createAskBoard({ askTimeoutMs: 1000 });
  const events: AskEvent[] = [];
  board.subscribe({ callerId: "ann" }, (event) => void events.push(event));
  const ann = board.begin(ofAnn).asker.ask(question("q1"), never);
  const bob = board.begin(ofBob).asker.ask(question("q2"), never);
  const ids = (filter: Parameters<typeof board.list>[0]): readonly string[] =>
    board.list(filter).map(({ id }) => id);
  expect(ids({})).toEqual(["q1", "q2"]);
  expect(ids({ callerId: "bob" })).toEqual(["q2"]);
  expect(ids({ callerId: "bob", executionId: "e1" })).toEqual([]);
  expect(board.find("q1", { callerId: "bob" })).toBe("unknown");
  for (const ask of board.list({})) {
    expect(board.answer(ask, { isAllowed: true, scope: "once" })).toBe("ok");
    expect(board.answer(ask, { isAllowed: false, scope: "once" })).toBe("over");
  }
  expect(await Promise.all([ann, bob])).toMatchObject([{ isAllowed: true }, { isAllowed: true }]);
  expect(board.find("q1", { callerId: "ann" })).toBe("over");
  expect(board.find("q1", { callerId: "bob" })).toBe("unknown");
  expect(events.map(({ kind, ask }) => `${kind} ${ask.id}`)).toEqual(["ask q1", "answered q1"]);
});

test("has no more open questions than it may, of one caller and of all", async () => {
  const board = createAskBoard({ askTimeoutMs: 1000, maxOfCaller: 2, maxOpen: 3 });
  const [ann, bob] = [board.begin(ofAnn), board.begin(ofBob)];
  const open = [
    ann.asker.ask(question("1"), never),
    ann.asker.ask(question("2"), never),
    bob.asker.ask(question("3"), never),
  ];
  await expect(ann.asker.ask(question("4"), never)).rejects.toThrow("too many questions");
  await expect(bob.asker.ask(question("5"), never)).rejects.toThrow("too many questions");
  ann.end();
  bob.end();
  const ended = await Promise.allSettled(open);
  expect(ended.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(board.list({})).toEqual([]);
});

test("tells a question that nobody answered from one whose program is gone", async () => {
  const board = createAskBoard({ askTimeoutMs: 60_000 });
  const late = createAskBoard({ askTimeoutMs: 0 });
  const kinds: string[] = [];
  for (const each of [board, late]) {
    each.subscribe({}, ({ kind }) => void kinds.push(kind));
    const gone = new AbortController();
    const asked = each.begin(ofAnn).asker.ask(question("q"), gone.signal);
    gone.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
  }
  expect(kinds).toEqual(["ask", "withdrawn", "ask", "timeout"]);
});

test("that is closed ends executions with a question, and those that ask one later", async () => {
  const board = createAskBoard({ askTimeoutMs: 1000 });
  const [asking, silent] = [board.begin(ofAnn), board.begin(ofBob)];
  const asked = asking.asker.ask(question("1"), never);
  board.close();
  await expect(asked).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
  expect([asking.signal.aborted, silent.signal.aborted]).toEqual([true, false]);
  await expect(silent.asker.ask(question("2"), never)).rejects.toThrow();
  expect(silent.signal.aborted).toBe(true);
});
