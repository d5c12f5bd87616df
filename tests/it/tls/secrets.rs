//! The password is told nowhere, wherever it came from.

use super::Stage;
use crate::common::{Bench, processes, texts_below};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

/// Unlike anything else, with characters that every form writes in its own way.
const PASSWORD: &str = "Zx9:q%7w/@K?v\\8=&u";
/// What no output may hold: pieces of the password, and the way a URL has it.
const PIECES: [&str; 4] = ["Zx9:q", "w/@K", "8=&u", "%5a%78%39"];

const QUICK: &str = "read --tracks 50 --warmup 0s --duration 300ms";

fn in_url(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Runs to the end, while the command lines of all processes are watched; gives everything that was said.
fn watched(mut command: Command, code: i32) -> String {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let reader = std::thread::spawn({
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        move || {
            let errors = std::thread::spawn(move || std::io::read_to_string(&mut err).unwrap());
            format!("{}{}", std::io::read_to_string(&mut out).unwrap(), errors.join().unwrap())
        }
    });
    let status = loop {
        assert!(processes(PASSWORD).is_empty(), "a command line tells the password");
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let said = reader.join().unwrap();
    // A machine that is busy with other tests makes a verdict doubtful, and that is all.
    assert!(status.code() == Some(code) || (code == 0 && status.code() == Some(4)), "{status}: {said}");
    said
}

fn assert_silent(text: &str, what: &str) {
    for piece in PIECES {
        assert!(!text.contains(piece), "{what} tells the password, or a piece of it");
    }
}

/// Every way to say the password, as variables of the environment.
fn sources(stage: &Stage, bench: &Bench) -> Vec<Vec<(&'static str, String)>> {
    let private = |name: &str, text: &str| {
        let path = bench.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let port = &stage.port;
    let escaped = PASSWORD.replace('\\', "\\\\").replace(':', "\\:");
    let passfile = private("passfile", &format!("# mine\n127.0.0.1:*:*:careful:{escaped}\n"));
    let file = private("password", &format!("{PASSWORD}\n"));
    let service =
        format!("[music]\nhost=127.0.0.1\nport={port}\ndbname=postgres\nuser=careful\npassword={PASSWORD}\n");
    let service = private("services", &service);
    let url = || ("DATABASE_URL", format!("postgres://careful@127.0.0.1:{port}/postgres"));
    vec![
        vec![("DATABASE_URL", with_password(stage))],
        vec![url(), ("PGPASSWORD", PASSWORD.to_owned())],
        vec![url(), ("PGPASSFILE", passfile)],
        vec![url(), ("LOIST_BENCH_PASSWORD_FILE", file)],
        vec![("DATABASE_URL", "service=music".to_owned()), ("PGSERVICEFILE", service)],
        vec![
            ("DB_HOST", "127.0.0.1".to_owned()),
            ("DB_PORT", port.clone()),
            ("DB_NAME", "postgres".to_owned()),
            ("DB_USER", "careful".to_owned()),
            ("DB_PASSWORD", PASSWORD.to_owned()),
        ],
    ]
}

fn with_password(stage: &Stage) -> String {
    format!("postgres://careful:{}@127.0.0.1:{}/postgres", in_url(PASSWORD), stage.port)
}

#[test]
fn the_password_is_told_nowhere_wherever_it_came_from() {
    let stage = Stage::set();
    let quoted = PASSWORD.replace('\'', "''");
    stage.sql(&[
        &format!("CREATE ROLE careful SUPERUSER LOGIN PASSWORD '{quoted}'"),
        "ALTER ROLE careful SET log_statement = 'all'",
    ]);
    let bench = Bench::new();
    let run = format!("run {QUICK}");
    for variables in sources(&stage, &bench) {
        let mut command = bench.command(&run);
        command.envs(variables.iter().cloned());
        assert_silent(&watched(command, 0), &format!("a run with {}", variables[variables.len() - 1].0));
    }
    assert_eq!(bench.records().len(), 6);
    let url = with_password(&stage);
    for (arguments, url, code) in [
        ("seed --tracks 50", url.clone(), 0),
        ("seed --list", url.clone(), 0),
        ("audit --out reports --fix-script fix.sql", url.clone(), 1),
        // A port where nobody listens, a user that is not let in, and encryption that there is not.
        (&run, url.replace(&format!(":{}/", stage.port), ":1/"), 3),
        (&run, url.replace("careful", "unknown"), 3),
        (&run, format!("{url}?sslmode=require"), 3),
    ] {
        let mut command = bench.command(arguments);
        command.env("LOIST_BENCH_DATABASE_URL", url);
        assert_silent(&watched(command, code), &format!("{arguments} that ends with {code}"));
    }
    assert_silent(&texts_below(&bench.path("reports")), "a report");
    assert_silent(&fs::read_to_string(bench.path("fix.sql")).unwrap(), "a script of remedies");
    let log = stage.server.log();
    assert!(log.contains("statement: ") && log.contains("unknown"), "it logs");
    assert_silent(&log, "the server's log");
}

/// On a command line a URL's password is for everybody to see, whoever the program is; but it goes no further.
#[test]
fn a_side_of_a_duet_is_named_without_its_password() {
    let bench = Bench::new();
    let side = format!("postgres://careful:{}@127.0.0.1:1/postgres", in_url(PASSWORD));
    let mut command = bench.command("duet --rate 10 --duration 300ms");
    let output = command.args([side.as_str(), side.as_str()]).output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("127.0.0.1:1"), "{said}");
    assert_silent(&said, "a duet that fails");
}
