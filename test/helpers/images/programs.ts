/**
 * @module
 * A small image of this host's own programs, and what tests of images need.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { findProgram } from "../find-program.ts";
import { file, folder, tarOf, type TarMember } from "./layout.ts";

const programs = ["sh", "cat", "ls", "env", "id", "stat", "readlink", "touch", "true"];

/** A tar with a shell and a few programs in /bin, and the libraries that they need. */
export function programLayer(more: readonly TarMember[] = []): Buffer {
  const members = new Map<string, TarMember>();
  const add = (path: string, host: string): void => {
    members.set(path, file(path, readFileSync(host), 0o755));
  };
  for (const name of programs) {
    const host = realpathSync(findProgram(name) ?? `/bin/${name}`);
    add(`bin/${name}`, host);
    const libraries = execFileSync("ldd", [host], { encoding: "utf8" });
    // The loader among them by its whole path, the others by where ldd found them.
    for (const [path] of libraries.matchAll(/\/\S+/g)) add(path.slice(1), path);
  }
  return tarOf([folder("./"), folder("etc"), ...members.values(), ...more]);
}

/** Why images can't be fetched here; undefined where they can. */
export function imagesGap(): string | undefined {
  return findProgram("skopeo") === undefined ? "skopeo is not installed" : undefined;
}
