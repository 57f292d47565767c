/**
 * @module
 * What the reference says of programs behind links; a part of the table in `operations.ts`.
 */
import type { Operation } from "./operation.ts";

const program = {
  language: "python",
  files: [{ path: "main.py", content: "print(6 * 7)\n" }],
};
const madeExample = {
  id: "7Qx3cDvW9hJk",
  created_at: "2026-01-31T12:00:00.000Z",
  expires_at: "2026-05-01T12:00:00.000Z",
  delete_key: "o3ZJ0mBqKfYw8sVtR1uXc5NhD2gLeA7p",
  path: "/s/7Qx3cDvW9hJk",
};
const id = { description: "Of the share." };

export const shareOperations: Readonly<Record<string, Operation>> = {
  "POST /v1/shares": {
    id: "share",
    tag: "executions",
    summary: "Keep a program behind a link",
    description:
      "Nobody can guess the link, and whoever has it can read and run the program, without a key to read it. It is kept for `shares.maxAge` after it was last opened. `delete_key` is told once.",
    errors: [
      "INVALID_REQUEST",
      "BODY_TOO_LARGE",
      "UNSUPPORTED_MEDIA_TYPE",
      "REQUEST_TIMEOUT",
      "UNKNOWN_LANGUAGE",
      "CAPACITY_EXHAUSTED",
      "STORAGE_UNAVAILABLE",
    ],
    bodyExample: { ...program, title: "The answer" },
    answers: { 201: { description: "It is kept.", example: madeExample } },
  },
  "GET /v1/shares/:id": {
    id: "openShare",
    tag: "executions",
    summary: "The program behind a link",
    description: "Opening it keeps it from growing old.",
    errors: ["SHARE_NOT_FOUND", "STORAGE_UNAVAILABLE"],
    parameters: { id },
    answers: {
      200: {
        description: "As it was given.",
        example: {
          id: madeExample.id,
          title: "The answer",
          created_at: madeExample.created_at,
          expires_at: madeExample.expires_at,
          forked_from: null,
          program,
        },
      },
    },
  },
  "DELETE /v1/shares/:id": {
    id: "removeShare",
    tag: "executions",
    summary: "Remove a program behind a link",
    description:
      "With the key that was told when it was made, by the key of the caller who made it, or by one with the scope `admin`.",
    errors: ["SHARE_NOT_FOUND", "NOT_ALLOWED", "STORAGE_UNAVAILABLE"],
    headers: { "Share-Delete-Key": "The `delete_key` of the share." },
    parameters: { id },
    answers: { 204: { description: "The link leads nowhere now." } },
  },
};
