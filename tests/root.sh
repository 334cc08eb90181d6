# Functions of the scripts that make a Debian of their own (clean_root.sh, image_root.sh); sourced.

say() { printf '== %s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; exit 2; }

# in_own_namespaces ARGS…: once more, where whatever is mounted and started ends with the script.
in_own_namespaces() {
    [[ $(id -u) = 0 ]] || fail "it makes a root folder and enters it: run it as root."
    local tool
    for tool in git timeout unshare chroot; do
        command -v "$tool" >/dev/null || fail "$tool is missing."
    done
    if [[ -z ${ROOT_INSIDE:-} ]]; then
        ROOT_INSIDE=1 exec unshare --mount --pid --fork --kill-child -- bash "$0" "$@"
    fi
    mount --make-rprivate /
}

# The first archive of the machine's own apt settings: its address and the release it serves.
apt_source() {
    local found
    found=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -1)
    [[ -n $found ]] || found=$(sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | head -1)
    [[ -n $found ]] || fail "no package archive is configured in /etc/apt."
    printf '%s' "$found"
}

# make_root ROOT PACKAGES: a minimal Debian of this machine's release, made once.
make_root() {
    local root=$1 packages=$2 ready=$1/.clean-root-ready
    if [[ -e $ready ]]; then
        say "reusing the root at $root"
        return
    fi
    command -v debootstrap >/dev/null || fail "debootstrap is missing: apt install debootstrap."
    if [[ -d $root && -n $(ls -A "$root") ]]; then
        fail "$root is not empty and no finished root of this script: remove it or name another."
    fi
    local release
    release=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    say "making a minimal $release with $packages"
    mkdir -p "$root"
    local log=$root.log
    if ! timeout 600 debootstrap --variant=minbase --include="$packages" "$release" "$root" \
        "$(apt_source)" >"$log" 2>&1; then
        tail -5 "$log" >&2
        fail "debootstrap failed; its last lines are above, all of them in $log."
    fi
    touch "$ready"
}

# carry_settings ROOT HOME: names, certificates and pip's settings, copied as files and never
# printed: an index address may hold a password.
carry_settings() {
    local root=$1 home=$2
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    mkdir -p "$root/etc/ssl/certs"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
    if [[ -e /etc/pip.conf ]]; then install -m 0644 /etc/pip.conf "$root/etc/pip.conf"; fi
    local settings
    for settings in ~/.config/pip/pip.conf ~/.pip/pip.conf; do
        if [[ -e $settings ]]; then
            mkdir -p "$root$home/.config/pip"
            install -m 0600 "$settings" "$root$home/.config/pip/pip.conf"
            break
        fi
    done
}
