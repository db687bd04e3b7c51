#!/bin/bash
# SPDX-License-Identifier: MIT
# The configuration file: connectors of several kinds in one prefix, errors that name file and line, a
# change that is picked up by the next program, keys that are shown to nobody.
. "$(dirname "$0")/../lib.sh"
not_plain
SECOND=simSECONDsecondSECONDsecond2
mkdir "$T/other" "$T/archive"
echo first >"$SRC/file"
echo second >"$T/other/file"
echo archived >"$T/archive/file"
chmod -R a+rX "$T/other" "$T/archive"
start_server
FIRST_URL=$URL
FIRST_LOG=$SERVER_LOG
start_server --key "$SECOND" --home "team=$T/other"
SECOND_URL=$URL
URL=$FIRST_URL
use_prefix
export ALGOFS_CONFIG=$T/config
config() { cat >"$ALGOFS_CONFIG"; chmod 644 "$ALGOFS_CONFIG"; }

note "two servers and a folder, one prefix"
config <<END
# the second team's server
[work]
type = algorithmia
api = $SECOND_URL
api_key = $SECOND

[archive]
type = local
root = $T/archive
readonly = yes
END
expect "archive
data
work" in_prefix ls /algo
expect first in_prefix cat /algo/data/set/file
expect second in_prefix cat /algo/work/team/file
expect archived in_prefix cat /algo/archive/file
grep -q 'GET /v1/connector/data/set/file' "$FIRST_LOG" || grep -q 'set/file' "$FIRST_LOG" || fail "the first server was not asked"
! grep -q team "$FIRST_LOG" || fail "the first server was asked for the second's"
expect_failure 'No such file' in_prefix ls /algo/none
expect_failure 'No such file' in_prefix ls /algo/work/team/none

note "readonly"
expect_failure 'Read-only file system' in_prefix sh -c 'echo x >/algo/archive/new'
expect_failure 'Read-only file system' in_prefix sh -c 'echo x >/algo/archive/file'
expect_failure 'Read-only file system' in_prefix mkdir /algo/archive/folder
expect_failure 'Read-only file system' in_prefix rm -f /algo/archive/file
expect_failure 'Read-only file system' in_prefix mv /algo/archive/file /algo/archive/moved
expect_failure 'Read-only file system' in_prefix chmod 600 /algo/archive/file
expect_failure 'Read-only file system' in_prefix touch -d 2001-01-01 /algo/archive/file
expect_failure 'Read-only file system' in_prefix truncate -s 1 /algo/archive/file
expect_failure 'Read-only file system' in_prefix ln -s file /algo/archive/link
expect_failure 'Read-only file system' in_prefix ln /algo/archive/file /algo/archive/second
expect_failure 'Read-only file system' in_prefix setfattr -n user.a -v 1 /algo/archive/file
expect_failure 'File exists' in_prefix mkdir /algo/archive/file
expect_failure 'No such file' in_prefix rm /algo/archive/none
expect archived in_prefix cat /algo/archive/file
expect "file" ls "$T/archive"

note "algofs config: everything with its origin, keys masked"
algofs config >"$T/said" 2>"$T/warned"
grep -q "^\[work\]" "$T/said" && grep -q "api_key .*\*\*\*.* # $ALGOFS_CONFIG:5" "$T/said" ||
    { cat "$T/said"; fail "algofs config does not show where the key came from"; }
grep -q "root .* # $ALGOFS_CONFIG:9" "$T/said" || fail "algofs config does not show the line of root"
grep -q "api_key .*# environment ALGORITHMIA_API_KEY" "$T/said" || fail "nor that of the environment's key"
grep -q "may be read by others" "$T/warned" || fail "no warning that others can read the key"
algofs config --json >"$T/json" 2>/dev/null
"$PYTHON" - "$T/json" <<'END' || fail "algofs config --json"
import json, sys
c = json.load(open(sys.argv[1]))
assert [x["name"] for x in c["connectors"]] == ["work", "archive", "data"], c
assert "may be read" in c["warning"], c
assert {"key": "readonly", "value": "yes", "from": c["file"] + ":10"} in c["connectors"][1]["options"], c
END
if grep -q -e "$KEY" -e "$SECOND" "$T/said" "$T/json" "$(agent_log)"; then fail "a key is shown"; fi
log_line "may be read by others"

note "a change counts for the next program"
config <<END
[archive]
type = local
root = $T/other
END
expect second in_prefix cat /algo/archive/file
expect_failure 'No such file' in_prefix cat /algo/work/team/file

note "a root that is not there is no empty folder"
config <<END
[archive]
type = local
root = $T/unmounted
END
expect_failure 'Input/output error' in_prefix ls /algo/archive
expect_failure 'Input/output error' in_prefix cat /algo/archive/file
log_line "\\[archive\\] of $ALGOFS_CONFIG: $T/unmounted: No such file or directory"
mkdir "$T/unmounted"
echo there >"$T/unmounted/file"
chmod -R a+rX "$T/unmounted"
for _ in 1 2 3; do sleep 1; ! in_prefix ls /algo/archive >/dev/null 2>&1 || break; done
expect there in_prefix cat /algo/archive/file

note "errors name file and line"
config <<END
[archive]
type = local
root = $T/archive
colour = red
END
expect_failure 'Invalid argument' in_prefix ls /algo/archive
log_line "$ALGOFS_CONFIG:4: unknown key \"colour\""
expect_failure "^algofs-run: $ALGOFS_CONFIG:4: unknown key \"colour\"\$" algofs_run true
expect_failure "$ALGOFS_CONFIG:4: unknown key" algofs config
printf '[work]\ntype = algorithmia\n' >"$ALGOFS_CONFIG"
ALGORITHMIA_API_KEY='' expect_failure "^algofs-run: $ALGOFS_CONFIG:1: \[work\]: no API key: export" algofs_run true
rm "$ALGOFS_CONFIG"
expect_failure "$ALGOFS_CONFIG: No such file" algofs_run true
mkfifo -m 644 "$ALGOFS_CONFIG"
expect_failure "$ALGOFS_CONFIG: is no file" algofs_run true
rm "$ALGOFS_CONFIG"
mkdir -m 755 "$ALGOFS_CONFIG"
expect_failure "$ALGOFS_CONFIG: Is a directory" algofs_run true
expect_failure 'Invalid argument' in_prefix ls /algo
rmdir "$ALGOFS_CONFIG"
unset ALGOFS_CONFIG

note "the file's own place"
user_dir "$HOME/.config/algofs"
printf '[archive]\ntype = local\nroot = %s\n' "$T/archive" >"$HOME/.config/algofs/config"
expect archived in_prefix cat /algo/archive/file
expect archived in_prefix env -i /bin/sh -c 'cat /algo/archive/file'
expect archived in_prefix env -u ALGORITHMIA_API_KEY cat /algo/archive/file
rm "$HOME/.config/algofs/config"
expect data in_prefix ls /algo
expect first in_prefix cat /algo/data/set/file
