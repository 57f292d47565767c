import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { starters } from "./starters-plugin.ts";

/** These say of calls that fill their tables of keys that nothing would miss them. */
const keepEffects: Plugin = {
  name: "keep-effects",
  transform: {
    filter: { id: /@replit\/codemirror-/ },
    handler: (code) => ({ code: code.replaceAll("/*@__PURE__*/", ""), map: null }),
  },
};

export default defineConfig({
  root: import.meta.dirname,
  // The page may lie below any path, behind a proxy.
  base: "./",
  plugins: [starters(join(import.meta.dirname, "../languages")), keepEffects],
  // What the server puts a nonce of its own in the place of, for each answer: src/server/page.
  html: { cspNonce: "__NONCE__" },
  build: {
    // Browsers of 2023 and later.
    target: ["chrome115", "firefox115", "safari16.4"],
    outDir: "../dist/web",
    emptyOutDir: true,
    // A file that is a part of another could be no module of its own under `img-src` and `font-src`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8000", "/health": "http://127.0.0.1:8000" } },
});
