/**
 * @module
 * Where the page begins.
 */
import { render } from "preact";
import "./styles/theme.css";
import "./styles/page.css";
import "./styles/controls.css";
import "./styles/files.css";
import "./styles/code.css";
import "./styles/run.css";
import "./styles/history.css";
import { App } from "./app.tsx";
import { baseUrl, connect } from "./state/server.ts";
import { applySettings } from "./state/settings.ts";
import { beginProject } from "./state/begin-project.ts";
import { openShare, sharedId } from "./share/shares.ts";
import { lazy } from "./ui/lazy.tsx";
import { listenForKeys } from "./ui/page-keys.ts";

const Admin = lazy(async () => (await import("./admin/admin.tsx")).Admin);
const root = document.getElementById("app") ?? document.body;

applySettings();

const isAdmin = new URL("admin", baseUrl).pathname === location.pathname;
if (isAdmin) render(<Admin fallback={<p class="hint">Loading …</p>} />, root);
else {
  listenForKeys();
  render(<App />, root);
  void begin();
}

async function begin(): Promise<void> {
  const id = sharedId();
  await Promise.all([connect(), beginProject()]);
  if (id !== undefined) await openShare(id);
}
