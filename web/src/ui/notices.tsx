/**
 * @module
 * Short messages at the page's edge, which screen readers say.
 */
import { signal } from "@preact/signals";

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly kind: "info" | "error";
}

const SHOWN_MS = { info: 4000, error: 12_000 } as const;
const MAX_NOTICES = 4;
const notices = signal<readonly Notice[]>([]);
let lastId = 0;

export function notify(text: string, kind: Notice["kind"] = "info"): void {
  const id = ++lastId;
  notices.value = [...notices.peek(), { id, text, kind }].slice(-MAX_NOTICES);
  setTimeout(() => {
    notices.value = notices.peek().filter((notice) => notice.id !== id);
  }, SHOWN_MS[kind]);
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, kind }) => (
        <p key={id} class={kind}>
          {text}
        </p>
      ))}
    </div>
  );
}
