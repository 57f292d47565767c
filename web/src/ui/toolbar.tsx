/**
 * @module
 * The page's head: which language, run and stop, and all else that can be done.
 */
import { isRunning, startRun, stopRun } from "../run/runs.ts";
import { changeLanguage } from "../state/starters.ts";
import { changeProject, project } from "../state/project.ts";
import { languages, type LanguageRow } from "../state/server.ts";
import { openDialog } from "./dialog.tsx";
import icon from "../icon.svg";
import { Icon } from "./icons.tsx";

export function Toolbar() {
  return (
    <header class="toolbar">
      <h1>
        <img src={icon} alt="" width="20" height="20" /> Glovebox
      </h1>
      <LanguageChoice />
      <VersionChoice />
      <RunButton />
      <span class="gap" />
      <button type="button" class="quiet" onClick={() => (openDialog.value = "share")}>
        <Icon name="share" /> Share
      </button>
      <button type="button" class="quiet" onClick={() => (openDialog.value = "settings")}>
        Settings
      </button>
    </header>
  );
}

function RunButton() {
  if (isRunning.value) {
    return (
      <button type="button" class="stop" onClick={stopRun} title="Stop (Esc)">
        <Icon name="stop" /> Stop
      </button>
    );
  }
  return (
    <button type="button" class="run" onClick={startRun} title="Run (Ctrl+Enter)">
      <Icon name="play" /> Run
    </button>
  );
}

const byTitle = (a: LanguageRow, b: LanguageRow): number => a.title.localeCompare(b.title);

function LanguageChoice() {
  const rows = [...languages.value].sort(byTitle);
  const { language } = project.value;
  const isKnown = rows.some(({ id }) => id === language);
  return (
    <label class="language">
      <span class="only-read">Language</span>
      <select
        value={language}
        onChange={({ currentTarget }) => {
          changeLanguage(currentTarget.value);
        }}
      >
        {!isKnown && <option value={language}>{language}</option>}
        {rows
          .filter(({ installed }) => installed)
          .map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        <optgroup label="Not installed on this server">
          {rows
            .filter(({ installed }) => !installed)
            .map(({ id, title }) => (
              <option key={id} value={id} disabled={id !== language}>
                {title}
              </option>
            ))}
        </optgroup>
      </select>
    </label>
  );
}

function VersionChoice() {
  const { language, version } = project.value;
  const row = languages.value.find(({ id }) => id === language);
  const versions = [...new Set(row?.runtimes.flatMap((runtime) => runtime.version ?? []))];
  if (versions.length < 2) return row?.version ? <span class="version">{row.version}</span> : null;
  return (
    <label class="version">
      <span class="only-read">Version</span>
      <select
        value={version}
        onChange={({ currentTarget }) => changeProject({ version: currentTarget.value })}
      >
        <option value="">any</option>
        {versions.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
