/**
 * @module
 * What stands between this page and its server: a key that is missing, a connection that broke.
 */
import { useEffect } from "preact/hooks";
import { changeKey, connect, connection } from "../state/server.ts";

const RETRY_MS = 2000;

export function ServerNote() {
  const { kind } = connection.value;
  useEffect(() => {
    if (kind !== "lost") return;
    const timer = setInterval(() => void connect(), RETRY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [kind]);
  const now = connection.value;
  switch (now.kind) {
    case "connecting":
    case "connected":
      return null;
    case "lost":
      return (
        <p class="server-note" role="alert">
          The server does not answer. Your program is kept here; trying again …
        </p>
      );
    case "no-key":
      return <KeyForm message={now.message} />;
  }
}

export function KeyForm({ message }: { readonly message: string }) {
  return (
    <form
      class="server-note"
      onSubmit={(event) => {
        event.preventDefault();
        const key = new FormData(event.currentTarget).get("key");
        if (typeof key === "string") changeKey(key);
      }}
    >
      <label>
        This server wants a key: <input name="key" type="password" autocomplete="off" required />
      </label>{" "}
      <button type="submit">Use it</button> <small>{message}</small>
    </form>
  );
}
