/**
 * @module
 * Rules for the files of one request, together.
 */
import type { Issue } from "../core/errors.ts";
import { parseFilePath } from "../core/file-path.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { showValue } from "../util/show-value.ts";
import type { ExecuteBody } from "./schemas.ts";

type Sent = Pick<ExecuteBody, "code" | "code_encoding" | "files" | "entry">;

/** @param files Those of `sent`, decoded, in the same order. */
export function fileIssues(
  files: readonly SandboxFile[],
  sent: Sent,
  diskBytes: number,
): readonly Issue[] {
  return [
    ...sourceIssues(sent),
    ...(sent.files === undefined ? [] : pathIssues(files)),
    ...entryIssues(files, sent),
    ...sizeIssues(files, sent, diskBytes),
  ];
}

function* sourceIssues({ code, code_encoding, files }: Sent): Generator<Issue> {
  if (code === undefined && files === undefined) {
    yield { path: "code", message: "is required, or files instead" };
  }
  if (code !== undefined && files !== undefined) {
    yield { path: "files", message: "cannot be given together with code; put the code in a file" };
  }
  if (code === undefined && code_encoding !== undefined) {
    yield { path: "code_encoding", message: "has no meaning without code; a file has `encoding`" };
  }
}

function* pathIssues(files: readonly SandboxFile[]): Generator<Issue> {
  const seen = new Map<string, number>();
  const folders = new Map<string, number>();
  for (const [index, { path }] of files.entries()) {
    const field = `files[${index}].path`;
    const result = parseFilePath(path);
    if (!result.ok) {
      yield { path: field, message: `${result.reason}: ${showValue(path)}` };
      continue;
    }
    const twin = seen.get(path);
    if (twin !== undefined) {
      yield { path: field, message: `is the same as files[${twin}].path: ${showValue(path)}` };
    }
    seen.set(path, index);
    for (const folder of foldersOf(path)) {
      if (!folders.has(folder)) folders.set(folder, index);
    }
  }
  for (const [path, index] of seen) {
    const inside = folders.get(path);
    if (inside === undefined) continue;
    const message = `is also the folder of files[${inside}].path: ${showValue(path)}`;
    yield { path: `files[${index}].path`, message };
  }
}

/** `a/b/c` lies in `a` and `a/b`. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join("/"));
}

function* entryIssues(
  files: readonly SandboxFile[],
  { entry, files: sent }: Sent,
): Generator<Issue> {
  if (entry === undefined) return;
  if (sent === undefined) {
    yield { path: "entry", message: "has no meaning without files" };
  } else if (!files.some(({ path }) => path === entry)) {
    yield {
      path: "entry",
      message: `must be the path of one of the files, not ${showValue(entry)}`,
    };
  }
}

function* sizeIssues(
  files: readonly SandboxFile[],
  sent: Sent,
  diskBytes: number,
): Generator<Issue> {
  const bytes = files.reduce((sum, { content }) => sum + content.byteLength, 0);
  if (bytes <= diskBytes) return;
  yield {
    path: sent.files === undefined ? "code" : "files",
    message: `has ${bytes} bytes after decoding, more than limits.disk_bytes, ${diskBytes}`,
  };
}
