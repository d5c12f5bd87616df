//! Programs that a drill runs: PostgreSQL's own, tar, age and gpg. None of them is told a password on its command line.

use super::{context::Context, error::DrillError, options::Cipher};
use crate::{
    flags::secret::without_passwords,
    target::{Programs, Route},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// How often it is looked whether a program has ended.
const POLL: Duration = Duration::from_millis(5);
/// How long a program may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(5);
/// Lines that are kept of what a program says: the last ones.
const MOST_LINES: usize = 12;

/// How a program of PostgreSQL's finds a database.
pub(super) struct Way {
    variables: Vec<(String, String)>,
}

impl Way {
    /// The way that sessions take, too; the password goes into a file that nobody else may read.
    ///
    /// # Errors
    /// When that file cannot be written.
    pub(super) fn of(context: &Context<'_>, route: &Route) -> Result<Self, DrillError> {
        let given = route.libpq();
        let path = context.place("passwords")?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(given.password_file.as_bytes()))
            .map_err(DrillError::file(&path))?;
        let mut variables = given.variables;
        variables.push(("PGPASSFILE".to_owned(), path.to_string_lossy().into_owned()));
        Ok(Self { variables })
    }
}

/// One of PostgreSQL's programs, of the installation that has the server or else as the shell would find it.
///
/// # Errors
/// When it is in neither place.
pub(super) fn client(programs: &Programs, name: &str, way: Option<&Way>) -> Result<Command, DrillError> {
    let own = Some(programs.directory.join(name)).filter(|path| path.is_file());
    let path = own.or_else(|| in_path(name)).ok_or_else(|| {
        DrillError::Environment(format!(
            "there is no {name} in {}, nor where programs are looked for: install PostgreSQL's client programs (Debian: apt-get install postgresql-client-{})",
            programs.directory.display(),
            programs.major
        ))
    })?;
    let mut command = Command::new(path);
    // A locale or PG* variable of the caller's must not change what it does or says.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PG") || text.starts_with("LC_") || text == "LANG" || text == "LANGUAGE" {
            command.env_remove(&name);
        }
    }
    command.env("LC_ALL", "C");
    command.envs(way.into_iter().flat_map(|way| way.variables.iter().map(|(name, value)| (name, value))));
    Ok(command)
}

/// A program of the machine's.
///
/// # Errors
/// When it is not there, with what installs it.
pub(super) fn machine_program(name: &str) -> Result<Command, DrillError> {
    let package = if name == "gpg" { "gnupg" } else { name };
    let mut command = in_path(name).map(Command::new).ok_or_else(|| {
        DrillError::Environment(format!(
            "the program {name} is needed and is not installed: install it (Debian: apt-get install {package}; Fedora: dnf install {package}; macOS: brew install {package})"
        ))
    })?;
    // Its messages are read; names in keyrings need the caller's characters.
    command.env("LANGUAGE", "en");
    Ok(command)
}

/// Whether a program that encrypts is there.
///
/// # Errors
/// When it is not, with what installs it.
pub(super) fn check_cipher(cipher: Cipher) -> Result<(), DrillError> {
    machine_program(cipher.name()).map(drop)
}

fn in_path(name: &str) -> Option<PathBuf> {
    let places = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&places).map(|place| place.join(name)).find(|path| path.is_file())
}

/// Name and version of a program, as it says them itself.
pub(super) fn version(programs: &Programs, name: &str) -> Option<String> {
    let output = client(programs, name, None).ok()?.arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

/// What a program said, and whether it succeeded.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) program: String,
    pub(super) succeeded: bool,
    pub(super) text: String,
}

/// A program that runs; dropped before it has ended, it is asked to end, and made to.
struct Running {
    child: Child,
    program: String,
    log: PathBuf,
    status: Option<ExitStatus>,
}

impl Running {
    fn look(&mut self) -> bool {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.status.is_some()
    }

