/**
 * @module
 * What all callers run: first what they hold a connection open for, the oldest first, then executions,
 * the newest first. What goes on can be canceled.
 */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AdminExecutions, AdminRuns } from "../../../src/client/admin-types.ts";
import type { ExecutionState } from "../../../src/client/types.ts";
import { client } from "../state/server.ts";
import { notify } from "../ui/notices.tsx";
import { NoRows } from "./numbers.tsx";

const REFRESH_MS = 2000;
const LIMIT = 25;

const states = ["", "running", "queued", "finished", "failed", "canceled"] as const;
const shownState = signal<(typeof states)[number]>("");
const rows = signal<AdminExecutions["executions"]>([]);
const held = signal<AdminRuns>({ runs: [], omitted: 0 });

export function Executions() {
  const state = shownState.value;
  const shownRuns = state === "" || state === "running" ? held.value.runs : [];
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => {
      clearInterval(timer);
    };
  }, [state]);
  return (
    <section>
      <h2>Executions</h2>
      <label>
        Which{" "}
        <select
          value={state}
          onChange={({ currentTarget: { value } }) => {
            shownState.value = value as typeof state;
          }}
        >
          {states.map((name) => (
            <option key={name} value={name}>
              {name === "" ? "all" : name}
            </option>
          ))}
        </select>
      </label>
      <div class="scroll" tabIndex={0} role="region" aria-label="Executions">
        <table>
          <thead>
            <tr>
              {["Id", "Language", "State", "Caller", "Since", ""].map((name) => (
                <th key={name} scope="col">
                  {name === "" ? <span class="only-read">Cancel</span> : name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shownRuns.map((row) => (
              <HeldRow key={row.id} row={row} />
            ))}
            {rows.value.map((row) => (
              <Row key={row.id} row={row} />
            ))}
            {rows.value.length + shownRuns.length === 0 && <NoRows columns={6} />}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ row }: { readonly row: AdminExecutions["executions"][number] }) {
  const { id, language, state, caller, caller_name: name, created_at: created } = row;
  const goesOn = state === "running" || state === "queued";
  const cancel = goesOn ? async () => client.peek().cancel(id) : undefined;
  return (
    <Cells
      id={id}
      facts={[language ?? row.kind, state, name ?? caller]}
      since={created}
      cancel={cancel}
    />
  );
}

function HeldRow({ row }: { readonly row: AdminRuns["runs"][number] }) {
  const { id, route, language, caller, caller_name: name, begun_at: begun } = row;
  return (
    <Cells
      id={id}
      facts={[language ?? "sandbox", route, name ?? caller]}
      since={begun}
      cancel={async () => client.peek().adminCancelRun(id)}
    />
  );
}

interface CellsProps {
  readonly id: string;
  /** Language, state, caller. */
  readonly facts: readonly string[];
  readonly since: string;
  /** Absent where nothing goes on. */
  readonly cancel: (() => Promise<unknown>) | undefined;
}

function Cells({ id, facts, since, cancel }: CellsProps) {
  return (
    <tr>
      <th scope="row">
        <code>{id.slice(0, 8)}</code>
      </th>
      {facts.map((fact, column) => (
        <td key={column}>{fact}</td>
      ))}
      <td>{new Date(since).toLocaleTimeString()}</td>
      <td>
        {cancel && (
          <button type="button" onClick={() => void tellHow(cancel)} aria-label={`Cancel ${id}`}>
            Cancel
          </button>
        )}
      </td>
    </tr>
  );
}

async function refresh(): Promise<void> {
  const state = shownState.peek();
  try {
    const filter: { readonly state?: ExecutionState } = state === "" ? {} : { state };
    const { executions } = await client.peek().adminExecutions({ ...filter, limit: LIMIT });
    if (shownState.peek() === state) rows.value = executions;
    held.value = await client.peek().adminRuns();
  } catch {
    // The overview says what is wrong.
  }
}

async function tellHow(cancel: () => Promise<unknown>): Promise<void> {
  try {
    await cancel();
    notify("It is canceled.");
  } catch (error) {
    notify(`It could not be canceled: ${error instanceof Error ? error.message : ""}`, "error");
  }
  await refresh();
}
