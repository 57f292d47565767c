/**
 * @module
 * From a program of this page to one behind a link, and back.
 */
import type { OpenedShare, ShareRequest } from "../../../src/client/share-types.ts";
import { isProject } from "../state/project-shape.ts";
import { emptyProject, toRequest, type Project } from "../state/project-values.ts";

export function toShare(project: Project, title: string): ShareRequest {
  // Files of the server's user are asked for by whoever runs it, not by whoever shares it.
  const program = toRequest({ ...project, isTerminal: false, hostFiles: "none" });
  return {
    ...program,
    files: program.files ?? [],
    ...(title === "" ? {} : { title }),
    ...(project.forkedFrom === undefined ? {} : { forked_from: project.forkedFrom }),
  };
}

/** Undefined where it is none that this page can show. */
export function fromShare({ id, program }: OpenedShare): Project | undefined {
  const { wall_time_ms, memory_bytes, processes, output_bytes } = program.limits ?? {};
  const files = program.files.map(({ path, content, encoding = "utf8" }) => ({
    ...{ path, content, encoding },
  }));
  const main = files.filter(({ path }) => path === program.entry);
  const project: Project = {
    ...emptyProject,
    language: program.language,
    version: program.version ?? "",
    files: [...main, ...files.filter(({ path }) => path !== program.entry)],
    stdin: program.stdin ?? "",
    args: program.args ?? [],
    limits: {
      ...{ wallTimeMs: wall_time_ms, memoryBytes: memory_bytes },
      ...{ processes, outputBytes: output_bytes },
    },
    // What somebody else wrote gets no network until who reads it says so.
    network: program.network === "ask" ? "ask" : "none",
    forkedFrom: id,
  };
  return isProject(project) ? project : undefined;
}
