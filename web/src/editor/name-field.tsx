/**
 * @module
 * Where a file or a folder gets its name.
 */
import { signal } from "@preact/signals";

export type Naming =
  /** `path`: the folder that it begins with, and a slash; or empty. */
  | { readonly kind: "new"; readonly path: string }
  | { readonly kind: "file" | "folder"; readonly path: string };

/** What is being named. */
export const naming = signal<Naming | undefined>(undefined);

export const isNaming = (kind: Naming["kind"], path: string): boolean =>
  naming.value?.kind === kind && naming.value.path === path;

const problem = signal("");

interface NameFieldProps {
  readonly of: Naming;
  /** @returns Why it can't have that name. */
  readonly check: (name: string) => string | undefined;
  readonly take: (name: string) => void;
}

export function NameField({ of, check, take }: NameFieldProps) {
  const label = of.kind === "new" ? "Name of the new file" : `New name of ${of.path}`;
  const takeName = (name: string): void => {
    const found = of.kind !== "new" && name === of.path ? undefined : check(name);
    problem.value = found ?? "";
    if (found !== undefined) return;
    endNaming();
    if (of.kind === "new" || name !== of.path) take(name);
  };
  return (
    <form
      class="name-field"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = new FormData(event.currentTarget).get("name");
        if (typeof typed === "string") takeName(typed.trim());
      }}
    >
      <input
        name="name"
        aria-label={label}
        placeholder="folder/name.ext"
        defaultValue={of.path}
        autocomplete="off"
        spellcheck={false}
        ref={of.kind === "new" ? focusAtFirst : selectAtFirst}
        onKeyDown={(event) => {
          // The keys of what is around it.
          event.stopPropagation();
          if (event.key === "Escape") endNaming();
        }}
        onBlur={endNaming}
        aria-invalid={problem.value !== ""}
        aria-describedby="name-problem"
      />
      <span id="name-problem" class="problem" role="alert">
        {problem.value}
      </span>
    </form>
  );
}

function focusAtFirst(input: HTMLInputElement | null): boolean {
  if (input === null || document.activeElement === input) return false;
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
  return true;
}

function selectAtFirst(input: HTMLInputElement | null): void {
  if (focusAtFirst(input)) input?.select();
}

function endNaming(): void {
  naming.value = undefined;
  problem.value = "";
}
