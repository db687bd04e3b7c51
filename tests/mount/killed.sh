#!/bin/bash
# SPDX-License-Identifier: MIT
# The agent is killed 20 times under load on the mount: nothing that close acknowledged is lost, every call ends
# well, and nobody hears "Transport endpoint is not connected".
ALGOFS_TEST_MOUNT=1
. "$(dirname "$0")/../lib-write.sh"
KILLS=${MOUNT_KILLS:-20}
head -c 12000000 /dev/urandom >"$SRC/large"
serve_collection
user_dir "$T/said"
cat >"$T/load.py" <<'END'
# load.py PLACE LARGE SAID NUMBER END: writes files and says so when close has returned; reads; until END is there
import hashlib, os, sys
place, large, said, number, end = sys.argv[1:]
want = open(large, "rb").read()
turn = 0
with open("%s/%s" % (said, number), "w") as log:
    while not os.path.exists(end) or turn < 3:
        name = "%s.%d" % (number, turn % 40)
        data = hashlib.sha256(b"%d %d" % (int(number), turn)).digest() * (1 + turn % 300)
        with open("%s/c/%s" % (place, name), "wb", buffering=0) as file:
            file.write(data)
        log.write("%s %s\n" % (name, hashlib.md5(data).hexdigest()))
        log.flush()
        if open("%s/c/%s" % (place, name), "rb").read() != data:
            sys.exit("%s is not what was closed" % name)
        at = turn * 700001 % len(want)
        fd = os.open("%s/large" % place, os.O_RDONLY)
        if os.pread(fd, 50000, at) != want[at:at + 50000]:
            sys.exit("large has other bytes at %d" % at)
        os.close(fd)
        os.listdir("%s/c" % place)
        if turn % 10 == 9:
            os.rename("%s/c/%s" % (place, name), "%s/c/moved.%s" % (place, name))
            log.write("%s -\nmoved.%s %s\n" % (name, name, hashlib.md5(data).hexdigest()))
            log.flush()
        turn += 1
END
chmod 644 "$T/load.py"
workers=()
for number in 1 2 3; do
    as_user "$PYTHON" "$T/load.py" "$P" "$SRC/large" "$T/said" "$number" "$T/end" 2>"$T/load.$number.err" &
    workers+=($!)
done
lines_said() { { cat "$T/said/"* 2>/dev/null || true; } | wc -l; }
killed=0
while [ "$killed" -lt "$KILLS" ]; do
    before=$(lines_said)
    # The agent says so itself: a look at every process of a busy machine takes seconds.
    pid=$(algofs status --json 2>/dev/null | sed -n 's/.*"pid":\([0-9]*\).*/\1/p' || true)
    if [ -n "$pid" ] && kill -9 "$pid" 2>/dev/null; then killed=$((killed + 1)); fi
    for _ in $(seq 1200); do # something was written since, or a worker has ended
        [ "$(lines_said)" -le "$before" ] || break
        kill -0 "${workers[@]}" 2>/dev/null || break
        sleep 0.05
    done
done
touch "$T/end"
for n in 0 1 2; do
    wait "${workers[$n]}" || { cat "$T/load.$((n + 1)).err"; fail "a program on the mount failed"; }
done
! grep -h "not connected" "$T"/load.*.err || fail "the mount was gone"
drained
lines=$(lines_said)
[ "$lines" -gt "$KILLS" ] || fail "only $lines files were written"
note "$lines files closed, $killed kills"
"$PYTHON" - "$T/said" "$REMOTE" <<'END' || fail "something that was acknowledged is not at the server"
import hashlib, os, sys
said, remote = sys.argv[1:]
wrong = 0
for log in os.listdir(said):
    last = dict(line.split() for line in open(os.path.join(said, log)))
    for name, want in last.items():
        path = os.path.join(remote, name)
        got = hashlib.md5(open(path, "rb").read()).hexdigest() if os.path.exists(path) else "-"
        if got != want:
            print("%s: %s instead of %s" % (name, got, want))
            wrong += 1
sys.exit(wrong > 0)
END
