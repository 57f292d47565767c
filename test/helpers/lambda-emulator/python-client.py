"""A runtime client for Python, from the documentation of the Runtime API: AWS's own is only on PyPI."""

import importlib
import json
import os
import sys
import traceback
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"


def post(path, value, headers=()):
    body = json.dumps(value).encode()
    request = urllib.request.Request(f"{API}/{path}", body, dict(headers), method="POST")
    urllib.request.urlopen(request).close()


def described(error):
    lines = traceback.format_exception(error)
    print(f"[ERROR] {type(error).__name__}: {error}\n{''.join(lines)}", flush=True)
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": lines}


def load(handler):
    module, name = handler.rsplit(".", 1)
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    return getattr(importlib.import_module(module.replace("/", ".")), name)


def mark(context):
    """Tells the emulator where the log of a run ends, which comes another way than its result."""
    sys.stderr.flush()
    print(f"\0{context.aws_request_id}\0", end="", flush=True)


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]


def main():
    try:
        handle = load(os.environ["_HANDLER"])
    except BaseException as error:
        post("init/error", described(error))
        sys.exit(1)
    while True:
        with urllib.request.urlopen(f"{API}/invocation/next") as answer:
            context, event = Context(answer.headers), json.load(answer)
        try:
            result = handle(event, context)
            mark(context)
            post(f"invocation/{context.aws_request_id}/response", result)
        except Exception as error:
            failure = described(error)
            mark(context)
            post(f"invocation/{context.aws_request_id}/error", failure)


main()
