/**
 * @module
 * Where the page begins.
 */
import { render } from "preact";
import "./styles/theme.css";
import "./styles/page.css";
import "./styles/controls.css";
import "./styles/code.css";
import "./styles/run.css";
import { App } from "./app.tsx";
import { connect } from "./state/server.ts";
import { applySettings } from "./state/settings.ts";
import { beginProject } from "./state/begin-project.ts";
import { openShare, sharedId } from "./share/shares.ts";
import { listenForKeys } from "./ui/page-keys.ts";

applySettings();
listenForKeys();
void begin();
render(<App />, document.getElementById("app") ?? document.body);

async function begin(): Promise<void> {
  const id = sharedId();
  await Promise.all([connect(), beginProject()]);
  if (id !== undefined) await openShare(id);
}
