/**
 * @module
 * What a program sees: of this machine, which is the image `host`, or of an image that was fetched,
 * both read-only; and the little that is made up.
 */
import { lstatSync, readlinkSync } from "node:fs";
import { changesPath, programPath, workspacePath, type SandboxSpec } from "../../core/sandbox.ts";
import type { Policy } from "../../core/policy.ts";
import { trustedCertificatesPath } from "../../core/secret.ts";
import type { Records } from "../../launcher/message.ts";
import { protectedIn } from "../../launcher/protect-folder.ts";
import { askRecords } from "./asking/asked-paths.ts";
import { hostProgramsFolder, ownFolder, rootRecords } from "./images/root-entries.ts";
import type { ImageTree } from "./images/folders.ts";

/** Bound as they are. Nothing of /home, /root, /var, /srv, /opt, /etc, /run, /mnt, /boot, /sys. */
const systemFolders = ["/usr"];

/** Links into /usr on a merged-usr system; folders of their own on an older one. */
const systemLinks = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** Files and folders of /etc that programs need and that say nothing about this machine's users. */
const etcPaths = ["/etc/alternatives", "/etc/ld.so.cache"];

/** How names are looked up with the host's network. */
const etcNamePaths = ["/etc/resolv.conf", "/etc/hosts"];

/** For any connection to the outside: well-known ports, and whom TLS trusts. */
const certificatesFolder = "/etc/ssl/certs";
const etcNetworkPaths = ["/etc/services", "/etc/protocols", certificatesFolder];

/** What programs expect to be there always. /dev/random is /dev/urandom since Linux 5.6. */
const devices = ["null", "zero", "full", "urandom", "tty"];

const passwd = "root:x:0:0:root:/:/bin/sh\nsandbox:x:1000:1000:sandbox:/home/sandbox:/bin/sh\n";
const group = "root:x:0:\nsandbox:x:1000:\n";
const hosts = "127.0.0.1 localhost glovebox\n::1 localhost\n";
/** Where connections are asked about, so are names: by a server inside. */
const ownResolver = "nameserver 127.0.0.1\n";
const nsswitch = "passwd: files\ngroup: files\nhosts: files dns\n";

/** Folders on the scratch tmpfs; all of them together are the disk limit. */
const writableFolders: readonly (readonly [path: string, mode: string])[] = [
  ["/tmp", "1777"],
  ["/dev/shm", "1777"],
  ["/home/sandbox", "0755"],
];

/** The launcher's records for the sandbox's whole file system, in the order in which it is built. */
export function fileSystemRecords(spec: SandboxSpec): Records {
  return [
    ...systemFolders.map((path) => bind(path)),
    ...systemLinks.flatMap(linkOrBind),
    ...etcRecords(spec),
    ...ownRecords(spec),
  ];
}

/** The same with the programs of an image. */
export function imageRecords(
  spec: SandboxSpec,
  { rootFolder, entries }: Pick<ImageTree, "rootFolder" | "entries">,
): Records {
  const misplaced = spec.hostPrograms.find(
    ({ path }) => !path.startsWith(`${hostProgramsFolder}/`),
  );
  // While a sandbox is built, a link of the image could lead out of it.
  if (misplaced !== undefined) throw new Error(`\`${misplaced.path}\` may be the image's`);
  return [
    ...rootRecords(rootFolder, entries),
    ["dir", [ownFolder, "0755"]],
    // Of these an image has its own, but for what its `/etc` leads to; see `prepareRoot`.
    ...nameRecords(spec, ownFolder),
    ...ownRecords(spec),
  ];
}

/** What every sandbox has of its own. */
function ownRecords(spec: SandboxSpec): Records {
  return [
    ["proc", ["/proc"]],
    ...devRecords(),
    ...writableFolders.map(([path, mode]) => ["writable", [path, mode]] as const),
    ...lentRecords(spec, (path) => !path.startsWith(`${workspacePath}/`)),
    ...workspaceRecords(spec),
    // In a folder of its own: where it is somebody's, there is no place for it.
    ...lentRecords(spec, (path) => path.startsWith(`${workspacePath}/`)),
    ...fileRecords(spec),
    ...askRecords(spec.policy),
    ...(spec.policy.shown ?? []).flatMap(({ hostPath, access, insidePaths }) =>
      insidePaths.flatMap((path) => mountRecords(path, hostPath, access, spec.policy)),
    ),
  ];
}

function lentRecords({ hostPrograms }: SandboxSpec, isMeant: (path: string) => boolean): Records {
  return hostPrograms
    .filter(({ path }) => isMeant(path))
    .map(({ hostPath, path }) => ["lend", [path, hostPath]] as const);
}

