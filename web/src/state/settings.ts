/**
 * @module
 * How the page looks and which keys it takes, as its user wants it.
 */
import { computed, effect, signal } from "@preact/signals";
import { readStored, writeStored } from "./stored.ts";

export const themes = {
  system: "As the system",
  light: "Light",
  dark: "Dark",
  solarized: "Solarized light",
  dracula: "Dracula",
  contrast: "High contrast",
} as const;
export type Theme = keyof typeof themes;

export const keymaps = { usual: "Usual", vim: "Vim", emacs: "Emacs" } as const;
export type Keymap = keyof typeof keymaps;

export interface Settings {
  readonly theme: Theme;
  readonly keymap: Keymap;
  readonly fontSizePx: number;
}

export const fontSizes = { min: 10, max: 28 } as const;
const defaults: Settings = { theme: "system", keymap: "usual", fontSizePx: 14 };

export const settings = signal<Settings>(readStored("settings", isSettings) ?? defaults);

export function changeSettings(change: Partial<Settings>): void {
  settings.value = { ...settings.peek(), ...change };
  writeStored("settings", settings.peek());
}

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const prefersDark = signal(systemIsDark.matches);
systemIsDark.addEventListener("change", ({ matches }) => {
  prefersDark.value = matches;
});

/** Without `system`. */
export const shownTheme = computed<Exclude<Theme, "system">>(() => {
  const { theme } = settings.value;
  if (theme !== "system") return theme;
  return prefersDark.value ? "dark" : "light";
});

export const isDark = computed(() => ["dark", "dracula", "contrast"].includes(shownTheme.value));

/** Styles look at the document's own attributes. */
export function applySettings(): void {
  effect(() => {
    const { documentElement: root } = document;
    root.dataset["theme"] = shownTheme.value;
    root.style.colorScheme = isDark.value ? "dark" : "light";
    root.style.setProperty("--code-size", `${settings.value.fontSizePx}px`);
  });
}

function isSettings(value: unknown): value is Settings {
  if (typeof value !== "object" || value === null) return false;
  const { theme, keymap, fontSizePx } = value as Partial<Record<keyof Settings, unknown>>;
  return (
    typeof theme === "string" &&
    Object.hasOwn(themes, theme) &&
    typeof keymap === "string" &&
    Object.hasOwn(keymaps, keymap) &&
    typeof fontSizePx === "number" &&
    fontSizePx >= fontSizes.min &&
    fontSizePx <= fontSizes.max
  );
}
