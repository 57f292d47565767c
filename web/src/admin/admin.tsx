/**
 * @module
 * What an administrator sees of the server, as it is now.
 */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AdminHistory, AdminOverview } from "../../../src/client/admin-types.ts";
import { GloveboxApiError } from "../../../src/client/api-error.ts";
import { apiKey, baseUrl, client } from "../state/server.ts";
import { Notices } from "../ui/notices.tsx";
import { KeyForm } from "../ui/server-note.tsx";
import { Charts } from "./charts.tsx";
import { Executions } from "./executions.tsx";
import { Keys } from "./keys.tsx";
import { Numbers } from "./numbers.tsx";
import "../styles/admin.css";

const overview = signal<AdminOverview | undefined>(undefined);
const history = signal<AdminHistory | undefined>(undefined);
const problem = signal<{ readonly isKey: boolean; readonly message: string } | undefined>(
  undefined,
);

const RETRY_MS = 2000;
const HISTORY_MS = 10_000;

export function Admin() {
  const key = apiKey.value;
  useEffect(() => {
    const ended = new AbortController();
    void followOverview(ended.signal);
    void followHistory(ended.signal);
    return () => {
      ended.abort();
    };
  }, [key]);
  return (
    <div class="admin">
      <header class="toolbar">
        <h1>Glovebox</h1>
        <span>What the server does</span>
        <span class="gap" />
        <a href={baseUrl.href}>Playground</a>
      </header>
      <Problem />
      {overview.value !== undefined && (
        <main>
          <Numbers overview={overview.value} />
          {history.value !== undefined && <Charts history={history.value} />}
          <Executions />
          <Keys />
        </main>
      )}
      <Notices />
    </div>
  );
}

function Problem() {
  const now = problem.value;
  if (now === undefined) return null;
  if (now.isKey) return <KeyForm message={now.message} />;
  return (
    <p class="server-note" role="alert">
      The server does not answer; what is shown is old. Trying again …
    </p>
  );
}

async function followOverview(ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    try {
      for await (const next of client.peek().adminEvents({ signal: ended })) {
        overview.value = next;
        problem.value = undefined;
      }
    } catch (error) {
      if (isEnded(ended)) return;
      const { status } = error instanceof GloveboxApiError ? error : { status: 0 };
      const isKey = status === 401 || status === 403;
      problem.value = { isKey, message: error instanceof Error ? error.message : String(error) };
      // Another key begins anew.
      if (isKey) return;
    }
    await pause(RETRY_MS, ended);
  }
}

/** It may have been ended while something was waited for. */
const isEnded = ({ aborted }: AbortSignal): boolean => aborted;

async function followHistory(ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    try {
      history.value = await client.peek().adminHistory({ signal: ended });
    } catch {
      // The overview's own connection says what is wrong.
    }
    await pause(HISTORY_MS, ended);
  }
}

async function pause(ms: number, ended: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    ended.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
