/**
 * @module
 * One question: who, what, what it means, and the answers.
 */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import type { AnswerRequest, Ask } from "../../../src/client/ask-types.ts";
import { showName, showUntrusted } from "../../../src/permissions/show-untrusted.ts";
import type { Run } from "../run/run.ts";
import { client, info } from "../state/server.ts";
import { notify } from "../ui/notices.tsx";
import { AnswerButton, useStill, type Stillness } from "./answer-button.tsx";
import { askWords, formatLeft, leftMs } from "./ask-words.ts";

interface AskCardProps {
  readonly ask: Ask;
  readonly run: Run;
  readonly stillness: Stillness;
  /** It goes away with the button that the keys are at. */
  readonly onFocusLost: () => void;
}

export function AskCard({ ask, run, stillness, onFocusLost }: AskCardProps) {
  const { who, verb, object, notes } = askWords(ask);
  const heading = useId();
  const card = useRef<HTMLElement>(null);
  useLayoutEffect(
    () => () => {
      if (card.current?.contains(document.activeElement) === true) onFocusLost();
    },
    [],
  );
  const isSent = useSignal(false);
  const send = async (request: AnswerRequest): Promise<void> => {
    isSent.value = true;
    try {
      await client.peek().answer(ask.id, request);
    } catch (error) {
      isSent.value = false;
      notify(`Your answer did not count: ${error instanceof Error ? error.message : ""}`, "error");
    }
  };
  const [main] = run.project.files;
  return (
    <article ref={card} class="ask" aria-labelledby={heading}>
      <h2 id={heading}>
        <bdi class="theirs">{who}</bdi> <From path={main?.path} /> {verb}
      </h2>
      <p class="object theirs">
        <bdi>{object}</bdi>
      </p>
      {notes.map((note) => (
        <p key={note} class="note">
          <bdi>{note}</bdi>
        </p>
      ))}
      <Answers {...{ ask, isSent, stillness, send }} />
      <Left ask={ask} />
      <AskDetails ask={ask} />
    </article>
  );
}

/** The program may be somebody else's: the names of its files, too. */
function From({ path }: { readonly path: string | undefined }) {
  if (path === undefined) return null;
  return (
    <small>
      (from <bdi class="theirs">{showName(path)}</bdi>)
    </small>
  );
}

interface AnswersProps {
  readonly ask: Ask;
  readonly isSent: Signal<boolean>;
  readonly stillness: Stillness;
  readonly send: (request: AnswerRequest) => Promise<void>;
}

function Answers({ ask, isSent, stillness, send }: AnswersProps) {
  const isStill = useStill(stillness.sinceMs);
  const mayAlways = info.value?.permissions.always === true;
  const isForward = ask.subject.kind === "forward";
  const answer = (label: string, request: AnswerRequest) => (
    <AnswerButton
      label={label}
      isReady={isStill.value && !isSent.value}
      kind={request.answer}
      stillness={stillness}
      onAnswer={() => void send(request)}
    />
  );
  return (
    <div class="answers" role="group" aria-label="Your answer">
      {!isForward && answer("Allow once", { answer: "allow", scope: "once" })}
      {answer("Allow for this run", { answer: "allow", scope: "run" })}
      {mayAlways && answer("Always allow", { answer: "allow", scope: "always" })}
      {ask.folder !== null &&
        answer(`Allow all of ${showUntrusted(ask.folder)}`, {
          ...{ answer: "allow", scope: "run", as: ask.folder },
        })}
      {answer("No", { answer: "deny", scope: "run" })}
      {mayAlways && answer("Never", { answer: "deny", scope: "always" })}
    </div>
  );
}

const TICK_MS = 500;
/** When somebody who does not see the card is told what is left. */
const saidSeconds: readonly number[] = [30, 10];

function Left({ ask }: { readonly ask: Ask }) {
  const arrivedMs = useRef(Date.now());
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), TICK_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);
  const left = leftMs(ask, arrivedMs.current, now.value);
  const said = saidSeconds.findLast((seconds) => left <= seconds * 1000);
  return (
    <p class="left">
      <progress
        aria-hidden="true"
        max={Date.parse(ask.expires_at) - Date.parse(ask.asked_at)}
        value={Math.max(0, left)}
      />
      <span aria-hidden="true">{formatLeft(left)} left, then it is denied</span>
      <span class="only-read" role="status">
        {said !== undefined && `${said} seconds left to answer`}
      </span>
    </p>
  );
}

function AskDetails({ ask }: { readonly ask: Ask }) {
  const { process, pattern } = ask;
  return (
    <details>
      <summary>More</summary>
      <dl>
        {process !== null && (
          <>
            <dt>Program</dt>
            <dd class="theirs">
              <bdi>{showUntrusted(process.executable)}</bdi>, process {process.pid}
            </dd>
          </>
        )}
        <dt>An answer that stays is about</dt>
        <dd class="theirs">
          <bdi>{showUntrusted(pattern)}</bdi>
        </dd>
      </dl>
    </details>
  );
}
