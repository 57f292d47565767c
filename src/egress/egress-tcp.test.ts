import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeInOwnNetwork } from "../../test/helpers/network/own-network.ts";
import { createTestNetwork, type TestNetwork } from "../../test/helpers/network/sandbox-network.ts";
import type { Decision, PermissionGate, Question, PermissionNote } from "../core/permission.ts";
import { createEgress, type Egress, type EgressOptions } from "./egress.ts";

const web = "93.184.216.34";
const yes: Decision = { isAllowed: true, scope: "run" };
const once1: Decision = { isAllowed: true, scope: "once" };
const no: Decision = { isAllowed: false, scope: "run" };

describeInOwnNetwork(import.meta.url, () => {
  let network: TestNetwork;
  let egress: Egress;
  let asked: Question[];
  let notes: PermissionNote[];
  const servers: Server[] = [];

  beforeEach(async () => {
    network = await createTestNetwork();
    asked = [];
    notes = [];
  });
  afterEach(async () => {
    egress.close();
    for (const server of servers.splice(0)) server.close();
    await network[Symbol.asyncDispose]();
  });

  /** Decides by `host:port`. */
  const gateOf = (decide: (what: string, question: Question) => Decision): PermissionGate => ({
    decide: async (question) => {
      asked.push(question);
      const { subject } = question;
      return decide(subject.kind === "net" ? `${subject.host}:${subject.port}` : "", question);
    },
  });
  const begin = async (
    decide: (what: string) => Decision,
    options: Partial<EgressOptions> = {},
  ): Promise<void> => {
    egress = createEgress({
      network,
      gate: gateOf(decide),
      resolve: async () => [web],
      onNote: (note) => {
        if (note.kind !== "looked-up") notes.push(note);
      },
      ...options,
    });
    await egress.start();
  };
  const serve = async (
    address: string,
    port: number,
    onConnection: (socket: Socket) => void,
  ): Promise<void> => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      // The end of a test resets what is still open.
      onConnection(socket.on("error", () => undefined));
    });
    servers.push(server);
    server.listen({ host: address, port });
    await once(server, "listening");
  };
  const subjects = (): string[] =>
    asked.map(({ subject, because }) => {
      const what =
        subject.kind === "net" ? `${subject.protocol} ${subject.host}:${subject.port}` : "";
      return because === undefined ? what : `${what} (${because})`;
    });
  const addressOf = async (name: string): Promise<string> =>
    ((await network.resolve(name, "A")) as string[])[0]!;
  const echo = (socket: Socket): void => void socket.pipe(socket);

  test("a program reaches an allowed name after one question, by the name's own address", async () => {
    await begin(() => yes);
    await serve(web, 443, echo);
    const address = await addressOf("api.example.com");
    expect(address).toBe("198.18.0.1");
    const socket = await network.connect(egress, address, 443);
    socket.end("hello");
    expect(await text(socket)).toBe("hello");
    const second = await network.connect(egress, address, 443);
    second.end("again");
    expect(await text(second)).toBe("again");
    expect(subjects()).toEqual(["tcp api.example.com:443"]);
  });

  test("nothing is looked up before a connection is allowed", async () => {
    const looked: string[] = [];
    await begin(() => no, {
      resolve: async (name) => {
        looked.push(name);
        return [web];
      },
    });
    const address = await addressOf("secret.attacker.example");
    await expect(network.connect(egress, address, 443)).rejects.toThrow("EACCES");
    expect(looked).toEqual([]);
  });

  test.each([
    ["nobody listens", async () => [web], "ECONNREFUSED"],
    [
      "the name has no address",
      async () => {
        throw Object.assign(new Error("not found"), { code: "ENOTFOUND" });
      },
      "EHOSTUNREACH",
    ],
    ["it leads to all of a network", async () => ["0.0.0.0", "224.0.0.1"], "ENETUNREACH"],
  ])("%s: the program's own call fails so", async (_, resolve, errno) => {
    await begin(() => yes, { resolve });
    const address = await addressOf("api.example.com");
    await expect(network.connect(egress, address, 81)).rejects.toThrow(errno);
  });

  test("a public address is one question, by itself, also over IPv6 and mapped", async () => {
    await begin(() => yes);
    await serve(web, 80, echo);
    await serve("2606:4700::1111", 80, echo);
    for (const [address, sent] of [
      [web, "four"],
      [`::ffff:${web}`, "mapped"],
      ["2606:4700:0::1111", "six"],
    ] as const) {
      const socket = await network.connect(egress, address, 80);
      socket.end(sent);
      expect(await text(socket)).toBe(sent);
    }
    expect(subjects()).toEqual([`tcp ${web}:80`, "tcp 2606:4700::1111:80"]);
  });

  test("a name that leads inward is a second question, about the address", async () => {
    await begin((what) => (what === "10.0.0.5:5432" ? yes : what.startsWith("db.") ? yes : no), {
      resolve: async () => ["10.0.0.5"],
    });
    await serve("10.0.0.5", 5432, echo);
    const socket = await network.connect(egress, await addressOf("db.example.com"), 5432);
    socket.end("select");
    expect(await text(socket)).toBe("select");
    expect(subjects()).toEqual([
      "tcp db.example.com:5432",
      "tcp 10.0.0.5:5432 (db.example.com is 10.0.0.5, an address of your private network)",
    ]);
  });

  test("a name that leads outward first and inward next is asked about at its second dial", async () => {
    const answers = [[web], ["127.0.0.1"]];
    await begin((what) => (what.startsWith("127.") ? no : yes), {
      resolve: async () => answers.shift() ?? [],
    });
    await serve(web, 8080, echo);
    await serve("127.0.0.1", 8080, (socket) => socket.end("the host's own"));
    const address = await addressOf("rebind.example.com");
    const first = await network.connect(egress, address, 8080);
    first.end("out");
    expect(await text(first)).toBe("out");
    const second = network.connect(egress, address, 8080).then(text);
    await expect(second).rejects.toThrow("ECONNRESET");
    expect(subjects()).toEqual([
      "tcp rebind.example.com:8080",
      "tcp 127.0.0.1:8080 (rebind.example.com is 127.0.0.1, this machine itself)",
    ]);
  });

  test("the cloud's metadata service is called what it is", async () => {
    await begin(() => no);
    await expect(network.connect(egress, "169.254.169.254", 80)).rejects.toThrow("EACCES");
    expect(subjects()).toEqual([
      "tcp 169.254.169.254:80 (169.254.169.254 is the cloud's metadata service, which hands out this machine's credentials)",
    ]);
  });

  test("host.internal is this machine, with a question of its own", async () => {
    await begin(() => yes);
    await serve("127.0.0.1", 9000, (socket) => socket.end("host"));
    const socket = await network.connect(egress, await addressOf("host.internal"), 9000);
    expect(await text(socket)).toBe("host");
    expect(subjects()).toEqual([
      "tcp host.internal:9000 (host.internal is 127.0.0.1, this machine itself)",
    ]);
  });

  test.each(["127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "10.0.2.100"])(
    "a server of Glovebox's is out of reach whatever the answer: %s",
    async (address) => {
      await begin(() => yes, {
        forbidden: () => [{ address: "127.0.0.1", port: 7000 }],
        resolve: async () => [address],
      });
      for (const host of ["0.0.0.0", "::"]) await serve(host, 7000 + (host === "::" ? 1 : 0), echo);
      const name = await addressOf("innocent.example.com");
      await expect(network.connect(egress, name, 7000)).rejects.toThrow(/EACCES|ENETUNREACH/);
      expect(notes).toMatchObject([{ kind: "forbidden", host: "innocent.example.com" }]);
      await expect(network.connect(egress, await addressOf("host.internal"), 7000)).rejects.toThrow(
        "EACCES",
      );
      expect(subjects()).toEqual(["tcp innocent.example.com:7000"]);
    },
  );

  test("an answer for once is good for one connection", async () => {
    await begin(() => once1);
    await serve(web, 80, echo);
    const address = await addressOf("api.example.com");
    const first = await network.connect(egress, address, 80);
    first.write("a");
    await once(first, "data");
    expect(network.approved).not.toContain(`tcp ${address} 80`);
    await expect(network.dialTcp(address, 80)).rejects.toThrow("ECONNREFUSED");
    const second = await network.connect(egress, address, 80);
    second.end("b");
    expect(await text(second)).toBe("b");
    expect(subjects()).toHaveLength(2);
    first.end();
    expect(await text(first)).toBe("");
  });

  test("calls that wait for the same answer each get their connection", async () => {
    let connections = 0;
    await begin(() => yes);
    await serve(web, 80, (socket) => {
      connections += 1;
      socket.pipe(socket);
    });
    const address = await addressOf("api.example.com");
    const sockets = await Promise.all(
      Array.from({ length: 16 }, () => network.connect(egress, address, 80)),
    );
    const echoed = sockets.map(async (socket, index) => {
      socket.end(`${index}`);
      return text(socket);
    });
    expect(await Promise.all(echoed)).toEqual(sockets.map((_, index) => `${index}`));
    expect(connections).toBe(16);
  });

  test("what was dialled and nobody takes is closed, and for once is taken back", async () => {
    await begin(() => once1, { timing: { untakenMs: 50 } });
    const closed = new Promise<void>((resolve) => {
      void serve(web, 80, (socket) => socket.resume().end().once("close", resolve));
    });
    const address = await addressOf("api.example.com");
    const { signal } = new AbortController();
    const answer = await egress.take({ protocol: "tcp", address, port: 80, signal });
    expect(answer).toEqual({ kind: "continue" });
    await closed;
    await expect.poll(() => network.approved.has(`tcp ${address} 80`)).toBe(false);
  });

  test("one direction can end while the other one goes on, both ways", async () => {
    await begin(() => yes);
    await serve(web, 80, (socket) => {
      let got = "";
      socket.on("data", (chunk) => (got += chunk.toString()));
      socket.on("end", () => socket.end(`got ${got}`));
    });
    await serve(web, 81, (socket) => {
      socket.end("bye");
      void text(socket).then((rest) => (last = rest));
    });
    let last = "";
    const up = await network.connect(egress, web, 80);
    up.end("all");
    expect(await text(up)).toBe("got all");
    const down = await network.connect(egress, web, 81);
    expect(await receivedBy(down)).toBe("bye");
    down.end("after the end");
    await expect.poll(() => last).toBe("after the end");
  });

  test("many bytes arrive as they were, both ways at once, also where the reader is slow", async () => {
    const sent = randomBytes(16 * 1_048_576);
    const up: Promise<string>[] = [];
    await begin(() => yes);
    await serve(web, 80, (socket) => {
      up.push(digestOf(socket));
      socket.end(sent);
    });
    const sockets = await Promise.all([1, 2, 3].map(() => network.connect(egress, web, 80)));
    const down = sockets.map(async (socket) => {
      socket.end(sent);
      return digestOf(socket);
    });
    const expected = createHash("sha256").update(sent).digest("hex");
    expect(await Promise.all(down)).toEqual(sockets.map(() => expected));
    expect(await Promise.all(up)).toEqual(sockets.map(() => expected));
  });

  test("what a program sends before its connection is dialled arrives, and its end", async () => {
    const sent = randomBytes(1_048_576);
    const digests: Promise<string>[] = [];
    const dials: (() => void)[] = [];
    await begin(() => yes, {
      resolve: () => new Promise((resolve) => dials.push(() => resolve([web]))),
    });
    await serve(web, 80, (socket) => {
      digests.push(digestOf(socket));
      socket.end();
    });
    const address = await addressOf("api.example.com");
    const connecting = network.connect(egress, address, 80);
    await expect.poll(() => dials.length).toBe(1);
    dials[0]!();
    (await connecting).end();
    const second = await network.dialTcp(address, 80);
    second.end(sent);
    await expect.poll(() => dials.length).toBe(2);
    // More than the relay holds is on its way, and waits.
    await expect.poll(() => second.bytesWritten - second.writableLength).toBeGreaterThan(0);
    dials[1]!();
    await expect.poll(() => digests.length).toBe(2);
    expect(await digests[1]).toBe(createHash("sha256").update(sent).digest("hex"));
  });

  test("a program that closes at once is no trouble, nor are many that do", async () => {
    await begin(() => yes);
    await serve(web, 80, echo);
    const first = await network.connect(egress, web, 80);
    for (let count = 0; count < 50; count += 1) {
      const socket = await network.dialTcp(web, 80);
      socket.on("error", () => undefined);
      if (count % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    first.end("still there");
    expect(await text(first)).toBe("still there");
  });

  test("a reset is passed on as a reset, both ways", async () => {
    await begin(() => yes);
    await serve(web, 80, (socket) => socket.once("data", () => socket.resetAndDestroy()));
    const codes: unknown[] = [];
    await serve(web, 81, (socket) => {
      socket.on("error", (error) => codes.push((error as NodeJS.ErrnoException).code));
      socket.write("x");
    });
    const first = await network.connect(egress, web, 80);
    first.write("x");
    await expect(text(first)).rejects.toThrow("ECONNRESET");
    const second = await network.connect(egress, web, 81);
    await once(second, "data");
    second.resetAndDestroy();
    await expect.poll(() => codes).toEqual(["ECONNRESET"]);
  });

  test("a server that never answers is a time-out", async () => {
    await begin(() => yes, {
      timing: { dialMs: 100 },
      resolve: () => new Promise(() => undefined),
    });
    const address = await addressOf("slow.example.com");
    await expect(network.connect(egress, address, 80)).rejects.toThrow("ETIMEDOUT");
  });

  test("a host of which nothing is heard is a time-out", async () => {
    await begin(() => yes, { timing: { connectMs: 200 } });
    const program = `require("net").createServer().listen({ host: "${web}", port: 80, backlog: 1 }, () => console.log("up"))`;
    const silent = spawn(process.execPath, ["-e", program], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await once(silent.stdout, "data");
    // It accepts nothing more: the kernel takes two for it, and then hears no one.
    silent.kill("SIGSTOP");
    const fill = Array.from({ length: 4 }, () => createConnection({ host: web, port: 80 }));
    await Promise.all(fill.slice(0, 2).map((socket) => once(socket, "connect")));
    await expect(network.connect(egress, web, 80)).rejects.toThrow("ETIMEDOUT");
    for (const socket of fill) socket.on("error", () => undefined).destroy();
    silent.kill("SIGKILL");
  });

  test("where the first address fails the next one is tried", async () => {
    await begin(() => yes, { resolve: async () => ["93.184.216.35", web] });
    await serve(web, 80, echo);
    const socket = await network.connect(egress, await addressOf("two.example.com"), 80);
    socket.end("second");
    expect(await text(socket)).toBe("second");
  });

  test("a caller that dies takes its question with it", async () => {
    let withdrawn = false;
    egress = createEgress({
      network,
      gate: {
        decide: (_, signal) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => {
              withdrawn = true;
              resolve(no);
            });
          }),
      },
    });
    const caller = new AbortController();
    const answer = egress.take({ protocol: "tcp", address: web, port: 80, signal: caller.signal });
    caller.abort();
    expect(await answer).toEqual({ kind: "errno", errno: "EACCES" });
    expect(withdrawn).toBe(true);
  });

  test("calls to what is no single machine, or has no name, fail without a question", async () => {
    await begin(() => yes);
    await expect(network.connect(egress, "224.0.0.251", 5353)).rejects.toThrow("ENETUNREACH");
    await expect(network.connect(egress, "255.255.255.255", 67)).rejects.toThrow("ENETUNREACH");
    await expect(network.connect(egress, "198.18.9.9", 80)).rejects.toThrow("EHOSTUNREACH");
    await expect(network.connect(egress, "no address", 80)).rejects.toThrow("EADDRNOTAVAIL");
    expect(asked).toEqual([]);
  });

  test("an address that the program listens on itself can't be approved", async () => {
    await begin(() => yes);
    await serve(web, 80, echo);
    const own = await network.listenTcp("0.0.0.0", 80);
    await expect(network.connect(egress, web, 80)).rejects.toThrow("EADDRINUSE");
    own.close();
  });

  test("another server's name in TLS is noted, and not stopped", async () => {
    await begin(() => yes);
    await serve(web, 443, (socket) => socket.end());
    const { connect } = await import("node:tls");
    for (const servername of ["api.example.com", "hidden.example.org"]) {
      const socket = await network.connect(egress, await addressOf("api.example.com"), 443);
      const tls = connect({ socket, servername }).on("error", () => undefined);
      await closeOf(tls);
    }
    expect(notes).toEqual([
      {
        kind: "other-server-name",
        host: "api.example.com",
        port: 443,
        serverName: "hidden.example.org",
      },
    ]);
  });

  test("the end of a sandbox ends its connections", async () => {
    await begin(() => yes);
    const upstreams: Socket[] = [];
    await serve(web, 80, (socket) => {
      upstreams.push(socket);
      socket.write("x");
    });
    const socket = await network.connect(egress, web, 80);
    await once(socket, "data");
    const ended = [closeOf(socket), closeOf(upstreams[0]!)];
    egress.close();
    await Promise.all(ended);
    expect(network.approved.size).toBe(0);
    const { signal } = new AbortController();
    expect(await egress.take({ protocol: "tcp", address: web, port: 80, signal })).toEqual({
      kind: "errno",
      errno: "EACCES",
    });
  });
});

/** Up to the end of what the other side sends; this side stays open. */
function receivedBy(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString()));
    socket.once("end", () => resolve(received));
  });
}

/** However it ends. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => undefined).once("close", () => resolve());
  });
}

/** Of all that comes, taken so slowly that all buffers on the way fill up. */
function digestOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    socket.on("data", (chunk) => {
      hash.update(chunk);
      socket.pause();
      setImmediate(() => socket.resume());
    });
    socket.once("end", () => resolve(hash.digest("hex")));
    socket.once("error", reject);
  });
}
