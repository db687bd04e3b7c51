# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A directory as a remote: what the tests of `type=local` share. Source it instead of lib.sh.
#
#     . "$(dirname "$0")/../lib-local.sh"
#     serve_local                   # $ARCHIVE is served as $P = /algo/archive; a test server is there, too
#
# On a plain folder (ALGOFS_TEST_PLAIN=1) $P is $ARCHIVE itself.

. "$(dirname "${BASH_SOURCE[0]}")/lib-write.sh"
ARCHIVE=$T/archive
user_dir "$ARCHIVE"

serve_local() {
    serve "$@"
    if plain; then P=$ARCHIVE; return; fi
    printf '[archive]\ntype = local\nroot = %s\n' "$ARCHIVE" >"$T/config"
    export ALGOFS_CONFIG=$T/config
    P=/algo/archive
    in_prefix test -d "$P" || skip "this build opens no remote of type=local"
}

# attributes DIR [in_prefix]: what lasts of all that is in DIR, one line an entry: name, kind, mode, size
# (directories: 0), mtime, link's target, number of names (directories: 0).
attributes() {
    # shellcheck disable=SC2016  # for find
    "${2:-as_user}" find "$1" \( -type d -printf '%P %y %m 0 %T@ 0\n' \) -o -printf '%P %y %m %s %T@ %n %l\n' |
        LC_ALL=C sort
}

# expect_attributes WANT DIR [in_prefix]: DIR is as the file WANT says.
expect_attributes() {
    attributes "$2" "${3:-as_user}" >"$T/attributes.got"
    expect_same "$1" "$T/attributes.got"
}
