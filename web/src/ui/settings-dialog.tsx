/**
 * @module
 * How the page looks, which keys it takes, and the server's key.
 */
import { apiKey, changeKey } from "../state/server.ts";
import {
  changeSettings,
  fontSizes,
  keymaps,
  settings,
  themes,
  type Keymap,
  type Theme,
} from "../state/settings.ts";
import { Dialog } from "./dialog.tsx";

export function SettingsDialog() {
  return (
    <Dialog name="settings" title="Settings">
      <Settings />
    </Dialog>
  );
}

function Settings() {
  const { theme, keymap } = settings.value;
  return (
    <div class="fields">
      <Choice
        label="Theme"
        titles={themes}
        value={theme}
        onChoice={(value) => changeSettings({ theme: value as Theme })}
      />
      <Choice
        label="Keys of the editor"
        titles={keymaps}
        value={keymap}
        onChoice={(value) => changeSettings({ keymap: value as Keymap })}
      />
      <SizeField />
      <label>
        Key of this server
        <input
          type="password"
          autocomplete="off"
          value={apiKey.value}
          placeholder="none"
          onChange={({ currentTarget: { value } }) => changeKey(value)}
        />
      </label>
      <p class="hint wide">
        Kept in this browser. In the editor, <kbd>Ctrl</kbd> <kbd>M</kbd> lets <kbd>Tab</kbd> move
        on (on a Mac, with <kbd>Shift</kbd>).
      </p>
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly titles: Readonly<Record<string, string>>;
  readonly value: string;
  readonly onChoice: (value: string) => void;
}

function Choice({ label, titles, value, onChoice }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => onChoice(currentTarget.value)}>
        {Object.entries(titles).map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

function SizeField() {
  const { min, max } = fontSizes;
  return (
    <label>
      Size of the code
      <input
        type="number"
        min={min}
        max={max}
        value={settings.value.fontSizePx}
        onChange={({ currentTarget: { valueAsNumber } }) => {
          if (valueAsNumber >= min && valueAsNumber <= max)
            changeSettings({ fontSizePx: valueAsNumber });
        }}
      />
    </label>
  );
}
