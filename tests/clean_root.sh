#!/bin/bash
# What a newcomer's machine says: `make demo` and `make test` in a Debian that has only python3,
# python3-venv, make and git, as an ordinary user, from a clean clone of the last commit.
#
#   tests/clean_root.sh ROOT [set-up|demo|test|all]
#
#   ROOT    a folder this script owns: made on the first run (half a minute), reused afterwards
#   set-up  make ROOT and clone into it, run nothing     demo   set-up, then `make demo` twice
#   test    set-up, then `make test`                     all    the default: everything, timed
#
# Needs root, debootstrap and git. The machine's own package settings (apt, pip, certificates)
# are carried over, so it works wherever the machine itself can install. Only committed work is
# seen: commit first. ORDERPROOF_SHARED is not carried over; tests that need it skip.
# BRANCH, DEMO_LIMIT_S, TEST_LIMIT_S may be set. Exit 0: all ran and passed.
#
# It works in a mount and process namespace of its own: whatever it mounted and started is gone
# when it ends, however it ends, and ROOT is then a plain folder that `rm -rf` may take.

set -euo pipefail

. "$(dirname "$0")/root.sh"

[[ $# -ge 1 && $# -le 2 ]] || { sed -n '2,18s/^# \{0,1\}//p' "$0"; exit 2; }
[[ $1 = /* && $1 != / ]] || fail "ROOT must be an absolute path, and not /."
root=${1%/}
what=${2:-all}
[[ $what =~ ^(set-up|demo|test|all)$ ]] || fail "'$what' is none of set-up, demo, test, all."
in_own_namespaces "$@"

repository=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
user=newcomer
home=/home/$user
checkout=$home/orderproof
packages=python3,python3-venv,make,git

# show_folders: those of packages that the settings point to, read-only, at their own path; of an
# index called simple/ the folder around it, since its links lead to its neighbours.
show_folders() {
    local folder
    while read -r folder; do
        [[ -d $folder && $folder != / ]] || continue
        mkdir -p "$root$folder"
        mount --bind "$folder" "$root$folder"
        mount -o remount,bind,ro "$root$folder"
    done < <(cat /etc/pip.conf ~/.config/pip/pip.conf ~/.pip/pip.conf 2>/dev/null \
        <(printf '%s\n' "${PIP_FIND_LINKS:-}" "${PIP_EXTRA_INDEX_URL:-}") \
        | grep -oE '(^|[ =])(file://)?/[^ ]+' | sed -E 's#^[ =]*(file://)?##; s#/simple/?$##' | sort -u || true)
}

clone() {
    say "cloning the last commit: $(git -C "$repository" log -1 --format='%h %s')"
    rm -rf "${root:?}$checkout"
    git clone --quiet --no-hardlinks ${BRANCH:+--branch "$BRANCH"} "$repository" "$root$checkout"
    chroot "$root" chown -R "$user:" "$home"
}

# inside LIMIT_S COMMAND: as the ordinary user, with the package settings and no other variable.
inside() {
    local limit=$1 name
    shift
    local carried=(HOME="$home" USER="$user" PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8)
    for name in $(compgen -e); do
        case $name in
            PIP_*|SSL_CERT_FILE|SSL_CERT_DIR|http_proxy|https_proxy|no_proxy|HTTP_PROXY|HTTPS_PROXY|NO_PROXY)
                carried+=("$name=${!name}") ;;
        esac
    done
    timeout --kill-after=10 "$limit" chroot --userspec="$user:$user" "$root" \
        /usr/bin/env -i "${carried[@]}" /bin/sh -c "cd $checkout && $*" </dev/null
}

failed=0
timed() {
    local name=$1 start end status=0
    shift
    say "$name"
    start=$(date +%s%N)
    inside "$@" || status=$?
    end=$(date +%s%N)
    [[ $status = 124 ]] && say "$name: stopped, over its limit of $1 s"
    printf '== %s: exit %d after %d.%d s\n' "$name" "$status" \
        $(((end - start) / 1000000000)) $(((end - start) / 100000000 % 10))
    [[ $status = 0 ]] || failed=1
}

make_root "$root" "$packages"
chroot "$root" id "$user" >/dev/null 2>&1 || chroot "$root" useradd --create-home --shell /bin/bash "$user"
mount -t proc proc "$root/proc"
mkdir -p "$root/dev/shm"
mount -t tmpfs -o mode=1777,size=1g tmpfs "$root/dev/shm"
carry_settings "$root" "$home"
show_folders
clone

if [[ $what = demo || $what = all ]]; then
    timed "make demo, set-up included" "${DEMO_LIMIT_S:-600}" make demo
    timed "make demo, already set up" "${DEMO_LIMIT_S:-600}" make demo
    if [[ -d $root$checkout/.venv ]]; then
        say "size of .venv after the demo: $(du -sm "$root$checkout/.venv" | cut -f1) MB"
    fi
fi
if [[ $what = test || $what = all ]]; then
    timed "make test, set-up included" "${TEST_LIMIT_S:-1200}" make test
fi
if [[ $what = set-up ]]; then
    timed "make" 60 make
    say "ready: chroot $root, checkout in $checkout"
fi
exit "$failed"
