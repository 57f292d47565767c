/**
 * @module
 * What the playground's pages may do, as browsers enforce it: a page that shows what a program wrote must
 * not become that program's.
 */

/** @param nonce Of this answer alone: style sheets that the editor makes have it. */
export function pageHeaders(nonce: string): Readonly<Record<string, string>> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      // Pictures that a program made are shown from the answer in which they came.
      "img-src 'self' blob:",
      "connect-src 'self'",
      "frame-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ].join("; "),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
  };
}
