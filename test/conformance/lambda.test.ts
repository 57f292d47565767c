import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { createLambdaProvider } from "../../src/providers/lambda/index.ts";
import { providerLoaders } from "../../src/providers/index.ts";
import { startLambdaEmulator, type LambdaEmulator } from "../helpers/lambda-emulator/emulator.ts";
import { skipUnless } from "../helpers/require.ts";
import { describeProvider } from "./suite.ts";

const tests = (reason: string, ...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, reason]));

const linux = await providerLoaders.linux();
const { available, reason } = await linux.probe();
let emulator: LambdaEmulator | undefined;
let state: string | undefined;

afterAll(async () => {
  await emulator?.[Symbol.asyncDispose]();
  await linux.close();
  if (state !== undefined) await rm(state, { recursive: true, force: true });
});

describeProvider(
  async () => {
    state = await mkdtemp(join(tmpdir(), "conformance-lambda-"));
    emulator = await startLambdaEmulator(linux, { keepsWarm: false });
    return createLambdaProvider({
      stateFolder: state,
      env: {},
      aws: {
        endpoint: emulator.url,
        region: "us-east-1",
        credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
      },
    });
  },
  {
    name: "lambda, an emulator with linux",
    enforcement: "best-effort",
    skipReason: skipUnless("linux", available ? undefined : reason),
    exceptions: {
      ...tests(
        "a sandbox is one run of a function",
        "goes on after a command that could not be started",
        "kills what a command left in the background, before the next one",
        "counts no files that an earlier command read as a command's memory",
        "the end of one command's stdin is not that of the next",
        "a later command sees the files of an earlier one",
        "an abort after the end changes nothing",
        "a signal between two commands reaches neither",
        "a sweep leaves a sandbox alone whose owner runs",
      ),
      ...tests(
        "output comes when a function has ended, and nothing reaches it while it runs",
        "a slow reader slows the program down",
        "a slow reader loses nothing",
        "input and output flow while the program runs",
        "an abort ends a program and its children",
        "an abort does not wait for a reader that hangs",
        "destroys a sandbox in which a command runs",
        "a signal reaches the program",
        "a signal reaches its children",
        "SIGINT ends a program that does not handle it",
        "SIGTERM ends a program that does not handle it",
        "SIGHUP ends a program that does not handle it",
        "SIGKILL ends a program that does not handle it",
      ),
      ...tests(
        "an event and an answer have 6 MB",
        "hands over 32 MiB of unlimited output",
        "passes 8 MiB through",
        "a program need not read its stdin",
        "a program may end before an endless stdin does",
      ),
      ...tests(
        "`cpuTime` is weaker: of each process",
        "adds up the CPU time of all processes, those that ended included",
      ),
      ...tests(
        "the emulator does not measure memory; a function has at least 128 MB",
        "kills a program that uses more memory than its limit",
        "adds up the memory of all processes",
        "measures the highest memory use",
      ),
      ...tests(
        "RLIMIT_NPROC refuses without telling",
        "refuses more processes than the limit, and says so if the program then fails",
        "counts threads as processes",
      ),
      ...tests(
        "`disk` is weaker: of each file",
        "refuses to write more than the limit, and says so if the program then fails",
        "adds up all folders that can be written",
        "limits the number of files too",
      ),
      ...tests(
        "a function has no terminal",
        "a program with a terminal has one on all three streams, of the size asked for",
        "a terminal can be opened anew, as /dev/tty and by its name",
        "what is typed comes echoed, and the end of the input is Ctrl-D",
        "Ctrl-C on a terminal interrupts the program",
        "a program is told when its terminal changes its size",
        "all output of a program with a terminal comes, also that of one that ends at once",
        "a command with a terminal can follow one without, and the other way round",
        "a background process that holds the terminal does not prolong the command",
      ),
      ...tests("its files are copied to a folder in /tmp", "has its workspace at /workspace"),
      ...tests(
        "`network` is missing: a function can reach the internet",
        "without network a program can't reach a service of this machine",
        "without network there is no route and no device but loopback",
      ),
      ...tests(
        "a zip has no empty folders, and one with the bootstrap",
        "a mounted folder can be read",
      ),
      ...tests(
        "a function has no programs of this machine",
        "shows a lent program of the host at its path and in PATH",
      ),
      ...tests(
        "what a function writes does not come back",
        "what a program writes into a mounted folder is the caller's",
        "a mounted folder stays when its sandbox goes",
        "collects what was given and what commands made, sorted",
        "collects every byte as it is",
        "collects whether a file can be executed",
        "collects files with odd names",
        "collects a file that has several names under each of them",
        "collects a file",
        "collects a folder",
        "collects several paths",
        "collects paths that lie in each other",
        "collects all and more",
        "collects what is not there",
        "collects nothing",
        "collects nothing for a path that can't be asked for, and goes on",
        "collects as many files as were asked for, and says that there are more",
        "collects as many bytes as were asked for, and names what is too large",
        "collects empty files where no byte is left",
        "collects no sparse file that is too large",
        "collects thousands of files",
        "collects no link, and nothing through one",
        "collects no pipe and no socket, and waits for none",
        "collects nothing that the program itself can't read",
        "collects no name that can't be shown, and names it all the same",
        "collects down to 32 names in each other",
        "collects a bounded list of what was skipped",
        "collects between commands, as often as asked",
        "collects nothing while a command runs, and leaves it alone",
        "runs nothing while it collects",
        "collects nothing from a stopped sandbox",
        "collects nothing for a caller who has gone, and stops",
        "an abort ends what collects",
        "collects from a mounted folder, ro",
        "collects from a mounted folder, rw",
      ),
    },
  },
);
