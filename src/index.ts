/**
 * @module
 * The library: run programs in sandboxes from a program of yours.
 *
 * ```ts
 * const provider = await createProvider("auto");
 * const service = createService({ provider });
 * const { report, output } = await collect(service, request, AbortSignal.timeout(30_000));
 * await service.close();
 * ```
 */
export { createProvider, createService, loadLanguages } from "./app.ts";
export type { CreateProviderOptions, CreateServiceOptions } from "./app.ts";
export type { ProviderName } from "./config/server-config.ts";
export type { Command, OutputStream } from "./core/command.ts";
export { controls, missingControls } from "./core/enforcement.ts";
export type {
  Control,
  ControlStatus,
  Enforcement,
  EnforcementLevel,
  EnforcementMode,
} from "./core/enforcement.ts";
export { errorCatalog, GloveboxError } from "./core/errors.ts";
export type { ErrorCode, ErrorDetails, Issue } from "./core/errors.ts";
export type { Execution } from "./core/execution.ts";
export type { Language, LoadedLanguage, Runtime } from "./core/language.ts";
export type { ImageProgress, ImageStore, StoredImage } from "./core/image.ts";
export { defaultLimits, limitTable } from "./core/limits.ts";
export type { LimitName, Limits, OutputLimitAction, Unlimited } from "./core/limits.ts";
export { describeOutcome, exitCodeOf } from "./core/outcome.ts";
export type { Outcome, OutcomeLimit } from "./core/outcome.ts";
export type { NetworkPolicy, Policy, WorkspaceMount } from "./core/policy.ts";
export type { ProbeReport, Provider, ProviderSandbox } from "./core/provider.ts";
export type { HostProgram, SandboxFile, SandboxSpec } from "./core/sandbox.ts";
export type { ResourceUsage } from "./core/usage.ts";
export type { LanguageIndex } from "./languages/index-languages.ts";
export { collect } from "./service/collect.ts";
export type { CollectedExecution, PhaseOutput } from "./service/collect.ts";
export type {
  ExecutionControl,
  ExecutionReport,
  ExecutionRequest,
  ExecutionSink,
  PhaseName,
  Program,
} from "./service/request.ts";
export type { ServiceOptions } from "./service/service-options.ts";
export type { ExecutionService } from "./service/service.ts";
