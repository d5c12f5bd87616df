//! One throw-away cluster: its directories, initdb, settings, start, end. The guard alone makes one; others know its names
//! and files, and end what a guard left behind.

use super::{
    authority,
    confine::Cage,
    embedded::Transport,
    locale,
    locate::Programs,
    new_file,
    owner::Owner,
    restored::{self, Order},
    seeded,
    server_log::{last_lines, refused_setting, why_it_gave_up},
    template::Template,
};
use crate::text::{conf, told};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rand::RngExt;
use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// Name of the superuser, and of nobody else.
pub(super) const USER: &str = "loist";
/// The database that initdb makes; one more would only cost time.
pub(super) const DATABASE: &str = "postgres";
/// The part of its directory that the server's user owns.
pub(super) const DATA: &str = "data";
/// The server's log, in its directory.
pub(super) const LOG: &str = "server.log";
/// How often progress is looked for; short, because every start waits for it.
const POLL: Duration = Duration::from_millis(2);
/// How long a server may take to come up or to go down before harder means are used.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a cluster is made from.
pub(super) struct Plan {
    pub(super) programs: Programs,
    pub(super) base: PathBuf,
    pub(super) transport: Transport,
    pub(super) settings: Vec<(String, String)>,
    /// Files to begin with, instead of a new server's.
    pub(super) seeded: Option<PathBuf>,
}

/// A cluster on disk, and its server once it runs.
pub(super) struct Cluster {
    /// Private directory: data, log, lock, mark.
    pub(super) directory: PathBuf,
    /// Private directory of the socket; its path must stay short.
    pub(super) socket_directory: PathBuf,
    pub(super) port: u16,
    /// A superuser.
    pub(super) role: String,
    pub(super) database: String,
    pub(super) password: Option<String>,
    pub(super) locale: &'static str,
    /// What the server is confined to.
    pub(super) cage: Cage,
    /// Whether its files were restored: they may take as long as they need to come up.
    is_restored: bool,
    owner: Owner,
    plan: Plan,
    server: Option<Child>,
}

impl Cluster {
    /// Makes the directories.
    pub(super) fn create(plan: Plan) -> Result<Self, String> {
        let owner = Owner::choose()?;
        let made = |parent: &Path, prefix: &str, mode: u32| {
            let mut builder = tempfile::Builder::new();
            builder.prefix(prefix).permissions(fs::Permissions::from_mode(mode));
            builder.tempdir_in(parent).map_err(|error| told(parent, &error))
        };
        // The directory itself stays ours, so that the server's user cannot change what is believed of it; that
        // user only passes through.
        let mode = if owner.is_other() { 0o711 } else { 0o700 };
        let directory = made(&plan.base, super::kept::PREFIX, mode)?;
        let socket_directory = made(Path::new("/tmp"), "loist-bench-", 0o700)?;
        owner.give(socket_directory.path())?;
        // It stays ours until it is filled: what is copied into it is written by this program, and the server's user must
        // not be able to put a link in the way.
        let data = directory.path().join(DATA);
        fs::DirBuilder::new().mode(0o700).create(&data).map_err(|error| told(&data, &error))?;
        // From here on the guard answers for them.
        let (directory, socket_directory) = (directory.keep(), socket_directory.keep());
        let cage = Cage::new(&directory.file_name().unwrap_or_default().to_string_lossy());
        let password = (plan.transport != Transport::Unix)
            .then(|| (0..32).map(|_| char::from(rand::rng().sample(rand::distr::Alphanumeric))).collect());
        Ok(Self {
            directory,
            socket_directory,
            port: 5432,
            role: USER.to_owned(),
            database: DATABASE.to_owned(),
            password,
            locale: locale::nearest(),
            cage,
            is_restored: false,
            owner,
            plan,
            server: None,
        })
    }

    /// The file of the authority that vouches for it, if it is reached over TLS.
    pub(super) fn root_certificate(&self) -> Option<PathBuf> {
        (self.plan.transport == Transport::Tls).then(|| authority::root(&self.directory))
    }

    fn data(&self) -> PathBuf {
        self.directory.join(DATA)
    }

    /// The file of settings, one a line.
    pub(super) fn conf(&self) -> PathBuf {
        self.directory.join("loist-bench.conf")
    }

    /// The server's log.
    pub(super) fn log(&self) -> PathBuf {
        self.directory.join(LOG)
    }

