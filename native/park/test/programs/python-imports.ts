/**
 * @module
 * Programs for the modules of Python.
 */
import type { Program } from "./program.ts";

export const pythonImports: readonly Program[] = [
  {
    name: "modules",
    code: `import sys\nprint(list(sys.modules))\nprint([n for m in sys.modules.values() for n in (m.__name__, list(vars(m))) if m.__name__ not in ("sys", "__main__")])\nprint(sorted(sys.path_importer_cache), sys.meta_path, sys.path_hooks, sys.getrecursionlimit(), __import__("builtins").__import__, sorted(vars(sys)))`,
  },
  {
    name: "order of imports",
    code: `import sys\nfor name in "queue json datetime random typing inspect dataclasses statistics subprocess asyncio logging unittest concurrent.futures importlib.util tempfile argparse csv decimal".split():\n    before = list(sys.modules)\n    module = __import__(name)\n    print(name, [n for n in sys.modules if n not in before], module.__spec__, sorted(vars(module)))`,
  },
  {
    name: "its own modules first",
    code: {
      "main.py": `import random, json, statistics\nprint(random.x, json.decoder.__file__, statistics.random.x)\nimport tempfile\nprint(tempfile._Random)`,
      "random.py": `x = "mine"\nclass Random: pass\n`,
    },
  },
  {
    name: "its own module in place of what another needs",
    code: {
      "main.py": `import dataclasses\nprint(dataclasses.keyword.x)`,
      "keyword.py": `x = 1\ndef iskeyword(s): return False\n`,
    },
  },
  {
    name: "a folder before the library",
    code: {
      "main.py": `import sys\nsys.path.insert(0, "lib")\nimport string, textwrap\nprint(string.x, textwrap.__name__)`,
      "lib/string.py": `x = "mine"\n`,
    },
  },
  {
    name: "modules again",
    code: `import sys, json, importlib\nfirst = json.decoder\njson.mark = 1\ndel sys.modules["json"]\nimport json as again\nprint(hasattr(again, "mark"), again.decoder is first, importlib.reload(again) is again)\nspec = importlib.util.find_spec("csv") if hasattr(importlib, "util") else None\nimport importlib.util\nspec = importlib.util.find_spec("csv")\nprint(spec)\nmodule = importlib.util.module_from_spec(spec)\nprint(hasattr(module, "reader"))\nspec.loader.exec_module(module)\nimport csv\nprint(module is csv, hasattr(module, "reader"))`,
  },
  {
    name: "a finder of its own",
    code: `import sys\nclass Finder:\n    def find_spec(self, name, path=None, target=None):\n        print("?", name)\nsys.meta_path.insert(0, Finder())\nimport json, random`,
  },
  {
    name: "a module that fails",
    code: {
      "main.py": `import broken`,
      "broken.py": `import json\nprint([f.name for f in __import__("traceback").extract_stack()])\nraise OSError("broken")`,
    },
  },
  {
    name: "a module that does not compile",
    code: {
      "main.py": `try:\n    import broken\nexcept SyntaxError as e:\n    print(e)\nimport broken`,
      "broken.py": `x = = 1`,
    },
  },
  {
    name: "a module that is not there",
    code: `try:\n    import nothing_such\nexcept ImportError as e:\n    print(e)\nfrom json import nothing`,
  },
  {
    name: "24 modules",
    code: `import json, re, os, sys, collections, itertools, functools, math, random, datetime, typing, dataclasses, pathlib, string, time, copy, heapq, bisect, statistics, decimal, fractions, enum, contextlib, operator\n@dataclasses.dataclass\nclass P:\n    x: int\n    y: typing.List[int]\nprint(json.dumps({"a": [1, 2.5]}), P(1, [2]), decimal.Decimal(1) / 3, statistics.mean([1, 2]), re.findall("a+", "caab"), abs(datetime.datetime.now().timestamp() - time.time()) < 5)`,
  },
  {
    name: "pickles and copies",
    code: `import pickle, copy, datetime, collections, fractions\nD = collections.namedtuple("D", "a b")\nx = [D(1, fractions.Fraction(1, 3)), datetime.date(2024, 2, 29), collections.OrderedDict(a=1)]\nprint(pickle.loads(pickle.dumps(x)) == x, copy.deepcopy(x))`,
  },
  {
    name: "unittest",
    code: `import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(1, 1)\n    def test_b(self): self.assertEqual(1, 2)\nimport sys\nr = unittest.TextTestRunner(stream=sys.stdout, verbosity=0, tb_locals=False)\nresult = unittest.main(exit=False, testRunner=type("R", (), {"run": lambda s, t: t(unittest.TestResult())})())\nprint(result.result)`,
  },
  {
    name: "logging",
    code: `import logging\nlogging.basicConfig(level=logging.INFO)\nlogging.info("x %d", 1)\ntry:\n    1 / 0\nexcept Exception:\n    logging.exception("e")`,
  },
];
