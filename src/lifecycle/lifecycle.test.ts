import fc from "fast-check";
import { expect, test } from "vitest";
import { parseMatcher } from "./matcher.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { runSteps } from "./run-steps.ts";
import { formatStepName, stages, type Step, type StepName } from "./step.ts";

interface Log {
  readonly lines: string[];
}

function step(name: string, work: Step<Log>["work"] = () => undefined): Step<Log> {
  const [provider = "", resource = "", last = ""] = name.split("/");
  return {
    ...{ provider, resource, step: last },
    work: (run, occasion) => {
      const of = formatStepName(occasion);
      run.lines.push(of === name ? name : `${name} of ${of}`);
      return work(run, occasion);
    },
  };
}

const fail = (): never => {
  throw new Error("no");
};

async function lines(
  registry: Registry<Log>,
  signal = new AbortController().signal,
): Promise<readonly string[]> {
  const log: Log = { lines: [] };
  const onFurtherFailure = (error: unknown, name: string): void =>
    void log.lines.push(`${name}: ${(error as Error).message}`);
  await runSteps(registry.plan(), log, { signal, onFurtherFailure }).catch((error: unknown) =>
    log.lines.push(`failed: ${(error as Error).message}`),
  );
  return log.lines;
}

test("steps run by their levels, those of one level in the order of their registration", async () => {
  const registry = createRegistry<Log>();
  const steps = registry.for("test");
  steps.at(stages.teardown, step("a//down"));
  steps.at(stages.run, step("a//run"));
  steps.at(stages.run + 0.5, step("a//between"));
  steps.at(stages.setup, step("b//setup"));
  steps.at(stages.setup, step("a//setup"));
  steps.at(0, step("a//first"));
  steps.at(499, step("a//last"));
  expect(await lines(registry)).toEqual(
    ["first", "b", "setup", "run", "between", "down", "last"].map((name) =>
      name === "b" ? "b//setup" : `a//${name}`,
    ),
  );
});

test("hooks run around each step that matches, in the order of their registration", async () => {
  const registry = createRegistry<Log>();
  const one = registry.for("one");
  registry.for("two").before("docker/.*/run", step("x//before"));
  one.after({ provider: "docker", step: /^(setup|run)$/ }, step("y//after"));
  one.before({ resource: "" }, step("z//before"));
  one.at(stages.setup, step("docker/bash/setup"));
  one.at(stages.run, step("docker/bash/run"));
  one.at(stages.run, step("linux//run"));
  expect(await lines(registry)).toEqual([
    "docker/bash/setup",
    "y//after of docker/bash/setup",
    "x//before of docker/bash/run",
    "docker/bash/run",
    "y//after of docker/bash/run",
    "z//before of linux//run",
    "linux//run",
  ]);
  expect(registry.plan().map(({ owner, place }) => `${owner} ${place}`)).toContain("two before");
});

test("a matcher as text is found in names as coderun finds it: anywhere, in any case", async () => {
  const registry = createRegistry<Log>();
  const steps = registry.for("test");
  steps.before("DOCK/.*/un", step("x//before"));
  steps.before({ step: "un" }, step("y//never"));
  steps.at(stages.run, step("docker/python/run"));
  expect(await lines(registry)).toEqual(["x//before of docker/python/run", "docker/python/run"]);
});

test("an expression that remembers where it stopped matches every time", async () => {
  const registry = createRegistry<Log>();
  const steps = registry.for("test");
  steps.before({ step: /run/g }, step("x//before"));
  for (let count = 0; count < 3; count += 1) steps.at(stages.run, step("a//run"));
  expect((await lines(registry)).filter((line) => line.startsWith("x"))).toHaveLength(3);
});

test.each([
  ["a step", (): Step<Log> => step("a//two", fail)],
  ["one that fails later", (): Step<Log> => step("a//two", () => Promise.reject(new Error("no")))],
])("%s that fails leads to teardown, all of which runs", async (_, failing) => {
  const registry = createRegistry<Log>();
  const steps = registry.for("test");
  steps.at(stages.setup, step("a//one"));
  steps.at(stages.setup, failing());
  steps.at(stages.setup, step("a//three"));
  steps.after({ step: "two" }, step("a//hook"));
  steps.at(stages.run, step("a//run"));
  steps.at(stages.teardown, step("a//down", fail));
  steps.before({ step: "last" }, step("a//hook2", fail));
  steps.at(stages.teardown + 1, step("a//last"));
  expect(await lines(registry)).toEqual([
    ...["a//one", "a//two", "a//down", "a//down: no", "a//hook2 of a//last"],
    ...["a//hook2: no", "a//last", "failed: no"],
  ]);
});

