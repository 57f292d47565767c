/**
 * @module
 * How snippets look. A constructed style sheet is no inline style: a page's rules let it pass.
 */
const css = `
:host { display: block; margin: 0 0 1em; font: 14px/1.4 system-ui, sans-serif; }
.bar { display: flex; flex-wrap: wrap; gap: .4em; align-items: center; }
button { padding: .25em .8em; border: 1px solid #8886; border-radius: 6px; background: none;
  color: inherit; font: inherit; cursor: pointer; }
button.run { border-color: #1c5fd4; background: #1c5fd4; color: #fff; }
button:focus-visible { outline: 2px solid #1c5fd4; outline-offset: 2px; }
pre { max-height: 24em; margin: .5em 0 0; padding: .6em .8em; overflow: auto; border: 1px solid #8886;
  border-radius: 6px; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; unicode-bidi: plaintext; --ansi-0: #57606a; --ansi-1: #d1242f;
  --ansi-2: #1a7f37; --ansi-3: #9a6700; --ansi-4: #0969da; --ansi-5: #8250df; --ansi-6: #1b7c83;
  --ansi-7: #8c959f; --ansi-8: #6e7781; --ansi-9: #e5534b; --ansi-10: #2da44e; --ansi-11: #bf8700;
  --ansi-12: #218bff; --ansi-13: #a475f9; --ansi-14: #3192aa; --ansi-15: #afb8c1; }
.stderr { color: #d1242f; }
[hidden] { display: none; }
`;

export function snippetStyles(): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}
