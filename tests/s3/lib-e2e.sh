# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The prefix over S3: what the end-to-end tests share. Source it instead of lib-s3.sh.
#
#     . "$(dirname "$0")/lib-e2e.sh"
#     serve_s3                    # a Swift; $P = /algo/store is its bucket; $MIRROR a folder
#     pull [DIR]; push [DIR]      # makes $MIRROR/DIR what the bucket has there (by rclone), or the other way

. "$(dirname "${BASH_SOURCE[0]}")/../lib-write.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-s3.sh"
MIRROR=$T/mirror
user_dir "$MIRROR" "$PLAIN"

serve_s3() {
    not_plain
    start_swift
    cat >"$T/config" <<C
[store]
type = s3
endpoint = $S3_ENDPOINT
region = $S3_REGION
bucket = $S3_BUCKET
access_key_id = $S3_KEY
secret_access_key = $S3_SECRET
C
    [ "$(id -u)" != 0 ] || chown 65534 "$T/config"
    chmod 600 "$T/config"
    export ALGOFS_CONFIG=$T/config ALGOFS_TTL=${TTL:-inf}
    P=/algo/store
    fresh_cache
    # For programs that have to look at the store themselves.
    cat >"$T/mirror.sh" <<C
#!/bin/bash
# mirror.sh pull|push DIR: for DIR below $MIRROR.
set -eu
export no_proxy='*'
unset AWS_CA_BUNDLE LD_PRELOAD
name=\${2#"$MIRROR"}
case \$1 in
    pull) rclone --config "$T/rclone.conf" --retries 5 -q sync "store:$S3_BUCKET\$name" "$MIRROR\$name" --checksum --no-unicode-normalization --create-empty-src-dirs ;;
    push) rclone --config "$T/rclone.conf" --retries 5 -q sync "$MIRROR\$name" "store:$S3_BUCKET\$name" --checksum ;;
esac
C
    chmod 755 "$T/mirror.sh"
    chmod 644 "$T/rclone.conf"
}

pull() { as_user "$T/mirror.sh" pull "$MIRROR${1:+/$1}"; }
push() { as_user "$T/mirror.sh" push "$MIRROR${1:+/$1}"; }
