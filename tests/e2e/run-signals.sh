#!/bin/bash
# SPDX-License-Identifier: MIT
# algofs-run passes signals on to its command and ends with it, with the command's status.
. "$(dirname "$0")/../lib.sh"
not_plain
serve
cat >"$T/waits" <<'END'
#!/bin/bash
trap 'echo got TERM; exit 7' TERM
trap 'echo got USR1' USR1
trap 'echo got HUP; exit 8' HUP
echo ready
while :; do sleep 0.1; done
END
chmod 755 "$T/waits"
run() { # SIGNAL...: the exit status is in $status, what was printed in $T/said
    local signal starter
    # Not by as_user: the pid must be that of algofs-run.
    "${ORDINARY[@]}" "$BUILD/bin/algofs-run" -- "$T/waits" >"$T/said" 2>&1 &
    starter=$!
    for _ in $(seq 200); do grep -q ready "$T/said" && break; sleep 0.05; done
    for signal in "$@"; do
        kill -"$signal" "$starter"
        sleep 0.5
    done
    status=0
    wait "$starter" || status=$?
}
run TERM
expect_equal "status after TERM" 7 "$status"
expect_same <(printf 'ready\ngot TERM\n') "$T/said"
run USR1 HUP
expect_equal "status after HUP" 8 "$status"
expect_same <(printf 'ready\ngot USR1\ngot HUP\n') "$T/said"
