#!/bin/bash
# SPDX-License-Identifier: MIT
# Without variables the key and the server come from the profile file, as for the official clients.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
unset ALGORITHMIA_API ALGORITHMIA_API_KEY
user_dir "$HOME/.algorithmia"
cat >"$HOME/.algorithmia/config" <<END
[profiles]
[profiles.default]
api_key = "$KEY"
api_server = "$URL"
[profiles.wrong]
api_key = "simWRONG"
api_server = "$URL"
END
chmod 644 "$HOME/.algorithmia/config"
expect hello in_prefix cat "$P/file"
expect_failure 'Permission denied' in_prefix ALGOFS_PROFILE=wrong cat "$P/file"
expect hello in_prefix ALGOFS_PROFILE=default cat "$P/file"