    /// Fills the data directory, from a template where there is one; `give_up` is asked again and again and ends it
    /// early.
    pub(super) fn initialize(&self, give_up: &dyn Fn() -> bool) -> Result<(), String> {
        if let Some(files) = &self.plan.seeded {
            return seeded::fill(files, &self.data());
        }
        // The new cluster's files need no sync: a crash of the machine takes the whole run with it.
        let mut arguments: Vec<String> = [
            "--no-sync",
            "--no-instructions",
            "--encoding=UTF8",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.extend([format!("--username={USER}"), format!("--locale={}", self.locale)]);
        let Some(password) = &self.password else {
            let (plan, user) = (&self.plan, self.owner.name());
            let template = Template::of(&plan.base, &plan.programs, &arguments, user);
            if !template.fill(&self.data()) {
                self.initdb(&arguments, give_up)?;
                // Without it the next start takes longer, and that is all.
                let _ = template.keep(&self.data());
            }
            return Ok(());
        };
        let file = self.directory.join("password");
        new_file::write(&file, password, 0o600)?;
        self.owner.give(&file)?;
        arguments.push(format!("--pwfile={}", file.display()));
        let outcome = self.initdb(&arguments, give_up);
        let _ = fs::remove_file(file);
        outcome
    }

    /// Makes ready what was ordered: a new server, or one of the files that were put into the data directory.
    pub(super) fn obey(&mut self, order: &Order, give_up: &dyn Fn() -> bool) -> Result<(), String> {
        self.plan.settings.clone_from(&order.settings);
        let Some(restored) = &order.restored else { return self.initialize(give_up) };
        self.role.clone_from(&restored.role);
        self.database.clone_from(&restored.database);
        self.is_restored = true;
        restored::settle(&self.data(), restored.replays)?;
        self.owner.give_all(&self.data())
    }

    fn initdb(&self, arguments: &[String], give_up: &dyn Fn() -> bool) -> Result<(), String> {
        self.owner.give(&self.data())?;
        let mut command = self.program("initdb");
        command.arg("--pgdata").arg(self.data()).args(arguments);
        let mut child = self.spawn(command, &self.directory.join("initdb.log"))?;
        let status = wait(&mut child, give_up)?;
        if status.is_some_and(|status| status.success()) {
            return Ok(());
        }
        Err(format!("initdb failed: {}", last_lines(&self.directory.join("initdb.log"))))
    }

    /// Writes the settings and starts the server; returns when it takes connections.
    pub(super) fn start(&mut self, give_up: &dyn Fn() -> bool) -> Result<(), String> {
        const TRIES: usize = 5;
        for attempt in 1..=TRIES {
            if self.plan.transport != Transport::Unix {
                self.port = free_port()?;
            }
            self.configure()?;
            let mut command = self.program("postgres");
            command.arg("-D").arg(self.data());
            self.server = Some(self.cage.around(|| self.spawn(command, &self.log()))?);
            match self.wait_until_ready(give_up) {
                // Another program may take the port between the look and the start.
                Err(reason) if reason.contains("Address already in use") && attempt < TRIES => {}
                outcome => return outcome,
            }
        }
        Err("no free port was found".to_owned())
    }

    /// Settings stand in an included file, so that ALTER SYSTEM wins over them; the user's come last.
    fn configure(&self) -> Result<(), String> {
        let mut text = String::new();
        let host = if self.plan.transport == Transport::Unix { "" } else { "127.0.0.1" };
        let tls = match self.plan.transport {
            Transport::Tls => authority::settings(&self.directory, &self.owner)?,
            Transport::Unix | Transport::Tcp => Vec::new(),
        };
        let socket_directory = self.socket_directory.display().to_string();
        let port = self.port.to_string();
        let own = [
            ("listen_addresses", host),
            ("unix_socket_directories", &socket_directory),
            ("port", &port),
            ("max_connections", "300"),
            ("shared_preload_libraries", "pg_stat_statements,auto_explain"),
            ("pg_stat_statements.max", "10000"),
            ("compute_query_id", "on"),
        ];
        let given = tls.iter().chain(&self.plan.settings);
        let given = given.map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.into_iter().chain(given) {
            text.push_str(&format!("{name} = {}\n", conf::literal(value)));
        }
        let file = self.conf();
        new_file::write(&file, &text, 0o600)?;
        // It may hold what nobody else is to read.
        self.owner.show(&file)?;
        // This one lies in the directory of the server's user: no link of theirs is followed.
        let main = self.data().join("postgresql.conf");
        let include = format!("include {}\n", conf::literal(&file.display().to_string()));
        let mut main_file = fs::OpenOptions::new()
            .read(true)
            .append(true)
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(&main)
            .map_err(|error| told(&main, &error))?;
        let mut present = String::new();
        main_file.read_to_string(&mut present).map_err(|error| told(&main, &error))?;
        if !present.ends_with(&include) {
            main_file.write_all(include.as_bytes()).map_err(|error| told(&main, &error))?;
        }
        Ok(())
    }

    /// The server says in the eighth line of its pid file when it takes connections (as `pg_ctl` reads it).
    fn wait_until_ready(&mut self, give_up: &dyn Fn() -> bool) -> Result<(), String> {
        let began = Instant::now();
        let pid_file = self.data().join("postmaster.pid");
        loop {
            if let Some(status) = self.has_ended() {
                let refused = refused_setting(&self.log()).filter(|_| !self.plan.settings.is_empty());
                return Err(refused.unwrap_or_else(|| match self.is_restored {
                    true => why_it_gave_up(&self.log()),
                    false => format!("it ended with {status}: {}", last_lines(&self.log())),
                }));
            }
            let text = fs::read_to_string(&pid_file).unwrap_or_default();
            if text.lines().nth(7).is_some_and(|status| status.trim() == "ready") {
                return Ok(());
            }
            if give_up() {
                return Err("given up".to_owned());
            }
            if began.elapsed() > PATIENCE && !self.is_restored {
                return Err(format!(
                    "it was not ready within {} s: {}",
                    PATIENCE.as_secs(),
                    last_lines(&self.log())
                ));
            }
            std::thread::sleep(POLL);
        }
    }

    /// The exit status, once the server has ended by itself.
    pub(super) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.server.as_mut().and_then(|server| server.try_wait().ok().flatten())
    }

