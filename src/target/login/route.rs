//! The way to a database: everything that is needed to open a session.

use super::{
    attributes::Attributes,
    host::{Host, Place, hosts},
    libpq::handed_on,
    parameters::Parameters,
    passfile::PasswordFile,
    service,
    ssl_mode::SslMode,
    surroundings::{Surroundings, user},
    tls::Tls,
};
use crate::target::TargetError;
use std::{fmt, time::Duration};
use tokio_postgres::{
    Config,
    config::{ChannelBinding, SslNegotiation},
};

/// A try gives up after this, unless the settings say otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What the server's views call the sessions of this program.
const APPLICATION: &str = "loist-bench";

/// Everything that is needed to open a session.
#[derive(Clone)]
pub struct Route {
    /// In the order in which they are tried.
    pub(super) hosts: Vec<Host>,
    /// All but hosts, passwords and encryption.
    pub(super) config: Config,
    pub(super) mode: SslMode,
    /// Absent where no TLS is spoken.
    pub(super) tls: Option<Tls>,
    pub(super) attributes: Attributes,
    /// Whether hosts and addresses are tried in random order.
    pub(super) shuffles: bool,
    /// How long one address may take.
    pub(super) timeout: Option<Duration>,
    /// What PostgreSQL's own programs are told of TLS, by the variables of their environment.
    pub(super) handed_on: Vec<(&'static str, String)>,
    notes: Vec<String>,
}

/// Without secrets.
impl fmt::Debug for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Route");
        shown.field("address", &self.address()).field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// What is asked beside a connection string.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::target) struct Wishes<'a> {
    /// A password that wins over every other.
    pub(in crate::target) password: Option<&'a str>,
    /// A password for when nothing else has one but a password file.
    pub(in crate::target) spare_password: Option<&'a str>,
    /// Nothing less than an encrypted session, or a socket.
    pub(in crate::target) require_tls: bool,
}

impl Route {
    /// The way that a URL or key=value pairs say; what they leave out comes from where libpq takes it.
    ///
    /// # Errors
    /// When the text, or a file that it names, cannot be read. No error holds a secret.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let parameters = Parameters::parse(text);
        let route =
            parameters.and_then(|given| Self::resolve(given, Wishes::default(), &Surroundings::own()));
        route.map_err(|reason| TargetError::Settings { origin: "the database's address".to_owned(), reason })
    }

    /// The way to a server that this program started, which nothing of the environment is for.
    ///
    /// # Errors
    /// When the URL, or a file that it names, cannot be read.
    pub(in crate::target) fn own(url: &str) -> Result<Self, String> {
        let mut parameters = Parameters::parse(url)?;
        // It speaks TLS where its URL says so.
        parameters.fill("sslmode", "disable")?;
        Self::resolve(parameters, Wishes::default(), &Surroundings::none())
    }

    /// Fills in what `parameters` leave out: from the service file, the environment, the password file.
    ///
    /// # Errors
    /// When a value is none, or a file cannot be used.
    pub(in crate::target) fn resolve(
        mut parameters: Parameters,
        wishes: Wishes<'_>,
        around: &Surroundings<'_>,
    ) -> Result<Self, String> {
        service::fill(&mut parameters, around)?;
        around.fill(&mut parameters)?;
        let mode = SslMode::of(&parameters, wishes.require_tls)?;
        let mut notes = Vec::new();
        let mut hosts = hosts(&parameters)?;
        let config = config(&parameters)?;
        passwords(&mut hosts, &config, &parameters, wishes, around, &mut notes);
        let encrypts = mode > SslMode::Disable && hosts.iter().any(|host| !host.is_socket());
        let tls = encrypts.then(|| Tls::new(mode, &parameters, around)).transpose()?;
        if mode == SslMode::VerifyFull && hosts.iter().any(is_nameless) && parameters.get("host").is_none() {
            return Err("sslmode=verify-full needs the host's name beside its hostaddr".to_owned());
        }
        Ok(Self {
            hosts,
            config,
            mode,
            tls,
            attributes: Attributes::of(&parameters)?,
            shuffles: parameters.choice("load_balance_hosts", &[("disable", false), ("random", true)])?
                == Some(true),
            timeout: timeout(&parameters)?,
            handed_on: handed_on(&parameters),
            notes,
        })
    }

    /// The same way, for sessions that the server's views call `application`.
    #[must_use]
    pub fn with_application_name(&self, application: &str) -> Self {
        let mut route = self.clone();
        route.config.application_name(application);
        route
    }

    /// What the server's views call the sessions.
    #[must_use]
    pub fn application_name(&self) -> &str {
        self.config.get_application_name().unwrap_or_default()
    }

    /// The same way, for sessions that are begun with further options, as in `-c jit=off`.
    #[must_use]
    pub fn with_options(&self, more: &str) -> Self {
        let mut route = self.clone();
        let options = match route.config.get_options() {
            Some(own) if !own.is_empty() => format!("{own} {more}"),
            _ => more.to_owned(),
        };
        route.config.options(options);
        route
    }

    /// The same way, for sessions that the server itself keeps from writing.
    pub(in crate::target) fn for_reading(&self) -> Self {
        let mut route = self.with_options("-c default_transaction_read_only=on");
        route.attributes = route.attributes.of_readers();
        route
    }

    /// Hosts with ports, database and user; never the password.
    #[must_use]
    pub fn address(&self) -> String {
        let hosts: Vec<String> = self.hosts.iter().map(ToString::to_string).collect();
        let user = self.config.get_user().unwrap_or("(no user)");
        let database = self.config.get_dbname().unwrap_or(user);
        format!("{}, database {database}, user {user}", hosts.join(","))
    }

    /// Whether every host is this machine, as far as its name tells. A proxy's may be, too.
    pub(in crate::target) fn is_on_this_machine(&self) -> bool {
        self.hosts.iter().all(Host::is_here)
    }

    /// Whether a password is known.
    pub(in crate::target) fn has_password(&self) -> bool {
        self.hosts.iter().any(|host| host.password.is_some())
    }

    /// What was left out on the way.
    pub(in crate::target) fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Whether a host has no name but its address.
