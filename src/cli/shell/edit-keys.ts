/**
 * @module
 * Keys on their way to the line editor: `mode vi` turns them into those that it knows, and Ctrl-R looks
 * for earlier lines, whatever their case.
 */
import { searchHistory } from "../../shell/history.ts";

export interface KeyFilter {
  /** @returns Keys for the editor, which takes them one by one. */
  readonly read: (keys: string) => readonly string[];
  /** A new line begins. */
  readonly reset: () => void;
}

export interface KeyFilterParts {
  readonly mode: () => "vi" | "emacs";
  readonly history: () => readonly string[];
  /** Shows a text in the place of the line. */
  readonly show: (text: string) => void;
  /** Shows the line again. */
  readonly restore: () => void;
}

const ctrlR = "\u0012";
const escape = "\u001b";
/** Deletes the line, whatever is before and behind the cursor. */
const clearLine = "\u0005\u0015";

export function createKeyFilter(parts: KeyFilterParts): KeyFilter {
  const search = createSearch(parts);
  const vi = createVi();
  return {
    read: (keys) => {
      const passed: string[] = [];
      const isVi = parts.mode() === "vi";
      // In vi's modes Escape is a key of its own, and Meta is none.
      const typed = keys.replaceAll(answer, "");
      for (const key of splitKeys(typed, isVi ? viKey : emacsKey)) {
        const wanted = isVi && !search.isOn() ? vi.read(key) : key;
        for (const each of splitKeys(wanted, emacsKey)) {
          if (search.isOn()) passed.push(...splitKeys(search.read(each), emacsKey));
          else if (each === ctrlR) search.begin();
          else passed.push(each);
        }
      }
      return passed;
    },
    reset: () => {
      vi.reset();
      search.reset();
    },
  };
}

/* eslint-disable no-control-regex -- keys are control characters */
/**
 * What a terminal says when a program has asked it something: its colours, its name, where its cursor
 * is, the title that the program gave it. The program may have ended by then.
 */
const answer =
  /\u001b([\]PX^_][^\u0007\u001b]*(\u0007|\u001b\\|$)|\[[<=>?][0-?]*[ -/]*[@-~]|\[[0-9]+;[0-9]+R|\[[0-9;]*[nt])/g;
/** An escape sequence is one key. */
const emacsKey = /\u001b(\[[0-9;]*[A-Za-z~]|O[A-Za-z]|[^[O])?|[^\u001b]/gsu;
const viKey = /\u001b(\[[0-9;]*[A-Za-z~]|O[A-Za-z])?|[^\u001b]/gsu;
/* eslint-enable no-control-regex */

const splitKeys = (keys: string, key: RegExp): readonly string[] => keys.match(key) ?? [];

function createSearch({ history, show, restore }: KeyFilterParts) {
  let query: string | undefined;
  let found = -1;
  const match = (): string => history()[found] ?? "";
  const paint = (): void => show(`(reverse-i-search)\`${query ?? ""}': ${match()}`);
  const lookBefore = (place: number): void => {
    const next = searchHistory(history(), query ?? "", place);
    if (next >= 0) found = next;
  };
  const leave = (keys: string): string => {
    query = undefined;
    restore();
    return keys;
  };
  return {
    isOn: () => query !== undefined,
    reset: () => {
      query = undefined;
    },
    begin: () => {
      query = "";
      found = -1;
      paint();
    },
    read: (key: string): string => {
      if (key === ctrlR) lookBefore(found < 0 ? Infinity : found);
      else if (key === "\u007f" || key === "\b") {
        query = query?.slice(0, -1);
        found = -1;
        lookBefore(Infinity);
      } else if (key === "\u0003" || key === "\u0007") return leave("");
      else if (key < " ") return leave(clearLine + match() + (key === escape ? "" : key));
      else {
        query = (query ?? "") + key;
        found = -1;
        lookBefore(Infinity);
      }
      paint();
      return "";
    },
  };
}

/** What the keys of vi's command mode are to an editor with emacs' keys. */
const viKeys: Readonly<Record<string, string>> = {
  h: "\u001b[D",
  l: "\u001b[C",
  " ": "\u001b[C",
  k: "\u001b[A",
  j: "\u001b[B",
  "0": "\u0001",
  "^": "\u0001",
  $: "\u0005",
  w: "\u001bf",
  e: "\u001bf",
  b: "\u001bb",
  x: "\u001b[3~",
  X: "\u007f",
  D: "\u000b",
  dd: clearLine,
  dw: "\u001bd",
  db: "\u0017",
  d$: "\u000b",
  d0: "\u0015",
  p: "\u0019",
  u: "\u001f",
  "/": ctrlR,
};

/** Those that go on to insert. */
const viInserts: Readonly<Record<string, string>> = {
  i: "",
  a: "\u001b[C",
  I: "\u0001",
  A: "\u0005",
  C: "\u000b",
  S: clearLine,
  cc: clearLine,
  cw: "\u001bd",
  s: "\u001b[3~",
};

function createVi() {
  let isInsert = true;
  let pending = "";
  return {
    reset: () => {
      isInsert = true;
      pending = "";
    },
    read: (key: string): string => {
      if (key === "\r" || key === "\n" || key === "\u0003") {
        isInsert = true;
        return key;
      }
      if (isInsert) {
        if (key !== escape) return key;
        isInsert = false;
        return "\u001b[D";
      }
      // Arrows, Tab and their like mean the same in both modes.
      if (key.length > 1 || key < " " || key === "\u007f") return key === escape ? "" : key;
      const command = pending + key;
      pending = (command === "d" || command === "c") && pending === "" ? command : "";
      if (pending !== "") return "";
      const insert = viInserts[command];
      if (insert !== undefined) isInsert = true;
      return insert ?? viKeys[command] ?? "";
    },
  };
}
