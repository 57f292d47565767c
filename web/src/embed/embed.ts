/**
 * @module
 * `<script src="https://SERVER/embed.js" defer></script>` makes code blocks of any page runnable:
 *
 * ```html
 * <pre data-glovebox="python">print(6 * 7)</pre>
 * ```
 *
 * With `data-all` on the script also those that a highlighter marked, `<code class="language-python">`.
 * It needs no inline script or style: a page's Content-Security-Policy has to name the server in
 * `script-src` and `connect-src`, and the server has to name the page's origin in `server.corsOrigins`.
 */
import { addSnippet, type SnippetOptions } from "./snippet.ts";

const script = document.currentScript;
if (script instanceof HTMLScriptElement) start(script);

function start({ src, dataset }: HTMLScriptElement): void {
  const base = new URL(".", src);
  const { key, all } = dataset;
  const mark = (): void => {
    const selector = `[data-glovebox]${all === undefined ? "" : ', pre > code[class*="language-"]'}`;
    for (const element of document.querySelectorAll<HTMLElement>(selector)) {
      const options = optionsOf(element);
      if (options !== undefined) addSnippet(element, { ...options, base, key });
    }
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", mark);
  else mark();
}

/** Undefined for what has a frame already, or no language. */
function optionsOf(element: HTMLElement): Omit<SnippetOptions, "base" | "key"> | undefined {
  const block = element.closest<HTMLElement>("pre") ?? element;
  if (block.dataset["gloveboxReady"] !== undefined) return undefined;
  const [, byClass] = /(?:^|\s)language-([\w+#.-]+)/.exec(element.className) ?? [];
  const { glovebox = "", stdin, args, version, network } = element.dataset;
  const language = glovebox === "" ? byClass : glovebox;
  if (language === undefined) return undefined;
  block.dataset["gloveboxReady"] = "";
  return { language, stdin, version, args: args?.split(/\s+/).filter(Boolean), network };
}
