#!/bin/bash
# SPDX-License-Identifier: MIT
# git on a remote that has links, modes and times: a repository with symbolic links and programs is cloned into the
# prefix, worked on, and is whole in the directory itself and with a new cache, with nothing that git calls changed.
. "$(dirname "$0")/../lib-local.sh"
require git
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git config --file "$HOME/.gitconfig" safe.directory '*'
git config --file "$HOME/.gitconfig" init.defaultBranch main
git config --file "$HOME/.gitconfig" gc.auto 0
user_dir "$T/origin"
as_user sh -euc 'git init -q "$0"; cd "$0"
    mkdir -p lib/deep bin
    for i in $(seq 5); do seq "$i" $((i * 50)) >"lib/file$i"; done
    echo "#!/bin/sh" >bin/run; chmod 755 bin/run
    ln -s ../lib/file1 bin/one; ln -s lib all; ln -s /nowhere/at/all broken; ln -s ../../bin/run lib/deep/run
    git add .; git commit -qm "links and programs"' "$T/origin"
serve_local
in_prefix git clone -q "$T/origin" "$P/work" || fail "clone"
whole() { # WHERE [in_prefix]: the repository is whole, and its files are as they were committed
    "${2:-as_user}" git -C "$1" fsck --full || fail "fsck of $1"
    expect "" "${2:-as_user}" git -C "$1" status --porcelain
}
whole "$P/work" in_prefix
expect "../lib/file1 lib 755" in_prefix bash -c 'cd "$1"; echo "$(readlink bin/one) $(readlink all) $(stat -c %a bin/run)"' sh "$P/work"
in_prefix bash -euc 'cd "$1/work"
    git checkout -q -b side
    ln -sfn lib/deep all; git mv bin/one bin/first; chmod 644 bin/run; echo more >>lib/deep/../file2
    ln -s first bin/second
    git add -A; git commit -qm "changed links"
    git checkout -q main; git merge -q -m merged --no-ff side
    git repack -adq; git stash list; git gc -q' sh "$P" || fail "working"
whole "$P/work" in_prefix
whole "$ARCHIVE/work"
expect_equal "a link in the directory itself" "lib/deep first" "$(readlink "$ARCHIVE/work/all") $(readlink "$ARCHIVE/work/bin/second")"
expect_equal "names left behind" "" "$(find "$ARCHIVE" -name '*.lock' -o -name 'tmp_*' -o -name '.algofs-*')"
fresh_cache
whole "$P/work" in_prefix
