"""Runs one command in a Lambda function. README.md has the event and the answer."""

import base64
import errno
import json
import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

OWN_FOLDER = "glovebox_runtime"
CHUNK = 65536


def handle(event, _context):
    before = _pids()
    root = tempfile.mkdtemp(prefix="glovebox-", dir="/tmp")
    try:
        if event.get("text"):
            return _as_text(_run({**event, "stdin": _encode(event["stdin"])}, _make_places(event, root)))
        return _run(event, _make_places(event, root))
    finally:
        _kill_new(before)
        shutil.rmtree(root, ignore_errors=True)


def _encode(value):
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return base64.b64encode(text.encode()).decode()


def _as_text(answer):
    """For state machines: stdout as the value that it is in JSON, or else as a text."""
    pieces = [base64.b64decode(piece) for name, piece in answer["output"] if name == "o"]
    text = b"".join(pieces).decode(errors="replace")
    errors = [base64.b64decode(piece) for name, piece in answer["output"] if name == "e"]
    sys.stderr.write(b"".join(errors).decode(errors="replace"))
    code = answer["exit_code"]
    if answer["ended"] is not None:
        code = 124 if answer["ended"] == "wallTime" else 137
    elif answer["not_started"] is not None:
        code = 127 if answer["not_started"] == "ENOENT" else 126
    elif code is None:
        code = 128 + answer["signal"]
    try:
        value = json.loads(text)
        # NaN, and what is too deep, Python reads and nobody else does.
        json.dumps(value, allow_nan=False)
        return {"exit_code": code, "stdout": value}
    except (ValueError, RecursionError):
        return {"exit_code": code, "stdout": text}


def _make_places(event, root):
    """Paths of the sandbox, and where they are here."""
    task = os.environ["LAMBDA_TASK_ROOT"]
    places = {"/home/sandbox": os.path.join(root, "home"), "/tmp": os.path.join(root, "tmp")}
    for folder in places.values():
        os.mkdir(folder)
    if event["scratch"]:
        workspace = os.path.join(root, "workspace")
        ignore = shutil.ignore_patterns(OWN_FOLDER)
        shutil.copytree(task, workspace, symlinks=True, ignore=ignore)
        for folder, folders, files in os.walk(workspace):
            for name in folders:
                os.chmod(os.path.join(folder, name), 0o755)
            for name in files:
                path = os.path.join(folder, name)
                os.chmod(path, 0o755 if os.stat(path).st_mode & 0o100 else 0o644)
        os.chmod(workspace, 0o755)
        places["/workspace"] = workspace
    else:
        places["/workspace"] = task
    return places


def _place(path, places):
    for inside, here in places.items():
        if path == inside or path.startswith(inside + "/"):
            return here + path[len(inside):]
    return path


def _environment(event, places):
    env = dict(event["env"])
    for name in ("HOME", "TMPDIR"):
        if name in env:
            env[name] = _place(env[name], places)
    if "PATH" in env:
        folders = [_place(folder, places) for folder in env["PATH"].split(":")]
        own = os.path.dirname(os.path.realpath(sys.executable))
        env["PATH"] = ":".join(folders if own in folders else folders + [own])
    return env


