/**
 * @module
 * Says that the program that was there is kept, after another one has taken its place.
 */
import { forgetReplaced, haveBack, replaced } from "../state/replaced.ts";
import { Icon } from "./icons.tsx";

export function ReplacedNote() {
  if (replaced.value === undefined) return null;
  return (
    <p class="replaced-note" role="status">
      The program that you had is kept.{" "}
      <button type="button" onClick={haveBack}>
        Have it back
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Forget the program that you had"
        title="Forget it"
        onClick={forgetReplaced}
      >
        <Icon name="close" />
      </button>
    </p>
  );
}