function bind(path: string, hostPath = path): Records[number] {
  return ["bind", [path, hostPath]];
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function linkOrBind(path: string): Records {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return [];
  return [status.isSymbolicLink() ? ["symlink", [path, readlinkSync(path)]] : bind(path)];
}

/** @param folder Where the files are that programs look into. */
function nameRecords({ policy }: SandboxSpec, folder: string): Records {
  const { mode } = policy.network;
  if (mode === "all") {
    return etcNamePaths.filter(exists).map((path) => bind(path.replace("/etc", folder), path));
  }
  const resolver = mode === "ask" ? ([["resolv.conf", ownResolver]] as const) : [];
  return [...resolver, ["hosts", hosts] as const].map(
    ([name, text]) => ["file", [`${folder}/${name}`, "0644", text]] as const,
  );
}

function etcRecords(spec: SandboxSpec): Records {
  const hasNetwork = spec.policy.network.mode !== "none";
  return [
    ["dir", ["/etc", "0755"]],
    ["file", ["/etc/passwd", "0644", passwd]],
    ["file", ["/etc/group", "0644", group]],
    ["file", ["/etc/nsswitch.conf", "0644", nsswitch]],
    ...nameRecords(spec, "/etc"),
    ...(hasNetwork ? networkRecords(spec) : []),
    ...etcPaths.filter(exists).map((path) => bind(path)),
  ];
}

/** A sandbox with secrets trusts one more than the host does: programs look there, whatever they are told. */
function networkRecords({ secrets = [] }: SandboxSpec): Records {
  const isBound = (path: string): boolean => secrets.length === 0 || path !== certificatesFolder;
  const bound = etcNetworkPaths.filter((path) => isBound(path) && exists(path));
  const own: Records = [
    ["dir", ["/etc/ssl", "0755"]],
    ["dir", [certificatesFolder, "0755"]],
    ["symlink", [`${certificatesFolder}/ca-certificates.crt`, trustedCertificatesPath]],
  ];
  return [...bound.map((path) => bind(path)), ...(secrets.length === 0 ? [] : own)];
}

function devRecords(): Records {
  return [
    ["dir", ["/dev", "0755"]],
    ...devices.map((name) => ["device", [`/dev/${name}`, `/dev/${name}`]] as const),
    ["symlink", ["/dev/random", "urandom"]],
    ["symlink", ["/dev/fd", "/proc/self/fd"]],
    ["symlink", ["/dev/stdin", "/proc/self/fd/0"]],
    ["symlink", ["/dev/stdout", "/proc/self/fd/1"]],
    ["symlink", ["/dev/stderr", "/proc/self/fd/2"]],
    ["pts", ["/dev/pts"]],
    ["symlink", ["/dev/ptmx", "pts/ptmx"]],
  ];
}

/** Of what may be written to, all but what other programs of the user act on. */
function mountRecords(
  path: string,
  hostPath: string,
  access: "ro" | "rw",
  { shown = [], hidden = [] }: Policy,
): Records {
  const mount: Records[number] = [`mount-${access}`, [path, hostPath]];
  if (access === "ro" || !isFolder(hostPath)) return [mount];
  const isAllowed = (inner: string): boolean =>
    shown.some((each) => each.access === "rw" && each.hostPath !== hostPath && isIn(inner, each));
  const kept = protectedIn(hostPath, { isAllowed, also: hidden }).map((each): Records[number] => [
    `mount-${each.access}`,
    [`${path}/${each.path}`, `${hostPath}/${each.path}`],
  ]);
  return [mount, ...kept];
}

const isIn = (path: string, folder: { readonly hostPath: string }): boolean =>
  path === folder.hostPath || path.startsWith(`${folder.hostPath}/`);

const isFolder = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function workspaceRecords(spec: SandboxSpec): Records {
  const workspace = spec.policy.workspace;
  if (workspace.kind === "mount") {
    if (workspace.access === "copy") {
      return [["mount-copy", [workspacePath, workspace.hostPath, changesPath]]];
    }
    return mountRecords(workspacePath, workspace.hostPath, workspace.access, spec.policy);
  }
  return [["writable", [workspacePath, "0755"]]];
}

/** In a folder of somebody nothing is put: there they lie beside it, where nobody can change them. */
function fileRecords({ files, policy }: SandboxSpec): Records {
  const folder = policy.workspace.kind === "mount" ? programPath : workspacePath;
  return files.map(({ path, executable, content }) => {
    const mode = executable === true ? "0755" : "0644";
    return ["file", [`${folder}/${path}`, mode, content]] as const;
  });
}
