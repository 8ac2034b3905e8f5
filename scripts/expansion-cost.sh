#!/usr/bin/env bash
# What 100 tools cost to compile, as `#[tool]` functions and over serde and schemars derives. See expansion_cost.py.
set -euo pipefail
exec python3 "$(dirname "$0")/expansion_cost.py" "$@"
