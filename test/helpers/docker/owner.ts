/**
 * @module
 * A process that owns a Docker daemon with running containers, for tests that kill it. argv: the
 * OCI runtimes to use. Prints the daemon's name once the containers run.
 */
import { startDockerd } from "./dockerd.ts";
import { importSmallImages, smallTags } from "./images.ts";

const dockerd = await startDockerd();
await importSmallImages(dockerd);
for (const runtime of process.argv.slice(2)) {
  const options = ["--detach", `--runtime=${runtime}`, "--network=none"];
  const id = await dockerd.docker("run", ...options, smallTags.tiny, "/bin/sleep", "300");
  // The worst case: what is frozen can't die.
  if (runtime === "runc") await dockerd.docker("pause", id);
}
process.stdout.write(`${dockerd.name}\n`);
