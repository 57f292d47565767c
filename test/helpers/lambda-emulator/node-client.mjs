/** A runtime client for Node, from the documentation of the Runtime API: AWS's own is partly C++, built when it is installed. */
import { pathToFileURL } from "node:url";
import { existsSync } from "node:fs";

const { fetch, console } = globalThis;

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

const post = (path, value) =>
  fetch(`${api}/${path}`, { method: "POST", body: JSON.stringify(value ?? null) });

const described = (error) => {
  console.error(error);
  const { name = "Error", message = String(error), stack = "" } = error ?? {};
  return { errorType: name, errorMessage: message, trace: stack.split("\n") };
};

async function load() {
  const [, file, name] = /^(.*)\.([^.]+)$/.exec(_HANDLER);
  const found = [".js", ".mjs", ".cjs"]
    .map((it) => `${LAMBDA_TASK_ROOT}/${file}${it}`)
    .find(existsSync);
  if (found === undefined)
    throw Object.assign(new Error(`Cannot find module '${file}'`), {
      name: "Runtime.ImportModuleError",
    });
  const loaded = await import(pathToFileURL(found).href);
  return loaded[name] ?? loaded.default?.[name];
}

let handle;
try {
  handle = await load();
} catch (error) {
  await post("init/error", described(error));
  process.exit(1);
}
for (;;) {
  const answer = await fetch(`${api}/invocation/next`);
  const id = answer.headers.get("lambda-runtime-aws-request-id");
  // Tells the emulator where the log of a run ends, which comes another way than its result.
  const mark = () => new Promise((resolve) => process.stdout.write(`\0${id}\0`, resolve));
  try {
    const result = await handle(await answer.json(), { awsRequestId: id });
    await mark();
    await post(`invocation/${id}/response`, result);
  } catch (error) {
    const failure = described(error);
    await mark();
    await post(`invocation/${id}/error`, failure);
  }
}
