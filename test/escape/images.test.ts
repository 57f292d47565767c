/**
 * @module
 * Images of a stranger: what unpacking them, and running in them, must not reach.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GloveboxError } from "../../src/core/errors.ts";
import type { Provider } from "../../src/core/provider.ts";
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import {
  device,
  file,
  folder,
  hardlink,
  symlink,
  tarOf,
  writeLayout,
  type LayoutOptions,
  type TarMember,
} from "../helpers/images/layout.ts";
import { imagesGap, programLayer } from "../helpers/images/programs.ts";
import { createLeftoverCheck, type LeftoverCheck } from "../helpers/leftovers.ts";
import { skipUnless } from "../helpers/require.ts";

const launcherPath = await locateLauncher();
const { available, reason } = await createLinuxProvider({ launcherPath }).probe();
const skipReason =
  skipUnless("linux", available ? undefined : reason) ?? skipUnless("images", imagesGap());

const NAME = "test/hostile:1";
const never = (): AbortSignal => new AbortController().signal;

describe.skipIf(skipReason !== undefined)(`hostile images ${skipReason ?? ""}`, () => {
  let base: string;
  let provider: Provider;
  let leftovers: LeftoverCheck;
  /** What nobody may read or change. */
  let secret: string;
  let images: string;
  let programs: Buffer;
  beforeAll(async () => {
    leftovers = await createLeftoverCheck();
    base = realpathSync(mkdtempSync(join(tmpdir(), "glovebox-images-test-")));
    secret = join(base, "secret");
    images = join(base, "data/glovebox/images");
    programs = programLayer();
  });
  beforeEach(() => {
    rmSync(join(base, "data"), { recursive: true, force: true });
    mkdirSync(join(base, "data"));
    writeFileSync(secret, "secret of the host\n");
    const env = { ...process.env, XDG_DATA_HOME: join(base, "data") };
    provider = createLinuxProvider({ launcherPath, env });
  });
  afterAll(async () => {
    rmSync(base, { recursive: true, force: true });
    expect(await leftovers.find()).toEqual([]);
  });

  async function load(options: LayoutOptions): Promise<void> {
    const path = join(base, "layout");
    rmSync(path, { recursive: true, force: true });
    const source = writeLayout(path, options);
    await provider.images?.load?.(NAME, source, () => undefined, never());
  }

  /** Loads programs with these layers above, and runs a shell in it. */
  async function runIn(script: string, ...layers: readonly (readonly TarMember[])[]) {
    await load({
      layers: [programs, ...layers.map(tarOf)].map((tar) => gzipSync(tar, { level: 1 })),
    });
    return run(script);
  }

  async function run(script: string): Promise<{ outcome: unknown; output: string }> {
    const chunks: Buffer[] = [];
    await using sandbox = await provider.create(
      {
        image: NAME,
        policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
        limits: { memoryBytes: 256 << 20, processes: 32, diskBytes: 16 << 20, openFiles: 64 },
        files: [],
        hostPrograms: [],
        enforcement: "best-effort",
      },
      never(),
    );
    const { outcome } = await sandbox.exec(
      {
        argv: ["sh", "-c", script],
        env: {},
        cwd: "/",
        stdin: "empty",
        limits: { wallTimeMs: 10_000, cpuTimeMs: 10_000, outputBytes: 65_536 },
        onOutputLimit: "truncate",
        onOutput: (_stream, chunk) => void chunks.push(chunk),
      },
      never(),
    );
    return { outcome, output: Buffer.concat(chunks).toString() };
  }

  const failure = async (options: LayoutOptions): Promise<GloveboxError> => {
    const error: unknown = await load(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GloveboxError);
    return error as GloveboxError;
  };

  /** Nothing but the secret and the store lies where it did, and the store holds no half of a pull. */
  const expectUntouched = (): void => {
    expect(readFileSync(secret, "utf8")).toBe("secret of the host\n");
    expect(readdirSync(base).sort()).toEqual(["data", "layout", "secret"]);
    // skopeo remembers there which registry had a blob.
    const kept = readdirSync(join(base, "data")).filter((name) => name !== "containers");
    expect(kept).toEqual(["glovebox"]);
    expect(readdirSync(join(images, "staging"))).toEqual([]);
  };

  const rootfs = (): string => {
    const [tree = ""] = readdirSync(images).filter((name) => name.startsWith("sha256-"));
    return join(images, tree, "rootfs");
  };

  test("runs its programs, as the one user, and nothing of it can be changed", async () => {
    const { output } = await runIn(
      "id; cat /etc/passwd; touch /bin/x /etc/x /x 2>&1; cat /etc/hosts; touch /workspace/y /tmp/y && echo fine",
      [],
    );
    expect(output).toContain("uid=1000(sandbox)");
    expect(output.match(/Read-only file system/g)).toHaveLength(3);
    expect(output).toContain("127.0.0.1 localhost glovebox");
    expect(output).toContain("fine");
    expectUntouched();
  });

  test("names with .. and absolute names stay inside", async () => {
    const up = "../".repeat(12);
    const { output } = await runIn("cat /up /abs", [
      file(`${up}up`, "up\n"),
      file("/abs", "abs\n"),
      file(`a/../../..${secret}`, "evil\n"),
    ]);
    expect(output).toBe("up\nabs\n");
    expectUntouched();
  });

  test("no file is written or read through a link that leads out", async () => {
    const { output } = await runIn("cat /link/x /abs; ls -a /up 2>&1; readlink /abs", [
      symlink("link", base),
      file("link/secret", "of the image\n"),
      symlink("abs", secret),
      symlink("up", "../../../../.."),
      file("up/written", "x"),
      symlink("circle", "circle"),
    ]);
    expect(readFileSync(join(rootfs(), secret), "utf8")).toBe("of the image\n");
    expect(output).toContain("No such file");
    expect(output).not.toContain("secret of the host");
    expect(output).toContain(secret);
    expectUntouched();
  });

  test.each([
    ["links in a circle", [symlink("a", "b"), symlink("b", "a"), file("a/x")]],
    ["a file below a file", [file("a"), file("a/x")]],
    ["a hard link to a file of the host", [hardlink("shadow", "/etc/shadow")]],
    ["a hard link through a link", [symlink("out", "/etc"), hardlink("passwd", "out/shadow")]],
    ["a sparse file of GNU's", [{ path: "s", type: "S" }]],
    ["a file larger than all that is allowed", [{ path: "big", size: 30 * 1024 ** 3 }]],
    ["a file that is cut off", [{ path: "cut", size: 1_000_000 }]],
    ["a path that is too long", [file("d/".repeat(3000) + "x")]],
    [
      "a path that a link makes too long",
      [
        folder(`${`${"d".repeat(200)}/`.repeat(19)}${"e".repeat(79)}`),
        symlink("s", `${`${"d".repeat(200)}/`.repeat(19)}${"e".repeat(79)}`),
        file(`s/${"f".repeat(180)}`),
      ],
    ],
  ] as readonly [string, readonly TarMember[]][])("%s is refused", async (_what, members) => {
    const error = await failure({ layers: [gzipSync(tarOf([folder("etc"), ...members]))] });
    expect(error.code).toBe("SANDBOX_FAILED");
    expect(existsSync(join(images, "names")) && readdirSync(join(images, "names"))).toEqual([]);
    expectUntouched();
  });

  test("devices are left out, and set-user-ID bits are taken away", async () => {
    const { output } = await runIn("ls /dev /nodes; stat -c %a /bin/suid /sgid", [
      folder("nodes"),
      device("nodes/char"),
      device("nodes/block", "4"),
      device("nodes/fifo", "6"),
      device("dev/sda", "4"),
      file("bin/suid", "#!/bin/sh\n", 0o6755),
      folder("sgid", 0o2777),
      file("sgid/x"),
    ]);
    expect(output).not.toMatch(/char|block|fifo|sda/);
    expect(output).toContain("755\n777\n");
    expect(lstatSync(join(rootfs(), "bin/suid")).mode & 0o7000).toBe(0);
  });

  test("whiteouts take away what lies below them, and nothing else", async () => {
    const { output } = await runIn(
      "cat /etc/hosts; ls -a /d /full /own",
      [
        folder("d"),
        file("d/gone"),
        file("d/stays"),
        folder("full"),
        file("full/a"),
        symlink("out", base),
      ],
      [
        file("d/.wh.gone"),
        file("full/new"),
        file("full/.wh..wh..opq"),
        file("out/.wh.secret"),
        file(`${"../".repeat(12)}${secret.slice(1)}/../.wh.secret`),
        file("own/.wh.fresh"),
        file("own/fresh"),
        file("d/.wh.."),
        file("d/.wh..."),
        file(".wh."),
      ],
    );
    expect(output).toContain("stays");
    expect(output).not.toMatch(/gone|^a$/m);
    expect(output).toContain("new");
    expect(output).toContain("fresh");
    expectUntouched();
  });

  test("what is ours in a sandbox is never a link or a file of the image", async () => {
    const { output } = await runIn(
      "cat /proc/self/comm; ls /workspace /home /.glovebox; touch /home/sandbox/x /tmp/x && echo writable; ls -d /.old /.scratch 2>&1",
      [
        symlink("proc", "/bin"),
        symlink("dev", "/.old/dev"),
        symlink("tmp", "/.old/tmp"),
        symlink("workspace", "/.old/root"),
        symlink("home", "/.old/home"),
        symlink("opt", "/.old/opt"),
        symlink(".glovebox", "/.old"),
        folder(".old"),
        file(".old/x"),
        folder(".scratch"),
        symlink("sys", "/.old/sys"),
      ],
    );
    expect(output).toContain("cat\n");
    expect(output).toContain("writable");
    expect(output.match(/No such file/g)).toHaveLength(2);
    expectUntouched();
  });

  test("an /etc that is a link to the host's, or through the set-up's, leads nowhere", async () => {
    const layer = [{ ...file("etc/.wh..wh..opq") }, symlink("etc", "/.old/etc")];
    const { output } = await runIn("ls -l /etc/ 2>&1; cat /etc/shadow 2>&1", layer);
    expect(output).not.toContain("root:");
    expect(output.match(/No such file/g)).toHaveLength(2);
  });

  test("links and hard links in /etc are not written through", async () => {
    const { output } = await runIn("cat /etc/passwd; cat /kept", [
      file("kept", "kept\n"),
      hardlink("etc/passwd", "kept"),
      symlink("etc/group", secret),
      symlink("etc/hosts", secret),
      folder("etc/resolv.conf"),
      file("etc/resolv.conf/x"),
    ]);
    expect(output).toMatch(/^sandbox:x:1000:.*\nkept\nkept\n$/);
    expectUntouched();
  });

  test("names with control characters, and such as are no UTF-8, harm nobody", async () => {
    const { output } = await runIn("ls -a / | cat; cat '/a\nb/x'", [
      folder("a\nb"),
      file("a\nb/x", "found\n"),
      file("\xff\xfe"),
      file("usr/\xff\xfe", "x"),
      file("-rf", "x"),
    ]);
    expect(output).toContain("found");
    expect(await provider.images?.remove(NAME, never())).toBe(true);
    expect(readdirSync(images).sort()).toEqual(["names", "staging"]);
  });

  test("too many files at the top are refused, many below it are not", async () => {
    const many = Array.from({ length: 5_000 }, (_, i) => file(`many/${i}`));
    expect((await runIn("ls /many/4999", many)).output).toBe("/many/4999\n");
    const top = Array.from({ length: 300 }, (_, i) => file(`top${i}`));
    const { message } = await failure({ layers: [gzipSync(tarOf([folder("etc"), ...top]))] });
    expect(message).toContain("more than 256 files and folders at its top");
  });

  test("the longest paths that there may be can be used and removed", async () => {
    const deep = `${"d".repeat(200)}/`.repeat(10);
    const { output } = await runIn(`cat /${deep}x; ls /a | cat`, [
      file(`${deep}x`, "deep\n"),
      file(`${"a/".repeat(1000)}b`),
    ]);
    expect(output).toBe("deep\na\n");
    expect(await provider.images?.remove(NAME, never())).toBe(true);
    expect(readdirSync(images).sort()).toEqual(["names", "staging"]);
  });

  test("folders that nobody may enter can be used and removed", async () => {
    const { output } = await runIn("cat /closed/x", [
      folder("closed", 0o000),
      file("closed/x", "in", 0),
    ]);
    expect(output).toBe("in");
    expect(await provider.images?.remove(NAME, never())).toBe(true);
    expect(readdirSync(images).sort()).toEqual(["names", "staging"]);
  });

  test("addresses in its manifest are not asked, also not this machine's own", async () => {
    let requests = 0;
    const server = createServer((_request, answer) => {
      requests++;
      answer.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const path = join(base, "layout");
      rmSync(path, { recursive: true, force: true });
      const source = writeLayout(path, { layers: [tarOf([])] });
      addAddress(path, `http://127.0.0.1:${(server.address() as AddressInfo).port}/metadata`);
      const loaded = provider.images?.load?.(NAME, source, () => undefined, never());
      await expect(loaded).rejects.toMatchObject({
        code: "SANDBOX_FAILED",
        message: expect.stringMatching(/addresses of its own \(`urls`\)/) as string,
      });
      expect(requests).toBe(0);
      expectUntouched();
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test.each<[string, LayoutOptions, RegExp]>([
    [
      "whose layer is not what its digest says",
      { layers: [tarOf([])], isBroken: true },
      /digest|size/i,
    ],
    ["that is no tar", { layers: [gzipSync(Buffer.alloc(2048, "x"))] }, /no tar/],
    ["for another machine", { layers: [tarOf([])], architecture: "s390x" }, /is for linux\/s390x/],
    ["with a variable that can't be", { layers: [tarOf([])], env: ["A=b\0c"] }, /variables/],
    [
      "whose configuration has another shape",
      {
        layers: [],
        config: {
          architecture: "amd64",
          os: "linux",
          config: { Env: 3 },
          rootfs: { diff_ids: [] },
        },
      },
      /could not be fetched|malformed/,
    ],
  ])("an image %s is refused with its reason", async (_what, options, message) => {
    expect((await failure(options)).message).toMatch(message);
    expectUntouched();
  });
});

/** Says in the manifest of a layout where else its configuration is, which skopeo would ask first. */
function addAddress(layout: string, address: string): void {
  interface Index {
    manifests: [{ digest: string; size: number }];
  }
  const indexPath = join(layout, "index.json");
  const index = JSON.parse(readFileSync(indexPath, "utf8")) as Index;
  const blobs = join(layout, "blobs/sha256");
  const [found] = index.manifests;
  const path = join(blobs, found.digest.slice("sha256:".length));
  const manifest = JSON.parse(readFileSync(path, "utf8")) as { config: object };
  manifest.config = { ...manifest.config, urls: [address] };
  const text = JSON.stringify(manifest);
  const hex = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(blobs, hex), text);
  index.manifests[0] = { ...found, digest: `sha256:${hex}`, size: text.length };
  writeFileSync(indexPath, JSON.stringify(index));
}