fn is_nameless(host: &Host) -> bool {
    matches!(&host.place, Place::Tcp { name, address: Some(address) } if *name == address.to_string())
}

/// What the sessions of every host have in common.
fn config(parameters: &Parameters) -> Result<Config, String> {
    let mut config = Config::new();
    let user = parameters.get("user").map(str::to_owned).or_else(user);
    let user = user.ok_or("it names no user: write postgres://USER@HOST/NAME")?;
    config.dbname(parameters.get("dbname").unwrap_or(&user)).user(&user);
    let name = parameters.get("application_name").or(parameters.get("fallback_application_name"));
    config.application_name(name.unwrap_or(APPLICATION));
    if let Some(options) = parameters.get("options") {
        config.options(options);
    }
    let bindings = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    config
        .channel_binding(parameters.choice("channel_binding", &bindings)?.unwrap_or(ChannelBinding::Prefer));
    let negotiations = [("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)];
    let negotiation = parameters.choice("sslnegotiation", &negotiations)?;
    config.ssl_negotiation(negotiation.unwrap_or(SslNegotiation::Postgres));
    keepalives(parameters, &mut config)?;
    Ok(config)
}

/// What keeps a silent connection alive, or ends it.
fn keepalives(parameters: &Parameters, config: &mut Config) -> Result<(), String> {
    let above_zero = |name: &str| {
        Ok::<_, String>(parameters.number(name)?.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0))
    };
    let seconds = |name: &str| Ok::<_, String>(above_zero(name)?.map(|n| Duration::from_secs(n.into())));
    config.keepalives(parameters.number("keepalives")?.unwrap_or(1) != 0);
    if let Some(idle) = seconds("keepalives_idle")? {
        config.keepalives_idle(idle);
    }
    if let Some(interval) = seconds("keepalives_interval")? {
        config.keepalives_interval(interval);
    }
    if let Some(count) = above_zero("keepalives_count")? {
        config.keepalives_retries(count);
    }
    if let Some(milliseconds) = above_zero("tcp_user_timeout")? {
        config.tcp_user_timeout(Duration::from_millis(milliseconds.into()));
    }
    Ok(())
}

/// Zero and less wait for ever, as with libpq.
fn timeout(parameters: &Parameters) -> Result<Option<Duration>, String> {
    Ok(match parameters.number("connect_timeout")? {
        None => Some(CONNECT_TIMEOUT),
        Some(seconds) => u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs),
    })
}

/// Gives each host its password.
fn passwords(
    hosts: &mut [Host],
    config: &Config,
    parameters: &Parameters,
    wishes: Wishes<'_>,
    around: &Surroundings<'_>,
    notes: &mut Vec<String>,
) {
    let said = wishes.password.or(parameters.get("password")).or(wishes.spare_password);
    if let Some(password) = said {
        hosts.iter_mut().for_each(|host| host.password = Some(password.to_owned()));
        return;
    }
    let file = PasswordFile::read(parameters.get("passfile"), around, notes);
    let (database, user) = (config.get_dbname().unwrap_or_default(), config.get_user().unwrap_or_default());
    for host in hosts {
        host.password = file.find(&host.place, host.port, database, user);
    }
}
