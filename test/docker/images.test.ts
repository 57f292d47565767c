/**
 * @module
 * Images that are strange, missing, or fetched: and the store that finds, pulls, builds and removes
 * them.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ImageProgress, ImageStore } from "../../src/core/image.ts";
import { sh } from "../conformance/harness.ts";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { importForeignImage, smallTags } from "../helpers/docker/images.ts";
import { startRegistry, type Registry } from "../helpers/docker/registry.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { create, exec, never, ownContainers, providerAt, runOnce } from "./fixture.ts";
import type { DockerProvider } from "./fixture.ts";

const skipReason = dockerSkipReason();
const name = (what: string): string => `glovebox-test-${process.pid}/${what}:1`;

describe.skipIf(skipReason !== undefined)(`images ${skipReason ?? ""}`, () => {
  let dockerd: DockerdUser;
  let registry: Registry;
  let provider: DockerProvider;
  let images: ImageStore & Required<Pick<ImageStore, "build">>;
  const made = new Set<string>();
  beforeAll(async () => {
    dockerd = await sharedDockerd();
    registry = await startRegistry(dockerd);
    provider = providerAt(dockerd.host);
    const { images: its } = provider;
    images = its as typeof images;
  }, DOCKERD_TIMEOUT_MS);
  afterAll(async () => {
    await provider.close();
    if (made.size > 0) await dockerd.docker("rmi", "--force", ...made);
    await registry.stop();
  });
  afterEach(async () => {
    expect(await ownContainers(dockerd)).toEqual([]);
  });

  const build = async (what: string, ...lines: readonly string[]): Promise<string> => {
    const image = name(what);
    made.add(image);
    const dockerfile = [`FROM ${smallTags.tiny}`, ...lines].join("\n");
    await images.build(image, dockerfile, () => undefined, never());
    return image;
  };

  describe("with wishes of their own", () => {
    test("variables are kept, but what a command brings counts more", async () => {
      const image = await build("env", "ENV PATH=/opt/bin:/bin GREETING='a = b' EMPTY=");
      await using sandbox = await create(provider, { image });
      const bare = await exec(provider, sandbox, sh('echo "$PATH|$GREETING|${EMPTY-unset}"'), {
        env: {},
      });
      expect(bare.text).toBe("/opt/bin:/bin|a = b|\n");
      const own = await exec(provider, sandbox, sh('echo "$GREETING"'), { env: { GREETING: "c" } });
      expect(own.text).toBe("c\n");
    });

    test("user, entry point, health check, stop signal, folder and triggers have no effect", async () => {
      const image = await build(
        "wishes",
        "RUN mkdir -p /data /srv/own && chmod 777 /data && echo kept >/data/file",
        "USER 0:0",
        'ENTRYPOINT ["/bin/false"]',
        'CMD ["nothing"]',
        "HEALTHCHECK --interval=1s CMD touch /tmp/unhealthy",
        "STOPSIGNAL SIGUSR1",
        "WORKDIR /srv/own",
        "EXPOSE 80",
        "ONBUILD RUN /bin/false",
      );
      const script = "id -u; pwd; ls /tmp; echo x >/data/new || cat /data/file";
      const result = await runOnce(provider, sh(script), { image });
      expect(result.text).toMatch(/^[1-9]\d*\n\/workspace\nkept\n$/);
    });

    test("volumes are no way around the limit of the disk", async () => {
      const image = await build(
        "volumes",
        "RUN mkdir -p /data /home/data && chmod 777 /data /home/data && echo kept >/data/file",
        'VOLUME ["/data", "/home/data/", "/tmp", "/workspace", "/glovebox", "/dev/shm"]',
      );
      const script = `ls /data; for f in /data /home/data /glovebox; do echo x >$f/new && echo "wrote $f"; done
for f in /tmp /workspace /dev/shm; do echo x >$f/new && echo "own $f"; done`;
      const result = await runOnce(provider, sh(script), { image });
      expect(result.text).toBe("own /tmp\nown /workspace\nown /dev/shm\n");
      expect(await dockerd.docker("volume", "ls", "--quiet", "--filter=dangling=true")).not.toMatch(
        /^[0-9a-f]{64}$/m,
      );
    });
  });

  test("one without a shell runs what it has", async () => {
    const image = smallTags.bare;
    expect((await runOnce(provider, ["/bin/true"], { image })).outcome).toEqual({
      kind: "exited",
      exitCode: 0,
    });
    expect((await runOnce(provider, ["sh"], { image })).outcome).toEqual({
      kind: "exited",
      exitCode: 127,
    });
  });

  test("one of another architecture: what can't run exits with 126, and says why", async () => {
    const image = name("foreign");
    made.add(image);
    await importForeignImage(dockerd, image, "arm64");
    // Its programs are this machine's own: an emulator would run foreign ones as well.
    expect((await runOnce(provider, sh("echo 1"), { image })).text).toBe("1\n");
    // elf(5): a program for AArch64 (0xb7), with nothing but its header.
    const elf = `\\177ELF\\2\\1\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0\\2\\0\\267\\0\\1${"\\0".repeat(43)}`;
    const program = await build(
      "elf",
      `RUN printf '${elf}' >/bin/foreign && chmod 755 /bin/foreign`,
    );
    const result = await runOnce(provider, ["foreign"], { image: program });
    expect(result.outcome).toEqual({ kind: "exited", exitCode: 126 });
    expect(result.stderr.toString()).toMatch(/cannot run foreign: Exec format error/);
  });

  describe("that are missing", () => {
    test.each(["never", "missing", "always"] as const)(
      "with pull policy %s",
      async (pullPolicy) => {
        const pullable = `${registry.address}/tiny:1`;
        await images.remove(pullable, never());
        const pulls: ImageProgress[] = [];
        const own = providerAt(dockerd.host, {
          pullPolicy,
          onPull: (_image, progress) => pulls.push(progress),
        });
        const running = runOnce(own, sh("echo 1"), { image: pullable });
        if (pullPolicy === "never") {
          await expect(running).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
          expect(pulls).toEqual([]);
        } else {
          expect((await running).text).toBe("1\n");
          expect(pulls.length).toBeGreaterThan(1);
          pulls.length = 0;
          await runOnce(own, sh("true"), { image: pullable });
          expect(pulls.length > 0).toBe(pullPolicy === "always");
          await expect(
            runOnce(own, sh("true"), { image: `${registry.address}/none:1` }),
          ).rejects.toMatchObject({
            code: "IMAGE_NOT_FOUND",
            message: expect.stringMatching(/could not be pulled: .*(not found|unknown)/) as string,
            details: { hint: expect.not.stringContaining("glovebox images pull") as string },
          });
          await expect(
            runOnce(own, sh("true"), { image: "127.0.0.1:1/tiny:1" }),
          ).rejects.toMatchObject({
            code: "SANDBOX_FAILED",
            details: { step: "pull an image" },
            message: expect.stringMatching(/could not be pulled: .*connection refused/) as string,
          });
        }
        await own.close();
        expect(await images.remove(pullable, never())).toBe(pullPolicy !== "never");
      },
    );

    test("or whose registry does not answer, though they are there and may be pulled each time", async () => {
      const image = "127.0.0.1:1/tiny:1";
      made.add(image);
      await dockerd.docker("tag", smallTags.tiny, image);
      const own = providerAt(dockerd.host, { pullPolicy: "always" });
      const running = runOnce(own, sh("true"), { image });
      await expect(running).rejects.toMatchObject({
        code: "SANDBOX_FAILED",
        message: expect.not.stringContaining("is not on this host") as string,
      });
      await own.close();
    });

    test.each(["never", "missing", "always"] as const)(
      "or that would be made here, which no registry is asked for: %s",
      async (pullPolicy) => {
        const image = `localhost/glovebox/test${process.pid}:debian`;
        const hint = `glovebox languages install test${process.pid} --provider docker`;
        const own = providerAt(dockerd.host, { pullPolicy });
        await expect(create(own, { image })).rejects.toMatchObject({
          code: "IMAGE_NOT_FOUND",
          message: expect.stringMatching(/^docker: the image .* is not on this host/) as string,
          details: { hint },
        });
        made.add(image);
        await dockerd.docker("tag", smallTags.tiny, image);
        expect((await runOnce(own, sh("echo ran"), { image })).text).toBe("ran\n");
        await own.close();
        expect(await images.remove(image, never())).toBe(true);
        made.delete(image);
      },
    );

    test.each(["UPPER", "a b", "a:b:c", "../x", "-x", "", "x".repeat(256), "a?b=c", "a\u0000b"])(
      "or whose name is none: %j",
      async (image) => {
        const own = providerAt(dockerd.host, { pullPolicy: "missing" });
        await expect(create(own, { image })).rejects.toMatchObject({ code: "INVALID_REQUEST" });
        await own.close();
      },
    );
  });

  describe("the store", () => {
    test("finds by tag, by digest and at a registry's port", async () => {
      const pullable = `${registry.address}/tiny:1`;
      const untagged = `${registry.address}/tiny`;
      await images.pull(pullable, () => undefined, never());
      const digest = await dockerd.docker("inspect", "--format={{index .RepoDigests 0}}", pullable);
      const { id } = (await images.find(pullable, never()))!;
      expect(await images.find(digest, never())).toMatchObject({ name: digest, id });
      expect(await images.find(id, never())).toMatchObject({ id });
      expect(await images.find(untagged, never())).toBeUndefined();
      expect((await runOnce(provider, sh("echo 1"), { image: digest })).text).toBe("1\n");
      expect(await images.remove(pullable, never())).toBe(true);
      await images.pull(digest, () => undefined, never());
      expect(await images.find(digest, never())).toMatchObject({ id });
      expect(await images.remove(digest, never())).toBe(true);
      await expect(images.pull(untagged, () => undefined, never())).rejects.toMatchObject({
        code: "IMAGE_NOT_FOUND",
      });
    });

    test("pulls nothing that is made here", async () => {
      const pulled = images.pull("localhost/glovebox/lua:debian", () => undefined, never());
      await expect(pulled).rejects.toMatchObject({
        code: "INVALID_REQUEST",
        message: expect.stringContaining("glovebox languages install lua --provider") as string,
      });
    });

    test("builds, tells the progress within bounds, and says why it failed", async () => {
      const image = name("built");
      made.add(image);
      const steps: ImageProgress[] = [];
      const dockerfile = `FROM ${smallTags.tiny}\nRUN echo ${"0123456789".repeat(1_000)} >/built`;
      await images.build(image, dockerfile, (step) => steps.push(step), never());
      expect(steps.length).toBeGreaterThan(1);
      const longest = Math.max(...steps.map(({ text }) => text.length));
      expect(longest).toBe(1_000);
      const failing = images.build(
        image,
        `FROM ${smallTags.tiny}\nRUN exit 3`,
        () => undefined,
        never(),
      );
      await expect(failing).rejects.toMatchObject({
        code: "SANDBOX_FAILED",
        message: expect.stringMatching(/non-zero code: 3/) as string,
      });
      const controller = new AbortController();
      const endless = images.build(
        image,
        `FROM ${smallTags.tiny}\nRUN sleep 300`,
        ({ text }) => {
          if (text.includes("RUN sleep")) controller.abort(new Error("given up"));
        },
        controller.signal,
      );
      await expect(endless).rejects.toThrow("given up");
    });

    test("does not remove what is in use, and removes once", async () => {
      const image = await build("used", "RUN echo 1 >/one");
      await using sandbox = await create(provider, { image });
      await expect(images.remove(image, never())).rejects.toMatchObject({
        code: "SANDBOX_FAILED",
        message: expect.stringMatching(/is using|in use/) as string,
      });
      await sandbox.destroy();
      expect(await images.remove(image, never())).toBe(true);
      expect(await images.remove(image, never())).toBe(false);
      made.delete(image);
    });
  });
});
