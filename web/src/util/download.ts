/**
 * @module
 * Files for the person at the page.
 */

/** Browsers begin to read it at once; until then it must be there. */
const KEPT_MS = 10_000;

/** Never opened by the browser itself, whatever its name. */
export function download(content: BlobPart, name: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, KEPT_MS);
}
