/**
 * @module
 * Short messages at the page's edge, which screen readers say.
 */
import { signal } from "@preact/signals";

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly kind: "info" | "error";
  readonly action?: NoticeAction | undefined;
}

export interface NoticeAction {
  readonly label: string;
  readonly act: () => void;
}

const SHOWN_MS = { info: 4000, error: 12_000 } as const;
/** Until somebody has read it and found the button. */
const ACTION_SHOWN_MS = 12_000;
const MAX_NOTICES = 4;
const notices = signal<readonly Notice[]>([]);
let lastId = 0;

export function notify(text: string, kind: Notice["kind"] = "info", action?: NoticeAction): void {
  const id = ++lastId;
  notices.value = [...notices.peek(), { id, text, kind, action }].slice(-MAX_NOTICES);
  setTimeout(
    () => {
      close(id);
    },
    action === undefined ? SHOWN_MS[kind] : ACTION_SHOWN_MS,
  );
}

function close(id: number): void {
  notices.value = notices.peek().filter((notice) => notice.id !== id);
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, kind, action }) => (
        <p key={id} class={kind}>
          {text}
          {action && (
            <button
              type="button"
              onClick={() => {
                close(id);
                action.act();
              }}
            >
              {action.label}
            </button>
          )}
        </p>
      ))}
    </div>
  );
}
