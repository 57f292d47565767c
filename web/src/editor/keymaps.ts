/**
 * @module
 * Keys of other editors, loaded where somebody wants them.
 */
import type { Extension } from "@codemirror/state";
import type { Keymap } from "../state/settings.ts";

export async function loadKeymap(name: Keymap): Promise<Extension> {
  switch (name) {
    case "usual":
      return [];
    case "vim":
      return (await import("@replit/codemirror-vim")).vim({ status: true });
    case "emacs":
      return (await import("@replit/codemirror-emacs")).emacs();
  }
}
