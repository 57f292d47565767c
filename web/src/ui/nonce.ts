/**
 * @module
 * What lets style sheets of the editor and the terminal into the page, see src/server/page.
 */
export const pageNonce =
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
