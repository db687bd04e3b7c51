#!/bin/bash
# SPDX-License-Identifier: MIT
# git reads a repository in the prefix: log, cat-file, fsck, status, clone.
. "$(dirname "$0")/../lib.sh"
require git
export GIT_OPTIONAL_LOCKS=0 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
{
    git init -q "$SRC/work"
    cd "$SRC/work"
    git config core.fileMode false
    git config gc.auto 0
    for i in $(seq 30); do
        mkdir -p "dir$((i % 3))"
        seq "$i" $((i * 40)) >"dir$((i % 3))/file$i"
        git add . && git commit -qm "commit $i"
        [ "$i" != 20 ] || git repack -adq
    done
    git clone -q --bare . "$SRC/bare.git"
    cd /
}
git config --file "$HOME/.gitconfig" safe.directory '*'
serve
expect "$(git -C "$SRC/bare.git" log --stat --format=%H%s)" in_prefix git -C "$P/bare.git" log --stat --format=%H%s
expect "$(git -C "$SRC/work" log -p --format=%H | sha256sum)" in_prefix bash -c 'git -C "$0" log -p --format=%H | sha256sum' "$P/work"
expect "$(git -C "$SRC/work" cat-file --batch-all-objects --batch-check)" \
    in_prefix git -C "$P/work" cat-file --batch-all-objects --batch-check
in_prefix git -C "$P/work" fsck --full 2>&1 || fail "fsck"
expect "" in_prefix git -C "$P/work" status --porcelain
expect "$(git -C "$SRC/work" grep -c 77)" in_prefix git -C "$P/work" grep -c 77
user_dir "$T/out"
in_prefix git clone -q "$P/bare.git" "$T/out/clone" || fail "clone"
as_user git -C "$T/out/clone" fsck --full || fail "the clone is not whole"
diff -r -x .git "$SRC/work" "$T/out/clone" || fail "the clone differs"
