#!/bin/bash
# SPDX-License-Identifier: MIT
# import of a package in the prefix, by sys.path, PYTHONPATH and as a script with -m.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$SRC/lib/shapes/deep" "$SRC/lib/space"
cat >"$SRC/lib/shapes/__init__.py" <<'END'
from .square import area
from . import deep
END
echo 'def area(side): return side * side' >"$SRC/lib/shapes/square.py"
echo 'WHERE = __file__' >"$SRC/lib/shapes/deep/__init__.py"
echo 'import shapes; print("main", shapes.area(3))' >"$SRC/lib/shapes/__main__.py"
echo 'value = 5' >"$SRC/lib/space/module.py"
printf 'data' >"$SRC/lib/shapes/data.txt"
(cd "$SRC/lib" && "$PYTHON" -m zipfile -c zipped.zip space/ )
serve
expect "9 $P/lib/shapes/deep/__init__.py" in_prefix "$PYTHON" -c "
import sys; sys.path.insert(0, '$P/lib')
import shapes; print(shapes.area(3), shapes.deep.WHERE)"
expect "main 9" in_prefix PYTHONPATH="$P/lib" "$PYTHON" -m shapes
expect "5" in_prefix PYTHONPATH="$P/lib" "$PYTHON" -c 'import space.module; print(space.module.value)'
expect "5" in_prefix PYTHONPATH="$P/lib/zipped.zip" "$PYTHON" -c 'import space.module; print(space.module.value)'
expect "main 9" in_prefix env -C "$P/lib" "$PYTHON" -m shapes
expect data in_prefix PYTHONPATH="$P/lib" "$PYTHON" -c '
import importlib.resources as r; print(r.files("shapes").joinpath("data.txt").read_text())'
expect_failure "No module named .none" in_prefix PYTHONPATH="$P/lib" "$PYTHON" -c 'import none'
