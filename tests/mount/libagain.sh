# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# again NAME...: runs end-to-end tests once more, on the mount. With MOUNT_ALL=1 `again_all` runs all that mean
# something there.
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$(realpath "${BUILD:-$TESTS/../build}")
export BUILD ALGOFS_TEST_MOUNT=1
. "$TESTS/lib-mount.sh"

again() {
    local name folder=${TMPDIR:-/tmp} status failed= skipped=0 count=0
    for name in "$@"; do
        status=0
        mkdir -p "$folder/$name"
        TMPDIR=$folder/$name bash "$TESTS/$name.sh" >"$folder/$name.log" 2>&1 || status=$?
        count=$((count + 1))
        case $status in
        0) ;;
        77) skipped=$((skipped + 1)) ;;
        *) echo "$name exited with status $status:"; tail -n 60 "$folder/$name.log"; failed+=" $name" ;;
        esac
        rm -rf "${folder:?}/${name:?}"
    done
    [ -z "$failed" ] || { echo "FAIL: on the mount:$failed"; exit 1; }
    echo "-- $count tests on the mount, $skipped of them skipped"
}
