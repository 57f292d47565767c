import { createProcessProvider } from "../../src/providers/process/index.ts";
import { describeLanguages } from "./languages.ts";
import { describeProvider } from "./suite.ts";

const tests = (reason: string, ...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, reason]));

describeProvider(createProcessProvider, {
  name: "process",
  enforcement: "best-effort",
  exceptions: {
    ...tests(
      "`processTree` is weaker: only the process group is known",
      "kills a daemon that left its session and process group",
    ),
    ...tests(
      "`cpuTime` is missing: Node can't tell one child's CPU time",
      "kills a busy program at the CPU-time limit",
      "adds up the CPU time of all processes, those that ended included",
      "does not count a sleeping program's time as CPU time",
      "measures CPU time, that of children included",
    ),
    ...tests(
      "`memory` is missing",
      "kills a program that uses more memory than its limit",
      "adds up the memory of all processes",
      "measures the highest memory use",
    ),
    ...tests(
      "`processes` is missing",
      "refuses more processes than the limit, and says so if the program then fails",
      "counts threads as processes",
      "survives a fork bomb",
    ),
    ...tests(
      "`disk` is missing",
      "refuses to write more than the limit, and says so if the program then fails",
      "adds up all folders that can be written",
      "limits the number of files too",
    ),
    ...tests(
      "it has no terminals",
      "a program with a terminal has one on all three streams, of the size asked for",
      "a terminal can be opened anew, as /dev/tty and by its name",
      "what is typed comes echoed, and the end of the input is Ctrl-D",
      "Ctrl-C on a terminal interrupts the program",
      "a program is told when its terminal changes its size",
      "all output of a program with a terminal comes, also that of one that ends at once",
      "a command with a terminal can follow one without, and the other way round",
      "a background process that holds the terminal does not prolong the command",
    ),
    ...(process.getuid?.() === 0
      ? tests("root reads all files", "collects nothing that the program itself can't read")
      : {}),
    ...tests("`openFiles` is missing", "limits the open files of a process"),
    ...tests(
      "`files` is missing: what Glovebox itself inherited is passed on",
      "passes no file descriptor of its own",
    ),
    ...tests(
      "`files` is missing: the program sees the host's own folders",
      "has its workspace at /workspace",
      "a sandbox does not see what another left in /tmp and /dev/shm",
      "a folder mounted read-only can't be changed",
    ),
    ...tests(
      "`processTree` is weaker: the program sees the host's processes",
      "a program sees only the processes of its sandbox",
    ),
    ...tests(
      "`network` is missing",
      "without network a program can't reach a service of this machine",
      "without network there is no route and no device but loopback",
    ),
  },
});

// That of all others is what `linux` shows: without walls it is the same commands on the same host.
const only = ["python", "javascript", "bash", "c", "cpp"];
const languages = { name: "process", enforcement: "best-effort", only } as const;
// Root's pass has shown it all.
if (process.env["GLOVEBOX_TEST_PASS"] !== "second") {
  describeLanguages(createProcessProvider, languages);
}
