#!/bin/bash
# SPDX-License-Identifier: MIT
# Redirections of bash and dash: >, >>, <>, >|, here-documents; what a command wrote is on the server
# when the shell goes on, be the command a program or a builtin.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
for shell in bash dash; do
    command -v "$shell" >/dev/null || { note "no $shell"; continue; }
    note "$shell"
    both env S="$shell" "$shell" -eu <<'END'
cd "$DIR"
mkdir "$S"
cd "$S"
echo builtin >builtin
/bin/echo program >program
echo more >>builtin
/bin/echo more >>program
: >empty
>emptier
printf '%s\n' a b c >lines
/usr/bin/printf '%s\n' a b c | sort -r >sorted
printf X 1<>lines
{ echo one; /bin/echo two; echo three; } >group
( echo sub; /bin/echo shell ) >subshell
cat >here <<EOT
a here-document in $S
EOT
cat <<EOT >>here
and another
EOT
set -C
(echo x >builtin) 2>/dev/null || echo noclobber
echo forced >|builtin
set +C
exec 3>three
echo a >&3
/bin/echo b >&3
exec 3>&-
exec 4<>three
read -r line <&4
echo "read $line"
echo C >&4
exec 4>&-
for i in 1 2 3; do echo "$i"; done >loop
f() { echo in function; /bin/echo and program; }
f >function
f >>function 2>&1
ls none >output 2>&1 || echo failed
echo to-stderr >&2 2>/dev/null
seq 1 20000 | tee tee1 tee2 | wc -l >count
x=$(cat count); echo "$x"
(sleep 0; echo background) >background &
wait
(echo x >none/x) 2>/dev/null || echo no folder
(echo x >../"$S") 2>/dev/null || echo a folder
head -c 100000 /dev/zero | tr '\0' z >zs
cat lines sorted >joined
echo 5 >number; echo $(($(cat number) + 1)) >number
END
    must_work
done

not_plain
note "the server has it as soon as the command is done"
# shellcheck disable=SC2016
for shell in bash dash; do
    command -v "$shell" >/dev/null || continue
    in_prefix "$shell" -euc 'check() { [ "$(cat "$REMOTE/$1")" = "$2" ] || { echo "$1 is not on the server after: $3"; exit 1; }; }
        cd "$C"
        /bin/echo program >at-once;   check at-once program "a program"
        echo builtin >at-once;        check at-once builtin "a builtin"
        /bin/echo x >>at-once;        check at-once "builtin
x" "a program that appends"
        { echo a; echo b; } >at-once; check at-once "a
b" "a group"
        (echo subshell) >at-once;     check at-once subshell "a subshell"
        echo p | cat >at-once;        check at-once p "a pipeline"
        cat >at-once <<END
here
END
        check at-once here "a here-document"
        exec 5>at-once; /bin/echo five >&5; exec 5>&-; check at-once five "exec 5>&-"' || fail "$shell"
done
nothing_pending
