#!/bin/bash
# SPDX-License-Identifier: MIT
# Where an s3 section's server, region and keys come from: the section, a profile, the environment, in that order;
# and that no key is shown. The store itself is tested in tests/s3.
. "$(dirname "$0")/../lib.sh"
not_plain
for name in $(compgen -e); do case $name in AWS_*) unset "$name" ;; esac; done
export AWS_EC2_METADATA_DISABLED=true
LOG=$T/requests
: >"$LOG"
"$PYTHON" "$TESTS/e2e/libs3stub.py" "$LOG" >"$T/stub" 2>"$T/stub.err" </dev/null &
server_pids+=("$!")
for _ in $(seq 600); do [ ! -s "$T/stub" ] || break; sleep 0.1; done
STUB=$(cat "$T/stub")
[ -n "$STUB" ] || fail "the stub did not start: $(cat "$T/stub.err")"
URL=http://127.0.0.1:1
use_prefix
unset ALGORITHMIA_API ALGORITHMIA_API_KEY
export ALGOFS_CONFIG=$T/config
settings() { printf '[s3+models]\ntype = s3\nbucket = models\naddressing = path\n%s' "$*" >"$ALGOFS_CONFIG"; chmod 600 "$ALGOFS_CONFIG"
    [ "$(id -u)" != 0 ] || chown 65534 "$ALGOFS_CONFIG"; : >"$LOG"; }
# used KEY REGION TOKEN PATH: every request was made so, and there was one.
used() {
    [ -s "$LOG" ] || fail "nothing was asked for"
    awk -v key="$1" -v region="$2" -v token="$3" -v path="$4" \
        '$3 != key || $4 != region || $5 != token || index($2, path) != 1 { bad = 1 } END { exit bad }' "$LOG" ||
        { cat "$LOG"; fail "not all were asked for with $1 in $2"; }
}
reads() { expect "from the bucket" in_prefix cat "/algo/s3+models/object"; }

note "all in the section; without an Algorithmia account there is nothing else"
settings "endpoint = $STUB
region = r-1
path_prefix = below
access_key_id = AKIDsection
secret_access_key = SECRETsection
"
reads
used AKIDsection r-1 - /models
expect "s3+models" in_prefix ls /algo
grep -q "prefix=below" "$LOG" || fail "path_prefix was not used"
expect_failure 'No such file' in_prefix ls /algo/data

note "all from the environment, and not into that of the agent"
fresh_cache
settings
AWS_ENDPOINT_URL=$STUB AWS_REGION=r-2 AWS_ACCESS_KEY_ID=AKIDenv AWS_SECRET_ACCESS_KEY=SECRETenv AWS_SESSION_TOKEN=TOKENenv reads
used AKIDenv r-2 TOKENenv /models
[ -n "$(agent_pids)" ] || fail "no agent is seen"
for pid in $(agent_pids); do
    if tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -E 'AKID|SECRETenv|TOKENenv'; then fail "the agent has the keys in its environment"; fi
    if grep -aE 'AKID|SECRETenv|TOKENenv' "/proc/$pid/cmdline"; then fail "or in its arguments"; fi
done
settings
AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_ENDPOINT_URL_S3=$STUB AWS_DEFAULT_REGION=r-3 AWS_ACCESS_KEY_ID=AKIDenv2 AWS_SECRET_ACCESS_KEY=SECRETenv reads
used AKIDenv2 r-3 - /models

note "from a profile; the environment's keys do not go to a section that names one"
mkdir -p "$HOME/.aws"
printf '[default]\naws_access_key_id = AKIDdefault\naws_secret_access_key = SECRETdefault\n[other]\naws_access_key_id = AKIDother\naws_secret_access_key = SECRETother\n' >"$HOME/.aws/credentials"
chmod -R a+rX "$HOME/.aws"
settings "endpoint = $STUB
profile = other
"
AWS_ACCESS_KEY_ID=AKIDenv AWS_SECRET_ACCESS_KEY=SECRETenv reads
used AKIDother us-east-1 - /models
settings "endpoint = $STUB
"
reads
used AKIDdefault us-east-1 - /models
settings "endpoint = $STUB
region = r-6
"
AWS_PROFILE=other reads
used AKIDother r-6 - /models
mv "$HOME/.aws/credentials" "$T/credentials"
settings "endpoint = $STUB
region = r-4
"
AWS_SHARED_CREDENTIALS_FILE=$T/credentials reads
used AKIDdefault r-4 - /models

note "no keys anywhere"
settings "endpoint = $STUB
region = r-5
"
expect_failure 'Permission denied' in_prefix cat /algo/s3+models/object

note "nothing of it is shown"
AWS_ACCESS_KEY_ID=AKIDenv AWS_SECRET_ACCESS_KEY=SECRETenv algofs config >"$T/said"
grep -q 'access_key_id .*# environment AWS_ACCESS_KEY_ID' "$T/said" || { cat "$T/said"; fail "the key's origin is not shown"; }
if grep -E 'SECRET(section|env|default|other)|AKID|TOKENenv' "$T/said" "$(agent_log)"; then fail "a key is shown"; fi
