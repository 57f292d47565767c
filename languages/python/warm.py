# What a template of Python does before it is forked, see `warm` in src/core/language-start.ts.
#
# It is run as a module of its own that nobody sees, before the program's folder is in sys.path, and
# leaves nothing in sight: what it keeps hangs on importlib, and costs nothing until the program imports
# or ends. `_end_early` is from native/park/evaluate.c.
import builtins
import os
import sys

BASE = dict(sys.modules)
MAIN_AT = list(BASE).index("__main__")
del BASE["__main__"]  # or it would never be freed
import gc

del sys.modules["gc"]

PATH, FINDERS, HOOKS = tuple(sys.path), tuple(sys.meta_path), tuple(sys.path_hooks)
LIBRARY_ENDS = 1 + max(
    at for at, entry in enumerate(PATH) if "/lib/python" in entry and "-packages" not in entry
)
bootstrap = sys.modules["_frozen_importlib"]
external = sys.modules["_frozen_importlib_external"]
real_module_from_spec = bootstrap.module_from_spec
real_load = bootstrap._load_unlocked
real_import = builtins.__import__
real_register = os.register_at_fork

# ---- The modules that programs import most are executed here, once.

USUAL = (
    "json re collections itertools functools math random datetime typing dataclasses pathlib string"
    " copy heapq bisect statistics decimal fractions enum contextlib operator abc types threading"
    " queue traceback textwrap argparse struct array cmath numbers pprint tempfile shutil glob"
    " subprocess base64 csv io inspect warnings weakref calendar"
).split()

imports = {}  # by module: what it imports, in this order
at_fork = {}  # by module: what it wants to have done in a fork; done when the program imports it
executing = []


def note(name):
    if executing and name != executing[-1] and (name in imports or name in sys.modules):
        parent = name.rpartition(".")[0]
        if parent:
            note(parent)
        if name not in imports[executing[-1]]:
            imports[executing[-1]].append(name)


def note_added():
    """What a module has put into sys.modules by itself: `typing.io`."""
    for name in list(sys.modules):
        if name not in BASE and name not in imports and name != "__main__":
            imports[name] = []
            note(name)


def recording_load(spec):
    note_added()
    imports[spec.name] = []
    note(spec.name)
    executing.append(spec.name)
    try:
        module = real_load(spec)
        note_added()
        return module
    finally:
        executing.pop()


def recording_import(name, globals=None, locals=None, fromlist=(), level=0):
    module = real_import(name, globals, locals, fromlist, level)
    if executing:
        if level:
            package = globals["__package__"].rsplit(".", level - 1)[0]
            name = package + "." + name if name else package
        note(name)
        for part in fromlist or ():
            note(name + "." + part)
    return module


def recording_register(**functions):
    at_fork.setdefault(executing[-1], []).append(functions)


def execute_usual():
    bootstrap._load_unlocked = recording_load
    builtins.__import__ = recording_import
    os.register_at_fork = recording_register
    try:
        for name in USUAL:
            try:
                real_import(name)
            except ImportError:
                pass
    finally:
        os.register_at_fork = real_register
        builtins.__import__ = real_import
        bootstrap._load_unlocked = real_load


# ---- They are put out of sight.

known = {}  # all modules, by name
unused = set()  # those that the program has not imported
order = {}  # by module: all that its import needs, itself last, as a cold import ends
shadows = {}  # by module: those of them that a file of the program's could take away
attributes = {}  # submodules that are to become attributes of packages: the package and the name
renamed = []  # variables of importlib's parts, and what the import of importlib makes of them


def needs(name, into):
    if name not in into:
        into[name] = None
        for each in imports.get(name, ()):
            needs(each, into)
        del into[name]
        into[name] = None
    return into


def is_found_along_path(name):
    spec = getattr(known[name], "__spec__", None)
    return name in unused and "." not in name and spec is not None and spec.has_location


