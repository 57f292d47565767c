/**
 * @module
 * Dialogs over the page. The browser's own element keeps focus inside, and closes at Escape.
 */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";

export type DialogName = "settings" | "share" | "file" | "compare";

/** Which one is open. */
export const openDialog = signal<DialogName | undefined>(undefined);

interface DialogProps {
  readonly name: DialogName;
  readonly title: string;
  /** Absent: as wide as a form. */
  readonly size?: "wide";
  readonly children: ComponentChildren;
}

export function Dialog(props: DialogProps) {
  return openDialog.value === props.name ? <OpenDialog {...props} /> : null;
}

function OpenDialog({ title, size, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    element.current?.showModal();
  }, []);
  const close = (): void => {
    openDialog.value = undefined;
  };
  return (
    <dialog ref={element} class={size} aria-labelledby={heading} onClose={close}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
