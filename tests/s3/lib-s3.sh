# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests of S3 share, on top of lib.sh: a Swift of their own, rclone, and the tool.
#
#     . "$(dirname "$0")/lib-s3.sh"
#     start_swift                    # or skips; sets S3_ENDPOINT and so on, and makes the bucket
#     s3 put a/b "$T/file"           # build/unit/s3-tool
#     rc lsf store:$S3_BUCKET/a      # rclone

built=$(realpath "${BUILD:-$(dirname "${BASH_SOURCE[0]}")/../../build}")
[ -n "${TESTS:-}" ] && [ -n "${ORDINARY+x}" ] || . "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
if [ "$built" != "$BUILD" ]; then # lib.sh made a copy for the ordinary user; we need more of it
    mkdir -p "$BUILD/unit/core/remote"
    cp "$built/unit/s3-tool" "$BUILD/unit/"
    cp "$built/unit/core/remote/test-contract" "$BUILD/unit/core/remote/"
fi

export no_proxy='*' NO_PROXY='*'
unset AWS_CA_BUNDLE AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL http_proxy HTTP_PROXY
swift_dir=
proxies=()

# Debian packages that only these tests need: brought in when we may (CI runs as root), else skipped.
S3_PACKAGES="swift-proxy swift-account swift-container swift-object memcached rclone s3cmd"

need_packages() {
    local command missing=
    for command in swift-proxy-server swift-object-server swift-ring-builder memcached rclone s3cmd; do
        PATH=$PATH:/usr/sbin command -v "$command" >/dev/null || missing=$command
    done
    [ -n "$missing" ] || return 0
    [ "${S3_INSTALL:-}" != no ] || skip "no $missing (packages: $S3_PACKAGES)"
    # shellcheck disable=SC2086  # a list of package names
    (exec 9>/tmp/algofs-s3-packages.lock; flock 9 && "$TESTS/../scripts/install-deps" $S3_PACKAGES) >"$T/packages.log" 2>&1 ||
        skip "no $missing, and its packages cannot be installed here: $(tail -n 1 "$T/packages.log")"
}

# start_swift: one for this test; its data is in $T.
start_swift() {
    not_plain
    need_packages
    swift_dir=$T/swift
    mkdir "$swift_dir"
    local out status=0
    out=$("$TESTS/s3/_swift-up" "$swift_dir" 2>"$T/swift.err") || status=$?
    [ $status != 77 ] || skip "$out"
    [ $status = 0 ] || { cat "$T/swift.err"; fail "Swift did not start: $out"; }
    eval "export $out"
    export S3_BUCKET=bucket
    export ALGOFS_TEST_S3_ENDPOINT=$S3_ENDPOINT ALGOFS_TEST_S3_BUCKET=$S3_BUCKET
    export ALGOFS_TEST_S3_KEY=$S3_KEY ALGOFS_TEST_S3_SECRET=$S3_SECRET
    cat >"$T/rclone.conf" <<C
[store]
type = s3
provider = Other
access_key_id = $S3_KEY
secret_access_key = $S3_SECRET
endpoint = $S3_ENDPOINT
region = $S3_REGION
force_path_style = true
C
    rc mkdir "store:$S3_BUCKET" || fail "rclone cannot make the bucket"
}

rc() { rclone --config "$T/rclone.conf" --retries 5 "$@"; }

# s3cmd, which takes keys as they are (rclone cleans paths).
s3cmd_() {
    s3cmd --config=/dev/null --no-ssl --access_key="$S3_KEY" --secret_key="$S3_SECRET" --region="$S3_REGION" \
        --host="${S3_ENDPOINT#http://}" --host-bucket="${S3_ENDPOINT#http://}" "$@"
}

# s3 VERB...: the tool, as an ordinary user.
s3() { as_user "$BUILD/unit/s3-tool" "$@"; }

# start_proxy LOG OPTION...: a proxy before the store; sets PROXY.
start_proxy() {
    local log=$1 out=$T/proxy.${#proxies[@]}
    shift
    : >"$log"
    "$PYTHON" "$TESTS/s3/libproxy.py" "$S3_ENDPOINT" "$log" "$@" >"$out" 2>"$out.err" </dev/null &
    server_pids+=($!)
    proxies+=($!)
    for _ in $(seq 600); do
        PROXY=$(head -n 1 "$out")
        [ -z "$PROXY" ] || return 0
        sleep 0.1
    done
    cat "$out.err"
    fail "the proxy did not start"
}

stop_swift() { [ -z "$swift_dir" ] || "$TESTS/s3/_swift-down" "$swift_dir"; }
end_s3() {
    local status=$?
    set +e
    stop_swift
    (exit "$status")
    clean_up
}
trap end_s3 EXIT

# same FILE FILE
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }

# uploads_left: multipart uploads in progress in the bucket, "KEY ID" a line.
uploads_left() { s3cmd_ multipart "s3://$S3_BUCKET" | awk 'NR > 2 && NF { print $2, $3 }'; }

# contract plain|faulty: the suite over the bucket, which is empty afterwards.
contract() {
    as_user "$BUILD/unit/core/remote/test-contract" s3 "$1" >"$T/out" 2>&1 ||
        { grep -vE '^\[ (RUN|  *OK)' "$T/out"; fail "the contract over Swift, $1"; }
    grep -c 'PASSED' "$T/out" >/dev/null || fail "nothing was tested"
    rc lsf -R "store:$S3_BUCKET" >"$T/left"
    [ ! -s "$T/left" ] || { cat "$T/left"; fail "the suite leaves objects"; }
}