def hide_modules():
    known.update(sys.modules)
    del known["__main__"]
    unused.update(name for name in known if name not in BASE and name in imports)
    for name in known:
        if name not in BASE:
            del sys.modules[name]
    for name in unused:
        order[name] = tuple(needs(name, {}))
        shadows[name] = frozenset(filter(is_found_along_path, order[name]))
    for name in unused:
        parent, _, child = name.rpartition(".")
        if parent and known[parent].__dict__.get(child) is known[name]:
            if parent not in unused or name not in order[parent]:
                delattr(known[parent], child)
                attributes[name] = (known[parent], child)


def undo_names(before):
    for now, old in before:
        changed = {name: now[name] for name in now if now[name] is not old.get(name)}
        renamed.append((now, changed))
        for name in changed:
            if name in old:
                now[name] = old[name]
            else:
                del now[name]


# ---- The program imports one of them.

stems = {}  # of a folder: its files as they were when looked at, and the modules that they may be


def are_shadowed(names):
    """Whether something that comes before the library in sys.path could be one of these modules."""
    at = 0
    for entry in sys.path:
        if at < LIBRARY_ENDS and entry == PATH[at]:
            at += 1
            continue
        if at == LIBRARY_ENDS:
            return False
        finder = sys.path_importer_cache.get(entry)
        if type(finder) is not external.FileFinder:
            return True
        files = finder._path_cache
        if entry not in stems or stems[entry][0] is not files:
            stems[entry] = files, {file.partition(".")[0] for file in files}
        if not names.isdisjoint(stems[entry][1]):
            return True
    return at < LIBRARY_ENDS


def is_as_cold(spec):
    """Whether a real import would execute the same files as have been executed here."""
    name, own = spec.name, known[spec.name].__spec__
    if spec.origin != own.origin or type(spec.loader) is not type(own.loader):
        return False
    if tuple(sys.meta_path) != FINDERS or tuple(sys.path_hooks) != HOOKS:
        return False
    for each in order[name]:
        if each in sys.modules:
            if sys.modules[each] is not known[each]:
                return False
        elif each not in unused:
            return False
    return not shadows[name] or not are_shadowed(shadows[name])


def show(name):
    unused.discard(name)
    if name == "importlib":
        for variables, changed in renamed:
            variables.update(changed)
    for functions in at_fork.get(name, ()):
        real_register(**functions)
        functions.get("after_in_child", int)()


class AlreadyExecuted:
    @staticmethod
    def exec_module(module):
        pass


# It has returned when a module is executed: no frame of it is ever beneath a program's.
def module_from_spec(spec):
    is_import = spec.name in unused and sys._getframe(1).f_code is real_load.__code__
    if not is_import or not is_as_cold(spec):
        return real_module_from_spec(spec)
    for each in order[spec.name]:
        if each in unused:
            if each != spec.name:
                sys.modules[each] = known[each]
                if each in attributes:
                    setattr(*attributes[each], known[each])
            show(each)
    spec.loader = AlreadyExecuted
    return known[spec.name]


# ---- The program ends. What was there before the fork needs not be freed piece by piece: that would copy
# every page of it.

items_of_ours = list(BASE.items())
for_ever = [sys.path, sys.path_hooks, sys.path_importer_cache, sys.meta_path]
# Not held: it is by their end that what was written last is flushed.
streams = (id(sys.stdout), id(sys.stderr))
HEAP_TYPE = 1 << 9


ITS_OWN = 1  # Python ends with a full collection, before anything is taken apart


def full_collections():
    return gc.get_stats()[2]["collections"]


def are_many():
    """Whether the program has had so many objects that the collector looked at all of them, has called it, or
    does without. Counting its memory would cost more than most programs do."""
    return full_collections() > collected + ITS_OWN or not gc.isenabled()


def has_finalizer():
    """Whether the program has a class with a `__del__`, which could tell that not all is freed.

    It is not looked for among so many objects that freeing all is the smaller part.
    """
    if are_many():
        return True
    objects = gc.get_objects()
    types = set(map(type, objects)) - {AtEnd}
    metatypes = {each for each in types if issubclass(each, type)}
    types.update(each for each in objects if type(each) in metatypes)
    return any("__del__" in each.__dict__ for each in types if each.__flags__ & HEAP_TYPE)


