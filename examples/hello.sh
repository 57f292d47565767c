#!/usr/bin/env bash
# A first program:  glovebox run examples/hello.sh [NAME]
echo "Hello, ${1:-world}, from Bash ${BASH_VERSION} in a sandbox!"
