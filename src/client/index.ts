/**
 * @module
 * A client of a Glovebox server, for Node and browsers:
 *
 * ```ts
 * const client = createClient({ url: "http://127.0.0.1:8000" });
 * const { run } = await client.run({ language: "python", code: "print(6 * 7)" });
 * ```
 */
export type {
  AdminExecutions,
  AdminHistory,
  AdminKeys,
  AdminOverview,
  AdminRuns,
} from "./admin-types.ts";
export { GloveboxApiError } from "./api-error.ts";
export type { ClientErrorCode } from "./api-error.ts";
export type { Attachment } from "./attach.ts";
export { toBytes } from "./bytes.ts";
export { createClient } from "./client.ts";
export type { CallOptions, ListOptions } from "./calls.ts";
export type { ClientOptions, GloveboxClient, StreamOptions, SubmitOptions } from "./client.ts";
export type {
  AnswerRequest,
  Answered,
  Ask,
  AskList,
  AskMessage,
  PermissionReport,
} from "./ask-types.ts";
export type { FollowOptions } from "./follow.ts";
export type {
  AttachMessage,
  BatchAnswer,
  Encoding,
  EndMessage,
  EnforcementReport,
  ErrorBody,
  ErrorMessage,
  ExecuteAnswer,
  ExecuteRequest,
  Execution,
  ExecutionList,
  ExecutionMessage,
  ExecutionState,
  HealthAnswer,
  InfoAnswer,
  LanguagesAnswer,
  LimitsRequest,
  OutputMessage,
  Phase,
  ReadyAnswer,
  SourceFile,
  StateMessage,
  SubmitRequest,
  TerminalSize,
} from "./types.ts";
export type { OpenedShare, Share, SharedProgram, ShareRequest } from "./share-types.ts";
export type { WebSocketConstructor, WebSocketLike } from "./web-socket.ts";
