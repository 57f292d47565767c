/**
 * @module
 * The part of Amazon States Language (states-language.net) that plans are made of.
 */

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** `Name.$` takes its value from a path. */
export type Template = Readonly<Record<string, Json>>;

export type Condition = Readonly<Record<string, Json>>;

export interface TaskState {
  readonly Type: "Task";
  readonly Resource: "arn:aws:states:::lambda:invoke";
  readonly Parameters: Template;
  readonly ResultSelector: Template;
  readonly ResultPath: string;
  readonly Retry: readonly Json[];
  readonly Next: string;
}

export interface MapState {
  readonly Type: "Map";
  readonly ItemsPath: string;
  readonly ItemSelector: Template;
  readonly ItemProcessor: Machine & { readonly ProcessorConfig: { readonly Mode: "INLINE" } };
  readonly ResultSelector: Template;
  readonly ResultPath: string;
  readonly Next: string;
}

export type State =
  | TaskState
  | MapState
  | { readonly Type: "Wait"; readonly Seconds: number; readonly Next: string }
  | {
      readonly Type: "Choice";
      readonly Choices: readonly (Condition & { readonly Next: string })[];
      readonly Default: string;
    }
  | {
      readonly Type: "Pass";
      readonly Parameters: Template;
      readonly Next?: string;
      readonly End?: true;
    }
  | { readonly Type: "Succeed"; readonly InputPath: string }
  | { readonly Type: "Fail"; readonly Error: string; readonly Cause: string };

export interface Machine {
  readonly Comment?: string;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}
