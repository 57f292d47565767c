# What programs do most, for forks that have time to be ready for it: see `warm.usual` in
# src/core/language-start.ts.
import bisect
import collections
import contextlib
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import heapq
import itertools
import json
import math
import operator
import os
import pathlib
import random
import re
import statistics
import string
import sys
import time
import typing


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


def squares(count):
    return [number * number for number in range(count)]


words = {name: len(name) for name in ("one", "two", "three")}
print(f"Hello, {squares(10)}!", sorted(words), collections.Counter("hello"), Point(1))
print(json.dumps({"a": [1, None, True]}), re.findall(r"\d+", "1 and 22"), file=sys.stderr)
try:
    raise ValueError("none")
except ValueError as error:
    print(error)
