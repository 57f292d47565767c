import { describe, expect, test } from "vitest";
import { folderOf, membershipOf, parseMounts, unitOf } from "./cgroups.ts";
import type { CgroupMount, SystemdUnit } from "./cgroups.ts";

/** Debian 12 with systemd 252, from a login of an ordinary user. */
const v2 = {
  mountinfo: `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
25 22 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
31 25 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`,
  memberships: "0::/user.slice/user-1000.slice/session-c1.scope\n",
};

/** The same started with `systemd.unified_cgroup_hierarchy=0`, from a service. */
const hybrid = {
  mountinfo: `31 22 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,size=4096k,nr_inodes=1024,mode=755,inode64
32 31 0:27 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:10 - cgroup2 cgroup2 rw,nsdelegate
33 31 0:28 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,xattr,name=systemd
37 31 0:32 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:16 - cgroup cgroup rw,memory
38 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:17 - cgroup cgroup rw,cpu,cpuacct
42 31 0:37 / /sys/fs/cgroup/pids rw,nosuid,nodev,noexec,relatime shared:21 - cgroup cgroup rw,pids
`,
  memberships: `8:pids:/system.slice/glovebox-test.service
4:cpu,cpuacct:/
3:memory:/system.slice/glovebox-test.service
1:name=systemd:/system.slice/glovebox-test.service
0::/system.slice/glovebox-test.service
`,
};

/** A machine without systemd, with one hierarchy a controller. */
const v1 = {
  mountinfo: `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
`,
  memberships: `8:pids:/
4:memory:/process_api/bd162a6a56c856ba
3:cpuset:/
2:cpuacct:/
0::/
`,
};

/** The mount that carries a controller; "v2" for the unified one. */
const mountOf = (mountinfo: string, controller: string): CgroupMount | undefined =>
  parseMounts(mountinfo).find(({ version, controllers }) =>
    controller === "v2" ? version === 2 : controllers.includes(controller),
  );

describe("parseMounts", () => {
  test.each<[host: string, mountinfo: string, controller: string, path: string | undefined]>([
    ["v2", v2.mountinfo, "v2", "/sys/fs/cgroup"],
    ["v2", v2.mountinfo, "memory", undefined],
    ["hybrid", hybrid.mountinfo, "v2", "/sys/fs/cgroup/unified"],
    ["hybrid", hybrid.mountinfo, "memory", "/sys/fs/cgroup/memory"],
    ["hybrid", hybrid.mountinfo, "cpuacct", "/sys/fs/cgroup/cpu,cpuacct"],
    ["v1", v1.mountinfo, "cpuacct", "/sys/fs/cgroup/cpuacct"],
    ["v1", v1.mountinfo, "v2", undefined],
  ])(
    "row %#, a %s host: finds where a controller is mounted",
    (_host, mountinfo, controller, path) => {
      expect(mountOf(mountinfo, controller)?.path).toBe(path);
    },
  );

  test("takes only cgroup file systems", () => {
    expect(parseMounts(v2.mountinfo)).toHaveLength(1);
    expect(parseMounts(v1.mountinfo).every(({ version }) => version === 1)).toBe(true);
    expect(parseMounts("")).toEqual([]);
  });

  test("tells a container's read-only mount and the part that it shows", () => {
    const line =
      "710 700 0:26 /../../system.slice /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate";
    expect(parseMounts(line)).toEqual([
      {
        path: "/sys/fs/cgroup",
        root: "/../../system.slice",
        version: 2,
        controllers: [],
        isReadOnly: true,
      },
    ]);
    expect(parseMounts(v2.mountinfo)[0]?.isReadOnly).toBe(false);
  });
});

describe("membershipOf", () => {
  test.each<[memberships: string, controller: string, path: string | undefined]>([
    [v2.memberships, "", "/user.slice/user-1000.slice/session-c1.scope"],
    [v2.memberships, "memory", undefined],
    [hybrid.memberships, "", "/system.slice/glovebox-test.service"],
    [hybrid.memberships, "cpuacct", "/"],
    [hybrid.memberships, "memory", "/system.slice/glovebox-test.service"],
    [v1.memberships, "memory", "/process_api/bd162a6a56c856ba"],
    ["3:memory:/a:b\n", "memory", "/a:b"],
    ["", "", undefined],
  ])("%j, controller %j: %j", (memberships, controller, path) => {
    expect(membershipOf(memberships, controller)).toBe(path);
  });
});

describe("folderOf", () => {
  test.each<[what: string, root: string, membership: string, folder: string]>([
    ["the whole hierarchy", "/", "/a.slice/b.scope", "/mnt/a.slice/b.scope"],
    ["the top", "/", "/", "/mnt"],
    ["a part of it", "/docker/ab", "/docker/ab/c", "/mnt/c"],
    ["a part that only starts alike", "/docker/ab", "/docker/abc", "/mnt"],
    ["another part", "/docker/ab", "/", "/mnt"],
    ["what lies outside of a cgroup namespace", "/", "/../../b.scope", "/mnt"],
    ["a mount from outside of it", "/../..", "/", "/mnt"],
  ])("%s", (_what, root, membership, folder) => {
    const mount = { path: "/mnt", root, version: 2, controllers: [], isReadOnly: false } as const;
    expect(folderOf(mount, membership)).toBe(folder);
  });
});

describe("unitOf", () => {
  const ofUser = "/user.slice/user-1000.slice/user@1000.service";
  test.each<[membership: string, unit: SystemdUnit | undefined]>([
    ["/", undefined],
    ["/docker/ab", undefined],
    ["/user.slice", undefined],
    ["/system.slice/glovebox.service", { name: "glovebox.service", manager: "system" }],
    [
      "/system.slice/glovebox.service/glovebox-supervisor",
      { name: "glovebox.service", manager: "system" },
    ],
    ["/user.slice/user-1000.slice/session-3.scope", { name: "session-3.scope", manager: "system" }],
    [`${ofUser}/app.slice/run-u1.scope`, { name: "run-u1.scope", manager: "user" }],
    [ofUser, { name: "user@1000.service", manager: "system" }],
  ])("%s", (membership, unit) => {
    expect(unitOf(membership)).toEqual(unit);
  });
});
