/**
 * @module
 * vitest's main process: owns the Docker daemon that test files share. See shared.ts.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import type { TestProject } from "vitest/node";
import { ownProcessTag } from "../../../src/util/process-tag.ts";
import { startDockerd, type Dockerd } from "./dockerd.ts";
import { importLanguageImages, importSmallImages } from "./images.ts";
import type { Answer } from "./shared.ts";

/** Called for each project of a run; the first one serves all. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { pid, startTime } = ownProcessTag();
  const path = `\0glovebox-docker-test-${pid}-${startTime}`;
  project.provide("dockerdSocket", path);
  let starting: Promise<Dockerd> | undefined;
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    starting ??= startWithImages();
    starting.then(
      ({ name, folder, pid, storageDriver }) => {
        send({ place: { name, folder, pid, storageDriver } });
      },
      (error: unknown) => send({ error: String(error) }),
    );
    const send = (answer: Answer): void => void socket.end(JSON.stringify(answer));
  });
  if (!(await listens(server, path))) return undefined;
  return async () => {
    server.close();
    const dockerd = await starting?.catch(() => undefined);
    await dockerd?.stop();
  };
}

async function startWithImages(): Promise<Dockerd> {
  const dockerd = await startDockerd();
  try {
    await importLanguageImages(dockerd);
    await importSmallImages(dockerd);
    return dockerd;
  } catch (error) {
    await dockerd.stop();
    throw error;
  }
}

/** False where another project of this run was first. */
async function listens(server: Server, path: string): Promise<boolean> {
  server.listen(path);
  try {
    await once(server, "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
}
