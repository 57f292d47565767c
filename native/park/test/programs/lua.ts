/**
 * @module
 * Programs for Lua.
 */
import type { Program } from "./program.ts";

export const lua: readonly Program[] = [
  { name: "hello", code: `print("Hello, world!")` },
  { name: "a #! line", code: `#!/usr/bin/lua\nprint("x")\nerror("y")` },
  { name: "stdin", code: `for l in io.lines() do print(l:upper()) end`, stdin: "a\nb" },
  { name: "exit code", code: `io.write("x") os.exit(42)` },
  { name: "error", code: `local function f() error("bad") end\nf()` },
  {
    name: "names",
    code: `print(arg[0], arg[-1], #arg, arg[1], ...) local t = {} for k in pairs(_G) do t[#t + 1] = k end table.sort(t) print(table.concat(t, ","), package.path)`,
    args: ["two words", ""],
  },
  {
    name: "environment",
    code: `print(os.getenv("HOME"), os.getenv("LD_PRELOAD"), os.getenv("GLOVEBOX_PARK")) io.stdout:flush() os.execute("env; ls /proc/self/fd")`,
  },
  {
    name: "at the end",
    code: `setmetatable({}, {__gc = function() print("gc") end}) io.write("x")`,
  },
  { name: "syntax error", code: `print("x"\nif` },
  { name: "recursion", code: `local function f() return 1 + f() end f()` },
];
