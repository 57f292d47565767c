/**
 * @module
 * Keys, and what their callers may do and have done.
 */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AdminKeys } from "../../../src/client/admin-types.ts";
import { client } from "../state/server.ts";
import { NoRows } from "./numbers.tsx";

const REFRESH_MS = 10_000;

export function Keys() {
  const answer = useSignal<AdminKeys>({ keys: [], omitted: 0 });
  useEffect(() => {
    const refresh = (): void => {
      client
        .peek()
        .adminKeys()
        .then((next) => (answer.value = next))
        .catch(() => undefined);
    };
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);
  const { keys, omitted } = answer.value;
  return (
    <section>
      <h2>Keys</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Keys">
        <table>
          <thead>
            <tr>
              {["Name", "May", "State", "Last used", "Executions today", "Rules"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => (
              <Row key={key.id} row={key} />
            ))}
            {keys.length === 0 && <NoRows columns={6} />}
          </tbody>
        </table>
      </div>
      {omitted > 0 && <p>and {omitted} older ones</p>}
    </section>
  );
}

function Row({ row }: { readonly row: AdminKeys["keys"][number] }) {
  const { name, scopes, state, last_used_at: used, executions_today: today, rules } = row;
  const perDay = rules["executions_per_day"];
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{scopes.join(", ")}</td>
      <td>{state}</td>
      <td>{used === null ? "never" : new Date(used).toLocaleString()}</td>
      <td>
        {today ?? "–"}
        {typeof perDay === "number" && ` of ${perDay}`}
      </td>
      <td>
        <code>{Object.keys(rules).length === 0 ? "" : JSON.stringify(rules)}</code>
      </td>
    </tr>
  );
}
