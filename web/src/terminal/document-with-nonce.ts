/**
 * @module
 * A document for libraries that make style sheets: what they make has the nonce with which the page's
 * rules let it in.
 */

/** The same document, but for the `<style>` elements that are made by it. */
export function documentWithNonce(document: Document, nonce: string): Document {
  const createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = document.createElement(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
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