    /// Leaves the server running on its own.
    pub(super) fn release(mut self) {
        self.server.take();
    }

    /// Ends the server at once (its data is thrown away, so nothing is worth a checkpoint) and removes
    /// the directories.
    pub(super) fn destroy(mut self) -> Result<(), String> {
        if let Some(mut server) = self.server.take() {
            end(Pid::from_raw(server.id() as i32), &mut || !matches!(server.try_wait(), Ok(None)));
            let _ = server.wait();
        }
        self.cage.remove().and(remove(&self.directory, &self.socket_directory))
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.plan.programs.directory.join(name));
        // A locale or PG* variable of the caller's must not change what is measured.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("PG") || text.starts_with("LC_") || text == "LANG" || text == "LANGUAGE" {
                command.env_remove(&name);
            }
        }
        command.current_dir("/");
        self.owner.apply(&mut command);
        command
    }

    fn spawn(&self, mut command: Command, log: &Path) -> Result<Child, String> {
        // Rows stand in it where the server complains of them.
        let opened = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(log);
        let file = opened.map_err(|error| told(log, &error))?;
        self.owner.give(log)?;
        let errors = file.try_clone().map_err(|error| told(log, &error))?;
        command.stdin(Stdio::null()).stdout(file).stderr(errors).process_group(0);
        let program = command.get_program().to_string_lossy().into_owned();
        command.spawn().map_err(|error| {
            let hint = if error.kind() == std::io::ErrorKind::PermissionDenied && self.owner.is_other() {
                format!(
                    " (it runs as the user {}, who must be able to enter that directory)",
                    self.owner.name()
                )
            } else {
                String::new()
            };
            format!("{program}: {error}{hint}")
        })
    }
}

/// Asks a server to end, then insists. `gone` tells when it has.
pub(super) fn end(pid: Pid, gone: &mut dyn FnMut() -> bool) {
    for (signal, patience) in [(Signal::SIGQUIT, Duration::from_secs(5)), (Signal::SIGKILL, PATIENCE)] {
        let _ = kill(pid, signal);
        let began = Instant::now();
        while began.elapsed() < patience {
            if gone() {
                return;
            }
            std::thread::sleep(POLL);
        }
    }
}

/// Removes a cluster's two directories. Backends may still be closing files: a second try helps.
pub(super) fn remove(directory: &Path, socket_directory: &Path) -> Result<(), String> {
    for path in [socket_directory, directory] {
        let mut tries = 0;
        while let Err(error) = fs::remove_dir_all(path) {
            tries += 1;
            // Somebody who still writes there may have taken away a part of it.
            if path.symlink_metadata().is_err_and(|found| found.kind() == std::io::ErrorKind::NotFound) {
                break;
            }
            if tries > 100 {
                return Err(told(path, &error));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

fn wait(child: &mut Child, give_up: &dyn Fn() -> bool) -> Result<Option<ExitStatus>, String> {
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(Some(status));
        }
        if give_up() {
            // initdb has children of its own, all in its process group.
            let _ = nix::sys::signal::killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}

/// PostgreSQL cannot choose a free port itself.
fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}