test("a hook that fails before a step keeps it from running", async () => {
  const registry = createRegistry<Log>();
  const steps = registry.for("test");
  steps.before({ step: "run" }, step("a//hook", fail));
  steps.at(stages.run, step("a//run"));
  expect(await lines(registry)).toEqual(["a//hook of a//run", "failed: no"]);
});

test("an abort leads to teardown, and is no failure", async () => {
  const controller = new AbortController();
  const registry = createRegistry<Log>();
  const steps = registry.for("test");
  steps.at(
    stages.setup,
    step("a//one", () => controller.abort()),
  );
  steps.at(stages.run, step("a//run"));
  steps.at(stages.teardown, step("a//down"));
  expect(await lines(registry, controller.signal)).toEqual(["a//one", "a//down"]);
});

test.each<[string, (registry: Registry<Log>) => void, RegExp]>([
  ["a level", (it) => it.for("x").at(500, step("a//b")), /500 is no level.*0 to 499/],
  ["a level", (it) => it.for("x").at(NaN, step("a//b")), /is no level/],
  [
    "a level",
    (it) => it.for("x").at("run" as unknown as number, step("a//b")),
    /"run" is no level/,
  ],
  ["a name", (it) => it.for("x").at(1, step("//b")), /"" is no name of a provider/],
  [
    "a name",
    (it) => it.for("x").at(1, { ...step("a//b"), step: "a b" }),
    /"a b" is no name of a step/,
  ],
  [
    "work",
    (it) => it.for("x").at(1, { ...step("a//b"), work: 1 } as unknown as Step<Log>),
    /a\/\/b has no function `work`/,
  ],
  ["a matcher", (it) => it.for("x").before("docker/run", step("a//b")), /has 2 parts/],
  ["a matcher", (it) => it.for("x").after("(/x/y", step("a//b")), /`\(` is no regular expression/],
  [
    "a matcher",
    (it) => it.for("x").after({ stage: "run" } as object, step("a//b")),
    /`stage` is not known/,
  ],
  ["a matcher", (it) => it.for("x").after({ step: 1 } as object, step("a//b")), /neither a text/],
  ["a matcher", (it) => it.for("x").after(/run/ as object, step("a//b")), /is none/],
  ["a matcher", (it) => it.for("x").after(5 as unknown as object, step("a//b")), /5 is none/],
])("what is no %s is refused", (_, register, message) => {
  expect(() => register(createRegistry<Log>())).toThrow(message);
});

test("nothing can be registered once it runs", () => {
  const registry = createRegistry<Log>();
  registry.plan();
  expect(() => registry.for("x").at(1, step("a//b"))).toThrow(/too late/);
  expect(() => registry.for("x").before("a/b/c", step("a//b"))).toThrow(/too late/);
});

test("the same registrations make the same plan, and each step is in it once", () => {
  const name = fc.record({
    provider: fc.constantFrom("a", "b"),
    resource: fc.constantFrom("", "r"),
    step: fc.constantFrom("s", "t"),
  });
  const registration = fc.record({ name, level: fc.integer({ min: 0, max: 499 }), wanted: name });
  fc.assert(
    fc.property(fc.array(registration, { maxLength: 8 }), (all) => {
      const plan = (): readonly string[] => {
        const registry = createRegistry<Log>();
        for (const { name: its, level, wanted } of all) {
          registry.for("x").at(level, { ...its, work: () => undefined });
          registry.for("y").before(wanted, { ...its, work: () => undefined });
        }
        return registry
          .plan()
          .map(({ level, place, step: it }: { level: number; place: string; step: StepName }) =>
            [level, place, formatStepName(it)].join(" "),
          );
      };
      expect(plan()).toEqual(plan());
      expect(plan().filter((line) => line.includes(" at "))).toHaveLength(all.length);
      const levels = plan().map((line) => Number(line.split(" ")[0]));
      expect(levels).toEqual(levels.toSorted((one, other) => one - other));
    }),
  );
});

test("a matcher's text is told apart by its slashes", () => {
  expect(parseMatcher("docker/.*/run")).toEqual({
    provider: /docker/i,
    resource: /.*/i,
    step: /run/i,
  });
});

test("hooks of steps that there are not are told apart", () => {
  const registry = createRegistry();
  const work = (): void => undefined;
  registry.for("glovebox").at(300, { provider: "linux", resource: "", step: "run", work });
  const steps = registry.for("./mine.mjs");
  const own = { provider: "mine", resource: "", work };
  steps.before("linux/.*/run", { ...own, step: "fits" });
  steps.after("linux/.*/runn", { ...own, step: "misspelt" });
  expect(registry.idleHooks()).toMatchObject([
    { owner: "./mine.mjs", place: "after", hook: { step: "misspelt" } },
  ]);
});
