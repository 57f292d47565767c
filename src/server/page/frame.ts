/**
 * @module
 * The frame in which the page shows HTML that a program made: a document of its own origin, that of
 * nobody, which is given that HTML and can reach nothing.
 */
import type { FastifyInstance } from "fastify";

export function addFrame(app: FastifyInstance): void {
  app.route({
    method: "GET",
    url: "/frame",
    // There is nothing in it.
    config: { access: "public" },
    handler: async (_request, reply) =>
      reply
        .headers(frameHeaders)
        .type("text/html; charset=utf-8")
        .header("cache-control", "no-store")
        .send(frameHtml),
  });
}

/**
 * Takes one message, of the page around it alone, and is that document from then on: with the headers
 * that this one came with. Opened as a page of its own it takes none.
 */
const script = `"use strict";
addEventListener("message", function take({ source, data }) {
  if (parent === window || source !== parent || typeof data !== "string") return;
  removeEventListener("message", take);
  document.open();
  document.write(data);
  document.close();
});`;

const frameHtml = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Made by a program</title>
    <script>${script}</script>
  </head>
  <body></body>
</html>
`;

/** What browsers give without being asked, or would ask the person at the page for. */
const features = [
  ...["accelerometer", "autoplay", "camera", "clipboard-read", "clipboard-write"],
  ...["display-capture", "encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope"],
  ...["hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment"],
  ...["picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial"],
  ...["storage-access", "usb", "xr-spatial-tracking"],
] as const;

/**
 * It has no connection that a policy of content can forbid. Browsers still look up the name of a host that
 * it names (`<link rel=preconnect>`), and let it use WebRTC: nothing of the person at the page is in
 * there to be told, but what the program wrote can leave so.
 */
const frameHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    // Also where it is opened as a page of its own: an origin of nobody, no windows, no forms, no dialogs.
    "sandbox allow-scripts",
    "default-src 'none'",
    // It is a program's page, and does what it wants with itself.
    "script-src 'unsafe-inline' 'unsafe-eval'",
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "font-src data:",
    "media-src data: blob:",
    // Those of the script's own would be without it.
    "worker-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join("; "),
  "permissions-policy": features.map((feature) => `${feature}=()`).join(", "),
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};
