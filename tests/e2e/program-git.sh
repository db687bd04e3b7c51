#!/bin/bash
# SPDX-License-Identifier: MIT
# git clones into the prefix, commits there, packs, switches branches; fsck finds the repository whole, here and
# on the server's disk.
. "$(dirname "$0")/../lib-write.sh"
require git
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git config --file "$HOME/.gitconfig" safe.directory '*'
git config --file "$HOME/.gitconfig" init.defaultBranch main
git config --file "$HOME/.gitconfig" advice.detachedHead false
git config --file "$HOME/.gitconfig" gc.auto 0
user_dir "$T/origin"
as_user sh -euc 'git init -q "$0"; cd "$0"
    for i in $(seq 15); do mkdir -p "dir$((i % 3))"; seq "$i" $((i * 40)) >"dir$((i % 3))/file$i"; git add .; git commit -qm "commit $i"; done
    git branch side HEAD~5' "$T/origin"
serve_collection
in_prefix git clone -q "$T/origin" "$C/work" || fail "clone"
in_prefix git -C "$C/work" fsck --full || fail "fsck after clone"
expect "" in_prefix git -C "$C/work" status --porcelain
in_prefix bash -euc 'cd "$0/work"
    echo changed >>dir0/file3
    mkdir new; echo new >new/file; git rm -q dir1/file1
    git add .
    git commit -qm "made in the prefix"
    git checkout -q -b branch origin/side
    echo more >more; git add more; git commit -qm "on a branch"
    git merge -q -m merged main
    git tag -a -m tag v1
    git repack -adq
    git stash list
    git push -q origin branch:pushed' "$C" || fail "working"
in_prefix git -C "$C/work" fsck --full || fail "fsck after working"
expect "" in_prefix git -C "$C/work" status --porcelain
drained
git -C "$REMOTE/work" fsck --full || fail "fsck on the server's disk"
expect_equal "the branch that was pushed" "$(git -C "$REMOTE/work" rev-parse branch)" "$(git -C "$T/origin" rev-parse pushed)"
expect_equal "what is checked out" "" "$(git -C "$REMOTE/work" -c core.fileMode=false status --porcelain)"
plain || expect_equal "names left behind" "" "$(find "$REMOTE" -name '*.lock' -o -name 'tmp_*')"
fresh_cache
in_prefix git -C "$C/work" fsck --full || fail "fsck with a new cache"
expect "made in the prefix" in_prefix git -C "$C/work" log -1 --format=%s main
