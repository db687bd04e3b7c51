#!/bin/bash
# SPDX-License-Identifier: MIT
# A directory as a remote: cp -a, rsync -aHX and tar bring modes, times, symbolic and hard links and extended
# attributes there, a wiped cache shows them all, and they come back by the same tools.
. "$(dirname "$0")/../lib-local.sh"
require rsync tar setfattr getfattr
serve_local
S=$T/source
user_dir "$S"
as_user bash -eu -c 'cd "$1"
    mkdir -p a/b c "d e"
    echo one >a/one; echo two >a/b/two; head -c 5000000 /dev/urandom >c/big; : >"d e/empty"
    ln a/one a/hard; ln a/b/two c/hard
    ln -s ../a/one c/link; ln -s /etc/hostname c/out; ln -s nowhere c/dangling; ln -s . c/here
    chmod 640 a/one; chmod 700 a/b; chmod 751 a/b/two; chmod 600 c/big; chmod 1755 "d e"
    touch -d "2003-04-05 06:07:08.123456789" a/one a/b/two; touch -d "1999-12-31 23:59:59" c/big "d e/empty"
    touch -h -d "2004-05-06 07:08:09" c/link c/out c/dangling c/here
    touch -d "2005-06-07 08:09:10" a/b a c "d e" .' sh "$S"
attributes "$S" >"$T/want"
xattrs=1
as_user setfattr -n user.color -v blue "$S/a/one" 2>/dev/null && as_user setfattr -n user.probe -v x "$ARCHIVE" || xattrs=
[ -z "$xattrs" ] || as_user setfattr -x user.probe "$ARCHIVE"

# same NAME: the archive, the prefix, and the prefix by a new cache have all that the source has.
same() {
    expect_attributes "$T/want" "$ARCHIVE/$1"
    expect_attributes "$T/want" "$P/$1" in_prefix
    diff -r --no-dereference "$S" "$ARCHIVE/$1"
    [ -z "$xattrs" ] || expect blue as_user getfattr --only-values -n user.color "$ARCHIVE/$1/a/one"
}

note "cp -a"
in_prefix cp -a "$S" "$P/cp"
same cp
note "rsync -aH"
in_prefix rsync -aH ${xattrs:+-X} "$S/" "$P/rsync/"
same rsync
note "tar"
as_user tar --format=posix ${xattrs:+--xattrs} -C "$S" -cf "$HOME/s.tar" .
in_prefix bash -euc 'mkdir "$1/tar"; tar ${2:+--xattrs} -C "$1/tar" -xpf "$3"' sh "$P" "$xattrs" "$HOME/s.tar"
same tar

note "with a new cache"
fresh_cache
for name in cp rsync tar; do
    expect_attributes "$T/want" "$P/$name" in_prefix
    [ -z "$xattrs" ] || expect blue in_prefix getfattr --only-values --absolute-names -n user.color "$P/$name/a/hard"
done
expect "" in_prefix rsync -aHni ${xattrs:+-X} "$S/" "$P/rsync/"

note "and back"
fresh_cache
in_prefix tar --format=posix -C "$P/cp" -cf "$HOME/back.tar" .
user_dir "$T/tar"
as_user tar -C "$T/tar" -xpf "$HOME/back.tar"
expect_attributes "$T/want" "$T/tar"
fresh_cache
in_prefix rsync -aH "$P/rsync/" "$HOME/rsync/"
expect_attributes "$T/want" "$HOME/rsync"
fresh_cache
in_prefix cp -a "$P/tar" "$HOME/cp"
expect_attributes "$T/want" "$HOME/cp"
diff -r --no-dereference "$S" "$HOME/cp"
