#!/bin/bash
# The image, made and tried without Docker: a minimal Debian stands for the base image, the
# Dockerfile's own steps are done in it, and what comes of it is run as a container would be.
#
#   tests/image_root.sh FOLDER
#
#   FOLDER  a folder this script owns (about 1 GB): FOLDER/base is made on the first run and reused,
#           FOLDER/build and FOLDER/image are the stages, made anew each time
#
# It is run as the Dockerfile's user, with a read-only root and two volumes, where there is no network
# but loopback: the Dockerfile's health check must be answered, the demo must make a bundle, and the
# bundle must verify. Needs root, debootstrap and Python 3.11. Exit 0: all that holds.
#
# What differs from Docker: the base is Debian with its own Python; no layers, no image digest, no
# limit on capabilities or system calls. Files are the same.

set -euo pipefail
. "$(dirname "$0")/root.sh"

[[ $# = 1 && $1 = /* && $1 != / ]] || { sed -n '2,17s/^# \{0,1\}//p' "$0"; exit 2; }
in_own_namespaces "$@"
folder=${1%/}
cd "$(dirname "$0")/.."
mkdir -p "$folder"

make_root "$folder/base" python3,python3-venv,python3-pip,python-is-python3,ca-certificates
carry_settings "$folder/base" /root
for stage in build image; do mkdir -p "$folder/$stage"; done

say "the Dockerfile's steps"
timeout 900 python3 -m supply.image build "$folder/base" "$folder"
rm -rf "$folder/image/etc/pip.conf" "$folder/image/root/.config"
say "size of what is installed: $(du -sm "$folder/image/opt/orderproof" | cut -f1) MB"

say "as a container would be run"
timeout 300 unshare --mount --pid --net --fork --kill-child -- \
    python3 -m supply.image try "$folder"