def _limit(limits):
    def apply():
        def lower(what, value):
            hard = resource.getrlimit(what)[1]
            least = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(what, (least, least))

        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        except (OSError, ValueError):
            pass  # Where it is refused, it is none already, or /tmp bounds it.
        if limits["cpu_ms"] is not None:
            # SIGXCPU at the first, SIGKILL at the second.
            seconds = -(-limits["cpu_ms"] // 1000)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        lower(resource.RLIMIT_FSIZE, limits["file_bytes"])
        lower(resource.RLIMIT_NOFILE, limits["open_files"])
        lower(resource.RLIMIT_NPROC, limits["processes"] + 8)

    return apply


def _run(event, places):
    argv = [_place(event["argv"][0], places)] + event["argv"][1:]
    started = _Start()
    env = _environment(event, places)
    try:
        child = subprocess.Popen(
            argv,
            executable=_find(argv[0], env, _place(event["cwd"], places)),
            cwd=_place(event["cwd"], places),
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_limit(event["limits"]),
        )
    except (OSError, subprocess.SubprocessError) as error:
        code = errno.errorcode.get(getattr(error, "errno", None) or 0, "EIO")
        return _answer(started, not_started=code)
    threading.Thread(target=_feed, args=(child, event["stdin"]), daemon=True).start()
    output, dropped, ended = _follow(child, event, started)
    code = child.returncode
    return _answer(
        started,
        exit_code=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        ended=ended,
        output=output,
        dropped=dropped,
    )


def _find(program, env, cwd):
    """The file to execute: execvp(3) with the PATH of the command."""
    if "/" in program:
        return program
    denied = False
    for folder in env.get("PATH", "").split(":"):
        path = os.path.join(cwd, folder, program)
        if os.path.isfile(path):
            if os.access(path, os.X_OK):
                return path
            denied = True
    raise OSError(errno.EACCES if denied else errno.ENOENT, program)


def _feed(child, text):
    try:
        with child.stdin as stdin:
            stdin.write(base64.b64decode(text))
    except OSError:
        pass  # A program need not read its stdin.


def _follow(child, event, started):
    """Reads until the program has ended and its output is silent, or a limit ends it."""
    limits = event["limits"]
    kept = {"o": 0, "e": 0}
    dropped = {"o": 0, "e": 0}
    output, ended = [], None
    selector = selectors.DefaultSelector()
    for name, stream in (("o", child.stdout), ("e", child.stderr)):
        os.set_blocking(stream.fileno(), False)
        selector.register(stream, selectors.EVENT_READ, name)
    while selector.get_map():
        is_over = child.poll() is not None
        ready = selector.select(0 if is_over else 0.02)
        # What a child in the background still writes is not waited for.
        if is_over and not ready:
            break
        for key, _ in ready:
            piece = os.read(key.fd, CHUNK)
            if not piece:
                selector.unregister(key.fileobj)
                continue
            room = min(
                limits["output_bytes"] - kept[key.data],
                limits["total_bytes"] - kept["o"] - kept["e"],
            )
            part = piece[: max(room, 0)]
            kept[key.data] += len(part)
            dropped[key.data] += len(piece) - len(part)
            if part:
                _append(output, key.data, part)
            if len(piece) > len(part) and event["kill_on_output"] and ended is None:
                ended = "output"
                _kill_group(child)
        if ended is None and (time.monotonic() - started.clock) * 1000 >= limits["wall_ms"]:
            ended = "wallTime"
            _kill_group(child)
    if child.poll() is None:
        try:
            left = limits["wall_ms"] / 1000 - (time.monotonic() - started.clock)
            child.wait(max(left, 0) if ended is None else None)
        except subprocess.TimeoutExpired:
            ended = "wallTime"
            _kill_group(child)
            child.wait()
    encoded = [[name, base64.b64encode(bytes(piece)).decode()] for name, piece in output]
    return encoded, dropped, ended


def _append(output, name, piece):
    if output and output[-1][0] == name:
        output[-1][1].extend(piece)
    else:
        output.append((name, bytearray(piece)))


def _kill_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _pids():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def _kill_new(before):
    """All that the command left, also what left its session: until nothing is new, or can't be killed."""
    for _ in range(100):
        left = 0
        for pid in _pids() - before:
            try:
                with open(f"/proc/{pid}/stat") as file:
                    state = file.read().rsplit(")", 1)[1].split()[0]
                if state == "Z":
                    os.waitpid(pid, os.WNOHANG)
                    continue
                os.kill(pid, signal.SIGKILL)
                left += 1
            except OSError:
                continue
        if left == 0:
            return
        time.sleep(0.005)


class _Start:
    def __init__(self):
        self.clock = time.monotonic()
        self.cpu = _children_cpu()


def _children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _answer(started, **parts):
    return {
        "glovebox": 1,
        "exit_code": None,
        "signal": None,
        "ended": None,
        "not_started": None,
        "output": [],
        "dropped": {"o": 0, "e": 0},
        "wall_ms": (time.monotonic() - started.clock) * 1000,
        "cpu_ms": (_children_cpu() - started.cpu) * 1000,
        **parts,
    }