    fn said(&self) -> Said {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = without_passwords(&String::from_utf8_lossy(&text));
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let text = lines[lines.len().saturating_sub(MOST_LINES)..].join("; ");
        Said {
            program: self.program.clone(),
            succeeded: self.status.is_some_and(|status| status.success()),
            text,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let began = Instant::now();
        if !self.look() {
            let _ = kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM);
        }
        while !self.look() {
            if began.elapsed() > PATIENCE {
                let _ = self.child.kill();
                let _ = self.child.wait();
                break;
            }
            std::thread::sleep(POLL);
        }
        let _ = std::fs::remove_file(&self.log);
    }
}

/// Runs programs, each of which reads what the one before it writes; the last writes into `output`, which must not be
/// there yet. Gives what each said.
///
/// # Errors
/// When one cannot be started, or the user asks for the end.
pub(super) fn run(
    context: &Context<'_>,
    commands: Vec<Command>,
    output: Option<&Path>,
) -> Result<Vec<Said>, DrillError> {
    let count = commands.len();
    let mut running: Vec<Running> = Vec::new();
    let mut input = Stdio::null();
    for (index, mut command) in commands.into_iter().enumerate() {
        let program = Path::new(command.get_program()).file_name().unwrap_or_default();
        let program = program.to_string_lossy().into_owned();
        let log = context.place("said")?;
        let errors = File::create_new(&log).map_err(DrillError::file(&log))?;
        let written = match output.filter(|_| index + 1 == count) {
            Some(path) => Stdio::from(new_file(path)?),
            None if index + 1 == count => Stdio::from(errors.try_clone()?),
            None => Stdio::piped(),
        };
        command.stdin(input).stdout(written).stderr(errors).process_group(context.workshop.group());
        let mut child = command
            .spawn()
            .map_err(|error| DrillError::Environment(format!("{program} cannot be started: {error}")))?;
        input = child.stdout.take().map_or_else(Stdio::null, Stdio::from);
        running.push(Running { child, program, log, status: None });
    }
    while !running.iter_mut().all(Running::look) {
        if context.interrupt.is_asked() {
            return Err(DrillError::Interrupted);
        }
        std::thread::sleep(POLL);
    }
    Ok(running.iter().map(Running::said).collect())
}

/// A file for its owner's eyes alone, which is not there yet.
fn new_file(path: &Path) -> Result<File, DrillError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(DrillError::file(path))
}

/// What programs said that all have to succeed.
///
/// # Errors
/// When one failed: the first that says why.
pub(super) fn all_well(said: Vec<Said>) -> Result<String, DrillError> {
    let failed: Vec<&Said> = said.iter().filter(|one| !one.succeeded).collect();
    // One that only lost its reader or its writer says nothing.
    if let Some(first) = failed.iter().find(|one| !one.text.is_empty()).or(failed.first()) {
        let text = if first.text.is_empty() { "it said nothing" } else { &first.text };
        return Err(DrillError::Program { program: first.program.clone(), said: text.to_owned() });
    }
    let texts = said.into_iter().map(|one| one.text).filter(|text| !text.is_empty());
    Ok(texts.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_says_why_is_told() {
        let said = |program: &str, succeeded, text: &str| Said {
            program: program.to_owned(),
            succeeded,
            text: text.to_owned(),
        };
        let fine = all_well(vec![said("a", true, ""), said("b", true, "a warning")]).unwrap();
        assert_eq!(fine, "a warning");
        let told = all_well(vec![said("pg_dump", false, ""), said("age", false, "no such key")]).unwrap_err();
        assert_eq!(told.to_string(), "age failed: no such key");
        let told = all_well(vec![said("tar", false, "")]).unwrap_err();
        assert_eq!(told.to_string(), "tar failed: it said nothing");
    }

    #[test]
    fn a_program_that_is_missing_is_named_with_its_package() {
        let told = machine_program("no-such-program").unwrap_err().to_string();
        assert!(told.contains("no-such-program is needed") && told.contains("apt-get install"), "{told}");
        assert!(machine_program("sh").is_ok());
    }
}
