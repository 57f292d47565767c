/* global performance, document, MutationObserver, requestAnimationFrame, MessageChannel */
// Run in the page by page.ts: resolves with the ms from a click on Run to the frame that has the output.
new Promise((resolve) => {
  const startedAt = performance.now();
  const isSeen = () =>
    document.querySelector(".output.run pre")?.textContent.includes("Hello, world!") === true;
  const observer = new MutationObserver(() => {
    if (!isSeen()) return;
    observer.disconnect();
    // The frame is painted behind its callbacks.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - startedAt);
      port2.postMessage(undefined);
    });
  });
  // The output of the run before goes with the click.
  document.querySelector("button.run").click();
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
});
