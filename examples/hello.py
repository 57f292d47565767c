#!/usr/bin/env python3
# A first program:  glovebox run examples/hello.py [NAME]
import sys

name = sys.argv[1] if len(sys.argv) > 1 else "world"
print(f"Hello, {name}, from Python {sys.version.split()[0]} in a sandbox!")
