//! A primary and a standby of it, told apart.

use super::{Outcome, Stage};
use crate::common::wait_until;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// A standby that follows a stage's server until it is dropped.
struct Standby {
    server: Child,
    port: u16,
    _directory: TempDir,
}

impl Standby {
    fn of(stage: &Stage) -> Self {
        let owner = fs::metadata(stage.server.directory.join("data")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let data = directory.path().join("standby");
        fs::create_dir(&data).unwrap();
        chown(&data, Some(owner.uid()), Some(owner.gid())).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        let program = |name: &str| {
            let mut command = Command::new(stage.psql.with_file_name(name));
            if nix::unistd::geteuid().is_root() {
                command.uid(owner.uid()).gid(owner.gid());
            }
            command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let copied = program("pg_basebackup")
            .args(["--host", &stage.socket, "--port", &stage.port, "--username", "loist", "--pgdata"])
            .arg(&data)
            .args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"])
            .status()
            .unwrap();
        assert!(copied.success(), "the standby's files are copied");
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let server = program("postgres").arg("-D").arg(&data).args(settings(port, &data)).spawn().unwrap();
        Self { server, port, _directory: directory }
    }
}

fn settings(port: u16, data: &Path) -> Vec<String> {
    let settings = [format!("port={port}"), format!("unix_socket_directories={}", data.display())];
    settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]).collect()
}

impl Drop for Standby {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.server.id() as i32), Signal::SIGQUIT);
        let _ = self.server.wait();
    }
}

#[test]
fn a_primary_and_its_standby_are_told_apart_as_by_psql() {
    let stage = Stage::set();
    let standby = Standby::of(&stage);
    let (first, second) = (stage.port.clone(), standby.port.to_string());
    let common = format!("user=loist dbname=postgres password={} connect_timeout=20", stage.password);
    let alone = format!("host=127.0.0.1 port={second} {common}");
    wait_until("the standby", || stage.ours(&alone).0 == Outcome::Plain);
    let both = format!("host=127.0.0.1,127.0.0.1 port={first},{second} {common}");
    for (wanted, port) in [
        ("any", &first),
        ("read-write", &first),
        ("primary", &first),
        ("read-only", &second),
        ("standby", &second),
        ("prefer-standby", &second),
    ] {
        let address = format!("{both} target_session_attrs={wanted}");
        let session = stage.ours(&address).1.unwrap();
        assert_eq!(session.host, format!("127.0.0.1:{port}"), "{wanted}");
        let output = stage.psql(&address, "SELECT inet_server_port()");
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), port, "{wanted}");
    }
    for wanted in ["primary", "read-write"] {
        let (outcome, why) = stage.ours(&format!("{alone} target_session_attrs={wanted}"));
        assert_eq!(outcome, Outcome::Refused, "{why:?}");
        let reason = why.unwrap_err();
        assert!(reason.contains("which target_session_attrs rules out"), "{reason}");
    }
}