def are_flushed():
    """Whether Python has flushed its streams without an error, which it would tell by its exit status."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if id(stream) not in streams:
                return False
            if not stream.closed:
                stream.flush()
    except Exception:
        return False
    return True


# What nothing happens to when it is freed.
PLAIN = {dict, list, tuple, set, frozenset, slice, object, type, type(note), type(len), type(gc)}
PLAIN |= {property, staticmethod, classmethod, type(note.__get__(0))}
PLAIN |= {external.SourceFileLoader, external.FileFinder}
# The descriptors of slots, and of a class's __dict__ and __weakref__; what a function keeps of another.
PLAIN |= {type(vars(type(note))["__globals__"]), type(vars(type(note))["__code__"])}
PLAIN.add(type((lambda kept: lambda: kept)(0).__closure__[0]))
reference = sys.modules["_weakref"].ref


def is_plain(each):
    """A module of the template's, a class of the program's own, or an instance of one, or of no class that
    anybody has written; and none with a `__del__`."""
    if type(each) is type(gc):
        return known.get(each.__dict__.get("__name__")) is each
    if type(each) is reference:
        return each.__callback__ is None
    kinds = each.__mro__ if type(each) is type else (type(each),)
    return all(kind in PLAIN or kind in own_classes for kind in kinds)


def is_all_plain():
    """Whether nobody could tell that nothing of the program is freed."""
    if are_many():
        return False
    objects = gc.get_objects()
    for each in objects:
        if type(each) is type and each.__flags__ & HEAP_TYPE and each.__module__ == "__main__":
            if "__del__" in each.__dict__:
                return False
            own_classes.add(each)
    return all(map(is_plain, objects))


own_classes = set()


def free_all():
    bootstrap.module_from_spec = real_module_from_spec
    for each in (known, BASE, items_of_ours, order, attributes, shadows, renamed, for_ever):
        each.clear()
    gc.unfreeze()


def free_nothing_of_ours():
    # Neither popitem() nor a comparison of the same objects writes to a module.
    items = [sys.modules.popitem() for _ in range(len(sys.modules))]
    items.reverse()
    name, module = items.pop(MAIN_AT)
    sys.modules[name] = module
    at = len(items_of_ours) if items[: len(items_of_ours)] == items_of_ours else 0
    for name, module in items[at:]:
        if known.get(name) is not module:
            sys.modules[name] = module
    for_ever.append(items[:at])
    _end_early()


class AtEnd:
    """Hangs on sys.__interactivehook__, which is dropped, after sys.path and before the modules, when all
    that is registered for the exit has been run and all is flushed. A program that drops it itself, or
    has it somewhere else, is freed as ever."""

    def __del__(self):
        if sys.path is None:
            if not are_flushed():
                free_all()
            elif is_all_plain():
                _end_now()
                free_nothing_of_ours()
            elif has_finalizer():
                free_all()
            else:
                free_nothing_of_ours()


PLAIN.add(AtEnd)


def hang_on_hook():
    """On a copy of it: since Python 3.13 the module `site` has it too."""
    old = getattr(sys, "__interactivehook__", None)
    if type(old) is type(hang_on_hook):
        new = type(old)(old.__code__, old.__globals__, old.__name__, None, old.__closure__)
        new.__qualname__ = old.__qualname__
        new.at_end = AtEnd()
        sys.__interactivehook__ = new


def warm_up():
    before = [(vars(module), dict(vars(module))) for module in (bootstrap, external)]
    folders = set(sys.path_importer_cache)
    execute_usual()
    hide_modules()
    undo_names(before)
    for folder in set(sys.path_importer_cache) - folders:
        del sys.path_importer_cache[folder]
    # The filename by which Python takes importlib's own frames out of a traceback.
    for function in (module_from_spec, is_as_cold, are_shadowed, show):
        function.__code__ = function.__code__.replace(co_filename="<frozen importlib._bootstrap>")
    bootstrap.module_from_spec = module_from_spec
    hang_on_hook()


def freeze():
    """Frozen objects are not looked at by the collector, and so not written to. What belongs to the
    program is not to be among them: while its dict is empty, the collector doesn't know that one."""
    main = sys.modules["__main__"].__dict__
    values = dict(main)
    main.clear()
    gc.collect()
    gc.freeze()
    main.update(values)


warm_up()
freeze()
collected = full_collections()
