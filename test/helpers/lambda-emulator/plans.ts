/**
 * @module
 * Step Functions and EventBridge Scheduler, by their API references, as far as plans use them: names,
 * roles and definitions are checked as AWS checks them, and an execution runs the machine's functions.
 */
import validateAsl from "asl-validator";
import type { Json, Machine } from "../../../src/plan/asl.ts";
import { interpret, type TaskAnswer } from "../../../src/plan/interpret.ts";
import type { LambdaEmulator } from "./emulator.ts";
import { restError, type ApiAnswer, type ApiRequest } from "./http.ts";

interface StoredMachine {
  readonly name: string;
  readonly definition: string;
  readonly roleArn: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

interface StoredSchedule {
  readonly ScheduleExpression: string;
  readonly Target: { readonly Arn: string; readonly RoleArn: string; readonly Input: string };
}

export interface PlanServices {
  readonly machines: Map<string, StoredMachine>;
  readonly schedules: Map<string, StoredSchedule>;
  /** By the name in a signature's scope. */
  readonly services: Readonly<
    Record<"states" | "scheduler", (request: ApiRequest) => Promise<ApiAnswer>>
  >;
  /** Of an execution, as `describe-execution` has it. */
  readonly start: (machineArn: string, input: Json) => Promise<Json>;
}

const account = "000000000000";
const MAX_DEFINITION_BYTES = 1024 * 1024;

const arnOf = (name: string): string => `arn:aws:states:us-east-1:${account}:stateMachine:${name}`;

const stateError = (name: string, message: string): ApiAnswer => ({
  status: 400,
  body: { __type: `com.amazonaws.swf.service.v2.model#${name}`, message },
});

/** @param emulator Is there once the services are asked. */
export function createPlanServices(emulator: () => LambdaEmulator): PlanServices {
  const machines = new Map<string, StoredMachine>();
  const schedules = new Map<string, StoredSchedule>();

  const faultOf = ({ definition, roleArn }: Partial<StoredMachine>): ApiAnswer | undefined => {
    if (definition !== undefined) {
      if (Buffer.byteLength(definition) > MAX_DEFINITION_BYTES)
        return stateError("ValidationException", "'definition' is too long");
      const { isValid } = validateAsl(JSON.parse(definition) as object);
      if (!isValid) return stateError("InvalidDefinition", "SCHEMA_VALIDATION_FAILED");
    }
    if (roleArn !== undefined && !emulator().roles.arns.has(roleArn)) {
      return stateError(
        "AccessDeniedException",
        `Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.`,
      );
    }
    return undefined;
  };

  const create = (body: Partial<StoredMachine>): ApiAnswer => {
    const { name = "", definition = "", roleArn = "", tags = [] } = body;
    if (!/^[\w-]{1,80}$/.test(name)) return stateError("InvalidName", `Invalid Name: '${name}'`);
    if (machines.has(arnOf(name)))
      return stateError("StateMachineAlreadyExists", `State Machine Already Exists`);
    const fault = faultOf({ definition, roleArn });
    if (fault !== undefined) return fault;
    machines.set(arnOf(name), { name, definition, roleArn, tags });
    return { status: 200, body: { stateMachineArn: arnOf(name), creationDate: 1 } };
  };

  const change = (arn: string, machine: StoredMachine, body: Partial<StoredMachine>): ApiAnswer => {
    const fault = faultOf(body);
    if (fault !== undefined) return fault;
    machines.set(arn, {
      ...machine,
      definition: body.definition ?? machine.definition,
      roleArn: body.roleArn ?? machine.roleArn,
    });
    return { status: 200, body: { updateDate: 2 } };
  };

  const states = async ({ headers, body }: ApiRequest): Promise<ApiAnswer> => {
    const action = String(headers["x-amz-target"]).split(".")[1] ?? "";
    const asked = JSON.parse(body.toString()) as Partial<StoredMachine> & {
      readonly stateMachineArn?: string;
      readonly resourceArn?: string;
    };
    if (action === "CreateStateMachine") return create(asked);
    if (action === "ListStateMachines") {
      const rows = [...machines].map(([stateMachineArn, { name }]) => {
        return { stateMachineArn, name, type: "STANDARD", creationDate: 1 };
      });
      return { status: 200, body: { stateMachines: rows } };
    }
    const arn = asked.stateMachineArn ?? asked.resourceArn ?? "";
    const machine = machines.get(arn);
    if (action === "DeleteStateMachine") {
      machines.delete(arn);
      return { status: 200, body: {} };
    }
    if (machine === undefined)
      return stateError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`);
    if (action === "DescribeStateMachine") {
      const { name, definition, roleArn } = machine;
      const more = { status: "ACTIVE", type: "STANDARD", creationDate: 1, stateMachineArn: arn };
      return { status: 200, body: { name, definition, roleArn, ...more } };
    }
    if (action === "ListTagsForResource") return { status: 200, body: { tags: machine.tags } };
    if (action === "UpdateStateMachine") return change(arn, machine, asked);
    return stateError("UnknownOperationException", action);
  };

  const scheduler = async ({ method, url, body }: ApiRequest): Promise<ApiAnswer> => {
    const [, name = ""] = /^\/schedules\/([\w.-]{1,64})$/.exec(url.pathname) ?? [];
    const isThere = schedules.has(name);
    const missing = restError(404, "ResourceNotFoundException", `Schedule ${name} does not exist.`);
    if (method === "GET") {
      return isThere ? { status: 200, body: { Name: name, ...schedules.get(name) } } : missing;
    }
    if (method === "DELETE") {
      return schedules.delete(name) ? { status: 200, body: {} } : missing;
    }
    if (method === "PUT" && !isThere) return missing;
    if (method === "POST" && isThere)
      return restError(409, "ConflictException", `Schedule ${name} already exists.`);
    const wanted = JSON.parse(body.toString()) as StoredSchedule;
    const isRight = /^cron\((\S+ ){5}\S+\)$/.test(wanted.ScheduleExpression);
    if (!isRight || wanted.ScheduleExpression.includes("99"))
      return restError(400, "ValidationException", "Invalid Schedule Expression.");
    if (!emulator().roles.arns.has(wanted.Target.RoleArn))
      return restError(
        400,
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
      );
    schedules.set(name, wanted);
    return { status: 200, body: { ScheduleArn: `arn:aws:scheduler:::schedule/default/${name}` } };
  };

  const start = async (machineArn: string, input: Json): Promise<Json> => {
    const machine = JSON.parse(machines.get(machineArn)?.definition ?? "") as Machine;
    const { FunctionName } = Object.values(machine.States).flatMap((state) =>
      state.Type === "Task" ? [state.Parameters] : [],
    )[0] as { FunctionName: string };
    const [name = "", version = ""] = FunctionName.split(":").slice(-2);
    const runTask = async (payload: object): Promise<TaskAnswer> => {
      const event = Buffer.from(JSON.stringify(payload));
      const { payload: answer } = await emulator().invoke(name, version, event);
      return JSON.parse(answer.toString()) as TaskAnswer;
    };
    const { signal } = new AbortController();
    const end = await interpret(machine, input, { runTask, onState: () => undefined }, signal);
    return end.status === "succeeded" ? end.output : { failed: end.error };
  };

  return { machines, schedules, start, services: { states, scheduler } };
}
