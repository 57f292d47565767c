/**
 * @module
 * Programs for Python.
 */
import type { Program } from "./program.ts";

export const python: readonly Program[] = [
  { name: "hello", code: `print("Hello, world!")` },
  { name: "nothing", code: "" },
  {
    name: "stdin",
    code: `import sys\nfor line in sys.stdin: print(line.upper(), end="")`,
    stdin: "a\nb",
  },
  { name: "input", code: `print(input("name? ") + "!")\ninput()`, stdin: "x\n" },
  { name: "exit code", code: `import sys\nprint("x", end="")\nsys.exit(42)` },
  { name: "exit with a text", code: `raise SystemExit("why")` },
  {
    name: "exception",
    code: `def f(x):\n    return 1 / x\ntry:\n    f(0)\nexcept Exception as e:\n    raise ValueError("bad") from e`,
  },
  { name: "KeyboardInterrupt", code: `raise KeyboardInterrupt` },
  {
    name: "names",
    code: `import sys\nprint(__name__, __file__, __doc__, __package__, __spec__, __loader__.__class__, __builtins__, sorted(globals()))\nprint(sys.argv, sys.orig_argv, sys.executable, sys.path, sys.flags, __import__("os").getcwd())\nprint(sys._getframe().f_back, __annotations__, list(vars()))`,
    args: ["two words", "", "-x", "*"],
  },
  {
    name: "environment",
    code: `import os\nprint(sorted(os.environ.items()))\nprint(open("/proc/self/environ", "rb").read(), open("/proc/self/cmdline", "rb").read())`,
  },
  {
    name: "child's environment",
    code: `import subprocess, sys\nsys.stdout.flush()\nsubprocess.run(["/usr/bin/env"])\nprint(subprocess.check_output("echo $0; ls /proc/self/fd", shell=True))`,
  },
  {
    name: "folder",
    code: {
      "main.py": `import os\nprint(sorted(os.listdir()), os.listdir("/proc/self/fd"))`,
      "data/a.txt": "a",
    },
  },
  {
    name: "what is left at the end",
    code: `import atexit, sys, os\nclass A:\n    def __init__(self, name): self.name = name\n    def __del__(self): print("del", self.name, sys is None, os is None, sys.meta_path is None)\na = A("global")\nb = A("cycle"); b.b = b\nclass B: held = A("class")\nsys.held = A("sys")\nimport json; json.held = A("json")\nos.held = A("os")\n__builtins__.held = A("builtins")\ndef f(): return a\natexit.register(lambda: print("atexit", a.name))\nprint("end", end="")`,
  },
  {
    name: "a generator at the end",
    code: `def g():\n    try:\n        yield 1\n    finally:\n        print("finally")\ng = g()\nnext(g)\nimport weakref\nclass C: pass\nc = C()\nweakref.finalize(c, print, "finalize")`,
  },
  { name: "a stream that nobody closed", code: `f = open(1, "w", closefd=False)\nf.write("kept")` },
  {
    name: "__del__ of what the collector does not know",
    code: `class A:\n    __slots__ = ()\n    def __del__(self): print("gone")\na = A()`,
  },
  {
    name: "__del__ that came later",
    code: `class A: pass\nclass B(A): pass\nA.__del__ = lambda self: print("gone", type(self))\nb = [B()]`,
  },
  {
    name: "__del__ behind many objects",
    code: `class A:\n    def __del__(self): print("gone")\nmany = [[] for _ in range(200_000)]\na = A()`,
  },
  {
    name: "__del__ without a collector",
    code: `import gc\ngc.disable()\nclass A:\n    def __del__(self): print("gone")\na = A()`,
  },
  {
    name: "__del__ of a class",
    code: `class M(type):\n    def __del__(cls): print("gone")\nclass A(metaclass=M): pass`,
  },
  {
    name: "__del__ of a class that says it is another's",
    code: `class A:\n    def __del__(self): print("gone")\nA.__module__ = "builtins"\na = A()`,
  },
  {
    name: "an object that closes itself",
    code: `import io\nclass F(io.RawIOBase):\n    def close(self):\n        print("closed")\n        super().close()\nf = F()`,
  },
  {
    name: "weak references at the end",
    code: `import weakref\nclass A: pass\na, b = A(), A()\nr = weakref.ref(a, lambda r: print("dead"))\nweakref.finalize(b, print, "finalized")`,
  },
  {
    name: "modules of its own at the end",
    code: `import sys, types\nclass M(types.ModuleType):\n    def __del__(self): print("gone", self.__name__)\nsys.modules["mine"] = M("mine")\nsys.modules["json"] = types.ModuleType("json")`,
  },
  {
    name: "plain objects at the end",
    code: `class A:\n    def __init__(self, x): self.x = x\n    @property\n    def y(self): return [self.x]\n    @staticmethod\n    def z(): return {1: A}\na = [A(n) for n in range(3)]\na.append(a)\nf = a[0].z\nprint(a[1].y, end="")`,
  },
  { name: "an exit inside", code: `import os\nprint("lost", end="")\nos._exit(7)` },
  {
    name: "no newline at the end",
    code: `import sys\nsys.stdout.write("out"); sys.stderr.write("err")`,
  },
  { name: "a closed stdout", code: `import sys, os\nprint("x")\nos.close(1)` },
  {
    name: "stdout of its own",
    code: `import sys\nclass Out:\n    def write(self, s): sys.__stderr__.write("<" + s + ">")\n    def flush(self): sys.__stderr__.write("flush")\nsys.stdout = Out()\nprint("x")`,
  },
  { name: "stdout closed by itself", code: `import sys\nprint("x")\nsys.stdout.close()` },
  {
    name: "a broken pipe",
    code: `import sys, os\nr, w = os.pipe()\nos.close(r)\nos.dup2(w, 1)\nprint("x")`,
  },
  {
    name: "SIGTERM",
    code: `import os, signal\nprint("x", flush=True)\nos.kill(os.getpid(), signal.SIGTERM)`,
  },
  {
    name: "signal handlers",
    code: `import os, signal\nprint([signal.getsignal(s) for s in (signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD)])\nsignal.signal(signal.SIGALRM, lambda *a: print("alarm"))\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\nsignal.pause()\nprint(signal.pthread_sigmask(signal.SIG_BLOCK, []))`,
  },
  {
    name: "SIGINT",
    code: `import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(1)`,
  },
  {
    name: "threads",
    code: `import threading, queue\nprint(threading.active_count(), threading.main_thread() is threading.current_thread(), threading.current_thread())\nq = queue.Queue()\nt = threading.Thread(target=lambda: (q.put(1), print("in", threading.current_thread().name)))\nt.start(); print(q.get())\nlate = threading.Thread(target=lambda: (__import__("time").sleep(.05), print("late")))\nlate.start()`,
  },
  {
    name: "pools",
    code: `from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor\nimport multiprocessing as m\ndef sq(x): return x * x\nif __name__ == "__main__":\n    print(list(ThreadPoolExecutor(4).map(sq, range(9))))\n    with m.Pool(2) as p: print(p.map(sq, range(9)))`,
  },
  {
    name: "asyncio",
    code: `import asyncio\nasync def f(n):\n    await asyncio.sleep(.001 * n)\n    return n\nasync def main(): print(await asyncio.gather(*map(f, range(5))))\nasyncio.run(main())`,
  },
  {
    name: "fork",
    code: `import os, sys\nimport random\nsys.stdout.flush()\nif os.fork() == 0:\n    print("child"); sys.exit(3)\nprint(os.waitstatus_to_exitcode(os.wait()[1]))`,
  },
  { name: "syntax error", code: `print("x")\nif True\n    pass` },
  { name: "indentation", code: `def f():\nreturn 1` },
  {
    name: "bytes that are no text",
    code: `# \u00e9\nprint("z\u00f6lf", "\\udc80".encode("utf8", "surrogateescape"))\nimport sys, locale\nprint(sys.stdin.encoding, sys.stdout.encoding, sys.stdout.errors, sys.getfilesystemencoding(), locale.getlocale(), sys.stdout.line_buffering, sys.stdout.buffer.raw.name, sys.stdout)`,
  },
  { name: "recursion", code: `def f(n): return f(n + 1)\nf(0)` },
  {
    name: "a deep recursion of its own",
    code: `import sys\nsys.setrecursionlimit(20000)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(15000))`,
  },
  {
    name: "warnings",
    code: `import warnings\nwarnings.warn("w")\nprint(warnings.filters)\nimport re\nre.compile("(?i)x")\n"\\d"`,
  },
  {
    name: "collector",
    code: `import gc\nprint(gc.get_threshold(), gc.isenabled(), gc.garbage, gc.callbacks)\nclass C: pass\nc = C(); c.c = c; del c\nprint(gc.collect() > 0)`,
  },
];
