/**
 * @module
 * What a run asks, as cards; and how its earlier questions ended.
 */
import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Ask } from "../../../src/client/ask-types.ts";
import { client } from "../state/server.ts";
import type { Run } from "../run/run.ts";
import { notify } from "../ui/notices.tsx";
import { AskCard } from "./ask-card.tsx";
import { Decisions } from "./decisions.tsx";
import { callWhenHidden } from "./call-when-hidden.ts";

/** The others wait behind them: new ones never move those that are being read. */
const MAX_CARDS = 3;

export function Asks({ run }: { readonly run: Run }) {
  const asks = run.asks.value;
  const shown = asks.slice(0, MAX_CARDS);
  const stillSinceMs = useStillSince(run);
  useEffect(() => callWhenHidden(run.asks), []);
  return (
    <>
      <p class="only-read" role="alert">
        {asks.length > 0 && "The program asks for a permission, and waits."}
      </p>
      {shown.length > 0 && (
        <section class="asks" aria-label="Permissions that the program asks for">
          {shown.map((ask) => (
            <AskCard key={ask.id} ask={ask} run={run} stillSinceMs={stillSinceMs} />
          ))}
          {asks.length > 1 && <Waiting asks={asks} stillSinceMs={stillSinceMs} />}
        </section>
      )}
      <Decisions run={run} />
    </>
  );
}

/** When the cards last came, went or moved, by the clock of events. */
function useStillSince(run: Run): Signal<number> {
  const since = useSignal(performance.now());
  const ids = useSignal("");
  useSignalEffect(() => {
    const now = run.asks.value
      .slice(0, MAX_CARDS)
      .map(({ id }) => id)
      .join();
    if (now === ids.peek()) return;
    ids.value = now;
    since.value = performance.now();
  });
  return since;
}

interface WaitingProps {
  readonly asks: readonly Ask[];
  readonly stillSinceMs: Signal<number>;
}

function Waiting({ asks }: WaitingProps) {
  const more = asks.length - MAX_CARDS;
  return (
    <p class="row">
      {more > 0 && <span>and {more} more</span>}
      {/* A denial by accident costs a run; an agreement could cost more. */}
      <button type="button" onClick={() => void denyAll(asks)}>
        Deny all {asks.length}
      </button>
    </p>
  );
}

async function denyAll(asks: readonly Ask[]): Promise<void> {
  const answers = asks.map((ask) => client.peek().answer(ask.id, { answer: "deny", scope: "run" }));
  const results = await Promise.allSettled(answers);
  const failed = results.filter(({ status }) => status === "rejected").length;
  if (failed > 0) notify(`${failed} of them had ended before.`);
}
