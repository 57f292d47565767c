/**
 * @module
 * AWS as the lambda provider sees it: Lambda's REST API, IAM's roles and CloudWatch's logs, by their
 * documentation, with functions that really run, in sandboxes of the linux provider.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Provider } from "../../../src/core/provider.ts";
import {
  publish,
  removeFolders,
  storeCode,
  touch,
  type Code,
  type Settings,
  type StoredFunction,
  type Version,
} from "./functions.ts";
import { readBody, restError, send, type ApiAnswer, type ApiRequest } from "./http.ts";
import { createRoles, type Roles } from "./iam.ts";
import { startInstance, type Instance } from "./instance.ts";

export interface EmulatorOptions {
  /** Questions after a change that are answered with `Pending`. Default 0. */
  readonly pending?: number;
  /** Functions that fail to be created because Lambda does not know the role yet. Default 0. */
  readonly roleDelays?: number;
  /** Whether what has run waits for the next event. Default true. */
  readonly keepsWarm?: boolean;
  /** More services, by the name in a signature's scope. */
  readonly services?: Readonly<
    Record<string, (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>>
  >;
}

export interface LambdaEmulator extends AsyncDisposable {
  readonly url: string;
  /** What was called, `POST /2015-03-31/functions`, `iam CreateRole`. */
  readonly calls: string[];
  readonly functions: ReadonlyMap<string, StoredFunction>;
  readonly roles: Roles;
  /** The next calls of this kind fail so. */
  readonly failures: Map<string, ApiAnswer[]>;
  readonly invoke: (name: string, qualifier: string, event: Buffer) => Promise<Invoked>;
}

export interface Invoked {
  readonly payload: Buffer;
  readonly isError: boolean;
  readonly log: string;
  readonly version: string;
}

/** What a program has to find it, and nothing else of AWS. */
export const emulatedEnv = (url: string): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: url,
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
});

export const emulatedAccount = "000000000000";
const REGION = "us-east-1";
const MAX_TAIL_BYTES = 4096;
const MAX_ZIP_BYTES = 50 * 1024 * 1024;

