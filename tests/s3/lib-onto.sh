# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# An end-to-end test on S3: its $SRC in a bucket of the Swift that tests/s3/again-read.sh runs. lib.sh sources this.

# serve_onto_s3: what is in $SRC, below a name of its own in the bucket; $P is its place.
serve_onto_s3() {
    local folder=t$$
    rclone --config "$RCLONE_STORE" --retries 5 copy "$SRC" "store:$S3_BUCKET/$folder" --no-unicode-normalization --transfers 8 \
        --no-traverse --no-check-dest || fail "rclone copy"
    cat >"$T/config" <<C
[store]
type = s3
endpoint = $S3_ENDPOINT
region = $S3_REGION
bucket = $S3_BUCKET
path_prefix = $folder
access_key_id = $S3_KEY
secret_access_key = $S3_SECRET
C
    [ ${#ORDINARY[@]} = 0 ] || chown 65534 "$T/config"
    chmod 600 "$T/config"
    export ALGOFS_CONFIG=$T/config ALGOFS_TTL=${TTL:-inf}
    P=/algo/store
    fresh_cache
}
