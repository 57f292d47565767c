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

/** The same document, but that a `style` attribute of its spans is taken for properties. */
export function withStyleProperties(document: Document): Document {
  const createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = document.createElement(name, options);
    if (element instanceof HTMLSpanElement) takeStyle(element);
    return element;
  };
  return new Proxy(document, {
    get: (target, property) => {
      if (property === "createElement") return createElement;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function takeStyle(element: HTMLElement): void {
  const setAttribute = element.setAttribute.bind(element);
  element.setAttribute = (name: string, value: string): void => {
    if (name === "style") element.style.cssText = value;
    else setAttribute(name, value);
  };
}