export async function startLambdaEmulator(
  provider: Provider,
  options: EmulatorOptions = {},
): Promise<LambdaEmulator> {
  const functions = new Map<string, StoredFunction>();
  const folders = new Set<string>();
  const instances = new Map<string, Instance[]>();
  /** All that live, and whose they are. */
  const running = new Map<Instance, string>();
  const logs = new Map<string, { timestamp: number; message: string }[]>();
  const calls: string[] = [];
  const failures = new Map<string, ApiAnswer[]>();
  const roles = createRoles(emulatedAccount);
  let roleDelays = options.roleDelays ?? 0;
  const pending = options.pending ?? 0;

  const arnOf = (name: string): string =>
    `arn:aws:lambda:${REGION}:${emulatedAccount}:function:${name}`;

  const invoke = async (fn: StoredFunction, version: Version, event: Buffer): Promise<Invoked> => {
    const key = `${fn.name}:${version.number}`;
    const warm = instances.get(key)?.pop();
    const { settings, code } = version;
    const instance =
      warm ??
      (await startInstance(provider, {
        name: fn.name,
        arn: arnOf(key),
        runtime: settings.Runtime,
        handler: settings.Handler,
        folder: code.folder,
        memoryMib: settings.MemorySize,
        variables: settings.Environment.Variables ?? {},
      }));
    running.set(instance, key);
    // Removed while it was started.
    if (functions.get(fn.name) !== fn) await instance.stop();
    const id = randomUUID();
    const startedMs = performance.now();
    const { payload, isError } = await instance.invoke(id, event, settings.Timeout);
    const durationMs = performance.now() - startedMs;
    const isWanted =
      options.keepsWarm !== false && running.has(instance) && functions.get(fn.name) === fn;
    if (instance.isAlive && isWanted) instances.set(key, [...(instances.get(key) ?? []), instance]);
    else {
      await instance.stop();
      running.delete(instance);
    }
    const wasKilled = isError && payload.includes("signal: killed");
    const used = wasKilled ? settings.MemorySize : 40;
    const lines = [
      `START RequestId: ${id} Version: ${version.number}\n`,
      instance.takeLog(),
      `END RequestId: ${id}\n`,
      `REPORT RequestId: ${id}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${Math.ceil(durationMs)} ms\tMemory Size: ${settings.MemorySize} MB\tMax Memory Used: ${used} MB\t\n`,
    ];
    const log = lines.join("");
    const kept = logs.get(`/aws/lambda/${fn.name}`) ?? [];
    for (const message of log.trimEnd().split("\n")) kept.push({ timestamp: Date.now(), message });
    logs.set(`/aws/lambda/${fn.name}`, kept);
    return { payload, isError, log, version: version.number };
  };

  /** Ends what runs of a function that is no more. */
  const retire = async (keys: string, code: Code | undefined): Promise<void> => {
    for (const key of instances.keys()) if (key.startsWith(keys)) instances.delete(key);
    for (const [instance, key] of running) {
      if (!key.startsWith(keys)) continue;
      running.delete(instance);
      await instance.stop();
    }
    if (code === undefined) return;
    await removeFolders(new Set([code.folder]));
    folders.delete(code.folder);
  };

  const find = (name: string, qualifier: string | null) => {
    const fn = functions.get(name);
    const version =
      fn === undefined
        ? undefined
        : qualifier === null || qualifier === "$LATEST"
          ? latestOf(fn)
          : fn.versions.get(qualifier);
    return fn === undefined || version === undefined ? undefined : { fn, version };
  };
  const notFound = (name: string, qualifier: string | null): ApiAnswer =>
    restError(
      404,
      "ResourceNotFoundException",
      `Function not found: ${arnOf(name)}${qualifier === null ? "" : `:${qualifier}`}`,
    );

  const lambda = async ({ method, url, headers, body }: ApiRequest): Promise<ApiAnswer> => {
    const [, name, part] =
      /^\/2015-03-31\/functions(?:\/([^/]+))?(?:\/(\w+))?\/?$/.exec(url.pathname) ?? [];
    const qualifier = url.searchParams.get("Qualifier");
    if (name === undefined) {
      if (method === "GET")
        return {
          status: 200,
          body: {
            Functions: [...functions.values()].map((fn) =>
              configurationOf(fn, latestOf(fn), arnOf),
            ),
          },
        };
      return create(JSON.parse(body.toString()) as CreateBody);
    }
    const found = find(name, qualifier);
    if (found === undefined) return notFound(name, qualifier);
    const { fn, version } = found;
    const code = qualifier === null ? version.code : undefined;
    if (method === "DELETE") {
      if (qualifier === null) functions.delete(name);
      else fn.versions.delete(qualifier);
      await retire(qualifier === null ? `${name}:` : `${name}:${qualifier}`, code);
      return { status: 204 };
    }
    if (method === "GET") {
      const configuration = configurationOf(fn, version, arnOf);
      if (version.pending > 0) version.pending -= 1;
      if (fn.pending > 0) fn.pending -= 1;
      return {
        status: 200,
        body: part === "configuration" ? configuration : { Configuration: configuration },
      };
    }
    if (part === "invocations") {
      if (version.pending > 0)
        return restError(
          409,
          "ResourceConflictException",
          `The operation cannot be performed at this time. The function is currently in the following state: Pending`,
        );
      const { payload, isError, log } = await invoke(
        fn,
        version,
        body.length === 0 ? Buffer.from("{}") : body,
      );
      const tail = Buffer.from(log).subarray(-MAX_TAIL_BYTES).toString("base64");
      return {
        status: 200,
        body: payload,
        headers: {
          "x-amz-executed-version": version.number,
          ...(isError ? { "x-amz-function-error": "Unhandled" } : {}),
          ...(headers["x-amz-log-type"] === "Tail" ? { "x-amz-log-result": tail } : {}),
        },
      };
    }
    return change(fn, part ?? "", JSON.parse(body.toString()) as ChangeBody);
  };

  const create = async ({
    FunctionName: name,
    Code,
    Publish,
    ...settings
  }: CreateBody): Promise<ApiAnswer> => {
    if (functions.has(name))
      return restError(409, "ResourceConflictException", `Function already exist: ${name}`);
    const isRole = roles.arns.has(settings.Role);
    if (!isRole || roleDelays > 0) {
      if (isRole) roleDelays -= 1;
      return restError(
        400,
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
      );
    }
    const zip = Buffer.from(Code.ZipFile, "base64");
    if (zip.byteLength > MAX_ZIP_BYTES)
      return restError(
        413,
        "RequestEntityTooLargeException",
        "Request must be smaller than 70167211 bytes for the CreateFunction operation",
      );
    const code = await storeCode(zip, folders);
    const fn: StoredFunction = {
      ...{ name, settings, code, pending, nextVersion: 1 },
      revision: randomUUID(),
      versions: new Map(),
    };
    functions.set(name, fn);
    const version = Publish === true ? publish(fn, pending) : latestOf(fn);
    return { status: 201, body: configurationOf(fn, version, arnOf) };
  };

  const change = async (fn: StoredFunction, part: string, body: ChangeBody): Promise<ApiAnswer> => {
    const { RevisionId, Publish, ZipFile } = body;
    if (RevisionId !== undefined && RevisionId !== fn.revision) {
      return restError(
        412,
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id.",
      );
    }
    if (fn.pending > 0)
      return restError(
        409,
        "ResourceConflictException",
        `The operation cannot be performed at this time. An update is in progress for resource: ${arnOf(fn.name)}`,
      );
    if (part === "configuration") fn.settings = { ...fn.settings, ...settingsOf(body) };
    if (part === "code") fn.code = await storeCode(Buffer.from(ZipFile ?? "", "base64"), folders);
    touch(fn);
    if (part !== "versions") fn.pending = pending;
    const version = Publish === true || part === "versions" ? publish(fn, pending) : latestOf(fn);
    return { status: part === "versions" ? 201 : 200, body: configurationOf(fn, version, arnOf) };
  };

  const readLogs = ({ body }: ApiRequest): ApiAnswer => {
    const { logGroupName = "", startTime = 0 } = JSON.parse(body.toString()) as {
      logGroupName?: string;
      startTime?: number;
    };
    const events = logs.get(logGroupName);
    if (events !== undefined)
      return {
        status: 200,
        body: { events: events.filter(({ timestamp }) => timestamp >= startTime) },
      };
    return {
      status: 400,
      body: {
        __type: "ResourceNotFoundException",
        message: "The specified log group does not exist.",
      },
    };
  };

  const services: NonNullable<EmulatorOptions["services"]> = {
    lambda,
    iam: ({ body }) => roles.answer(body),
    logs: readLogs,
    ...options.services,
  };

  const server = createServer((request, response) => {
    void readBody(request).then(async (body) => {
      const { method = "", url: path = "/", headers } = request;
      const url = new URL(path, "http://emulator");
      const [, service = ""] =
        /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d+\/[\w-]+\/(\w+)\//.exec(
          headers.authorization ?? "",
        ) ?? [];
      const action = String(
        headers["x-amz-target"] ??
          new URLSearchParams(service === "iam" ? body.toString() : "").get("Action") ??
          url.pathname,
      );
      const call =
        service === "lambda"
          ? `${method} ${url.pathname.replace("/2015-03-31", "")}`
          : `${service} ${action}`;
      calls.push(call);
      const handler = services[service];
      if (handler === undefined) {
        send(
          response,
          restError(403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        );
        return;
      }
      const failure = failures.get(call)?.shift();
      send(response, failure ?? (await handler({ method, url, headers, body })));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ calls, functions, roles, failures },
    invoke: async (name, qualifier, event) => {
      const found = find(name, qualifier === "" ? null : qualifier);
      if (found === undefined) throw new Error(`no function ${name}:${qualifier}`);
      return invoke(found.fn, found.version, event);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.all([...running.keys()].map((instance) => instance.stop()));
      await removeFolders(folders);
    },
  };
}

interface CreateBody extends Settings {
  readonly FunctionName: string;
  readonly Code: { readonly ZipFile: string };
  readonly Publish?: boolean;
}

interface ChangeBody extends Partial<Settings> {
  readonly FunctionName?: string;
  readonly RevisionId?: string;
  readonly Publish?: boolean;
  readonly ZipFile?: string;
  readonly Architectures?: unknown;
}

function settingsOf(body: ChangeBody): Partial<Settings> {
  const rows = Object.entries(body).filter(
    ([name]) => name !== "FunctionName" && name !== "RevisionId",
  );
  return Object.fromEntries(rows);
}

const latestOf = (fn: StoredFunction): Version => ({
  number: "$LATEST",
  settings: fn.settings,
  code: fn.code,
  pending: fn.pending,
});

const configurationOf = (
  fn: StoredFunction,
  version: Version,
  arnOf: (name: string) => string,
) => ({
  ...version.settings,
  FunctionName: fn.name,
  FunctionArn: arnOf(fn.name),
  Version: version.number,
  CodeSha256: version.code.sha256,
  CodeSize: version.code.bytes,
  RevisionId: fn.revision,
  LastModified: "2026-01-01T00:00:00.000+0000",
  State: version.pending > 0 ? "Pending" : "Active",
  LastUpdateStatus: fn.pending > 0 ? "InProgress" : "Successful",
  PackageType: "Zip",
});
