/**
 * @module
 * Executions of all callers, the newest first; those that go on can be canceled.
 */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AdminExecutions } from "../../../src/client/admin-types.ts";
import type { ExecutionState } from "../../../src/client/types.ts";
import { client } from "../state/server.ts";
import { notify } from "../ui/notices.tsx";
import { NoRows } from "./numbers.tsx";

const REFRESH_MS = 2000;
const LIMIT = 25;

const states = ["", "running", "queued", "finished", "failed", "canceled"] as const;
const shownState = signal<(typeof states)[number]>("");
const rows = signal<AdminExecutions["executions"]>([]);

export function Executions() {
  const state = shownState.value;
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
            {rows.value.map((row) => (
              <Row key={row.id} row={row} />
            ))}
            {rows.value.length === 0 && <NoRows columns={6} />}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ row }: { readonly row: AdminExecutions["executions"][number] }) {
  const { id, language, state, caller, caller_name: name, created_at: created } = row;
  const goesOn = state === "running" || state === "queued";
  return (
    <tr>
      <th scope="row">
        <code>{id.slice(0, 8)}</code>
      </th>
      <td>{language ?? row.kind}</td>
      <td>{state}</td>
      <td>{name ?? caller}</td>
      <td>{new Date(created).toLocaleTimeString()}</td>
      <td>
        {goesOn && (
          <button type="button" onClick={() => void cancel(id)} aria-label={`Cancel ${id}`}>
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
  } catch {
    // The overview says what is wrong.
  }
}

async function cancel(id: string): Promise<void> {
  try {
    await client.peek().cancel(id);
    notify("It is canceled.");
  } catch (error) {
    notify(`It could not be canceled: ${error instanceof Error ? error.message : ""}`, "error");
  }
  await refresh();
}
