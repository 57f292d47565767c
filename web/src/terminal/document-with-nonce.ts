/**
 * @module
 * Lets the terminal's styles into a page whose rules refuse inline ones: style sheets get the page's
 * nonce, and styles of single elements are set as properties, which is no inline style.
 */

const XHTML = "http://www.w3.org/1999/xhtml";

/** For what is made by this document itself. */
export function giveNonce(document: Document, nonce: string): void {
  const createElement = (name: string): Element => {
    const element = document.createElementNS(XHTML, name.toLowerCase());
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
  Object.assign(document, { createElement });
}

/** A `style` attribute of a span is taken for properties. */
export function takeStyleProperties(): void {
  const takeStyle = function (this: HTMLElement, name: string, value: string): void {
    if (name === "style") this.style.cssText = value;
    else Element.prototype.setAttribute.call(this, name, value);
  };
  Object.assign(HTMLSpanElement.prototype, { setAttribute: takeStyle });
}
