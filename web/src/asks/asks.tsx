/**
 * @module
 * What a run asks, as cards; and how its earlier questions ended.
 */
import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Ask } from "../../../src/client/ask-types.ts";
import { client } from "../state/server.ts";
import type { Run } from "../run/run.ts";
import { notify } from "../ui/notices.tsx";
import { AnswerButton, useStill, type Stillness } from "./answer-button.tsx";
import { AskCard } from "./ask-card.tsx";
import { Decisions } from "./decisions.tsx";
import { callWhenHidden } from "./call-when-hidden.ts";
import { watchPlace, type PlaceWatch } from "./watch-place.ts";

/** The others wait behind them: new ones never move those that are being read. */
const MAX_CARDS = 3;

export function Asks({ run }: { readonly run: Run }) {
  const asks = run.asks.value;
  const shown = asks.slice(0, MAX_CARDS);
  const place = useRef<HTMLDivElement>(null);
  const stillness = useStillness(run, place);
  useEffect(() => callWhenHidden(run.asks), []);
  // Who answered by a key goes on from here, not from the begin of the page.
  const keepFocus = (): void => place.current?.focus({ preventScroll: true });
  return (
    <>
      <p class="only-read" role="alert">
        {announce(asks.length)}
      </p>
      <div ref={place} class="asks-place" tabIndex={-1}>
        {shown.length > 0 && (
          <section class="asks" aria-label="Permissions that the program asks for">
            {shown.map((ask) => (
              <AskCard key={ask.id} {...{ ask, run, stillness }} onFocusLost={keepFocus} />
            ))}
            {asks.length > 1 && <Waiting asks={asks} stillness={stillness} />}
          </section>
        )}
      </div>
      <Decisions run={run} />
    </>
  );
}

/** With the number: else nobody would hear of a second one. */
function announce(count: number): string {
  if (count === 0) return "";
  return `The program asks for ${count === 1 ? "a permission" : `${count} permissions`}, and waits.`;
}

/** When the cards last came, went or moved. */
function useStillness(run: Run, place: RefObject<HTMLElement | null>): Stillness {
  const sinceMs: Signal<number> = useSignal(performance.now());
  const ids = useSignal("");
  const watch = useRef<PlaceWatch | undefined>(undefined);
  const onMoved = (): void => {
    sinceMs.value = performance.now();
  };
  useSignalEffect(() => {
    const now = run.asks.value
      .slice(0, MAX_CARDS)
      .map(({ id }) => id)
      .join();
    if (now === ids.peek()) return;
    ids.value = now;
    onMoved();
  });
  const isAsked = ids.value !== "";
  useEffect(() => {
    if (!isAsked) return undefined;
    const answers = () => [...(place.current?.querySelectorAll(".answers") ?? [])];
    watch.current = watchPlace(answers, onMoved);
    return () => watch.current?.end();
  }, [isAsked]);
  return { sinceMs, look: () => watch.current?.look() };
}

interface WaitingProps {
  readonly asks: readonly Ask[];
  readonly stillness: Stillness;
}

function Waiting({ asks, stillness }: WaitingProps) {
  const isStill = useStill(stillness.sinceMs);
  const more = asks.length - MAX_CARDS;
  // Who clicks twice would be told that all of them had ended.
  const sent = useRef(new Set<string>());
  return (
    <p class="row">
      {more > 0 && <span>and {more} more</span>}
      <AnswerButton
        label={`Deny all ${asks.length}`}
        kind="deny"
        isReady={isStill.value}
        stillness={stillness}
        onAnswer={() => void denyAll(asks, sent.current)}
      />
    </p>
  );
}

async function denyAll(asks: readonly Ask[], sent: Set<string>): Promise<void> {
  const deny = async ({ id }: Ask): Promise<void> => {
    sent.add(id);
    try {
      await client.peek().answer(id, { answer: "deny", scope: "run" });
    } catch (error) {
      sent.delete(id);
      throw error;
    }
  };
  const results = await Promise.allSettled(asks.filter(({ id }) => !sent.has(id)).map(deny));
  const failed = results.filter(({ status }) => status === "rejected").length;
  if (failed > 0) notify(`${failed} of them had ended before.`);
}
