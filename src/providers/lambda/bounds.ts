/**
 * @module
 * What AWS Lambda gives a function at most, from "Lambda quotas" of its developer guide.
 */

export const providerName = "lambda";

const MIB = 1024 * 1024;

/** In MB of 2^20 bytes. */
export const memoryMib = { min: 128, max: 10_240 } as const;
/** Of /tmp. */
export const temporaryMib = { min: 512, max: 10_240 } as const;
export const maxTimeoutSeconds = 900;
/** What our bootstrap has to answer after it ended a program. */
export const answerSeconds = 5;
/** Processes and threads; open files. */
export const maxProcesses = 1024;
export const maxOpenFiles = 1024;

/** A zip that comes with the request itself. */
export const maxZipBytes = 50 * MIB;
export const maxUnzippedBytes = 250 * MIB;
/** Of the event of a function, and of its answer. */
export const maxEventBytes = 6 * MIB;
/** As base64 in an event, with room for the rest of it. */
export const maxStdinBytes = 4 * MIB;
/** Of stdout and stderr together: as base64 in an answer, with room for the rest of it. */
export const maxOutputBytes = 4 * MIB;
export const maxVariablesBytes = 4096;

export const runtimes = {
  python: "python3.13",
  node: "nodejs22.x",
  own: "provided.al2023",
} as const;
export type FunctionRuntime = (typeof runtimes)[keyof typeof runtimes];

/** How all that is ours is named, in AWS. */
export const namePrefix = "glovebox-";
/** Of functions that go with their sandbox. */
export const oncePrefix = `${namePrefix}once-`;
/** Of a plan's function, state machine and schedule: all three are called the same. */
export const planPrefix = `${namePrefix}plan-`;
/** A name of AWS has 64 characters. */
export const maxPlanNameChars = 64 - planPrefix.length;
/** Of a state machine's definition, from "Step Functions service quotas". */
export const maxDefinitionBytes = MIB;
export const ownRoleName = "glovebox-lambda";
export const descriptionPrefix = "Made by Glovebox for ";

/** Of the zip: where our bootstrap is. */
export const bootstrapFolder = "glovebox_runtime";
