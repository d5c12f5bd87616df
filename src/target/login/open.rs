//! Opens a session: host by host, address by address, with and without encryption, in the order that libpq has.

use super::{
    attributes::{Attributes, Said},
    error::{OpenError, Refusal, Refusals},
    host::{Host, Place},
    route::Route,
    ssl_mode::SslMode,
    stream::{Agreed, Connector, Progress},
    tls::Tls,
};
use crate::record::{self, Encryption, Transport};
use rand::seq::SliceRandom;
use std::{net::IpAddr, sync::Arc};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{
    Client, Config, Connection, NoTls, Socket,
    config::{ChannelBinding, SslMode as Wanted, SslNegotiation},
};

/// A session, and how it came about.
#[derive(Debug)]
pub struct Opened {
    /// The session; its traffic is carried on the runtime that opened it.
    pub client: Client,
    /// How it reached the server.
    pub session: record::Session,
    /// Round trips that TLS took, on top of TCP's and the login's.
    pub tls_round_trips: u32,
}

/// How a connection is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Without TLS.
    Plain,
    /// With TLS if the server has it.
    Either,
    /// With TLS alone.
    Encrypted,
}

impl Way {
    /// The way that a mode takes, and the one that it takes when that fails; a socket is never encrypted.
    fn of(mode: SslMode, host: &Host) -> (Self, Option<Self>) {
        match mode {
            _ if host.is_socket() => (Self::Plain, None),
            SslMode::Disable => (Self::Plain, None),
            SslMode::Allow => (Self::Plain, Some(Self::Encrypted)),
            SslMode::Prefer => (Self::Either, Some(Self::Plain)),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (Self::Encrypted, None),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "without TLS",
            Self::Either | Self::Encrypted => "with TLS",
        }
    }
}

impl Route {
    /// Opens a session.
    ///
    /// # Errors
    /// When no host gives one; the message never holds the password.
    pub async fn open(&self) -> Result<Opened, OpenError> {
        let mut refusals = Refusals::default();
        for attributes in self.attributes.rounds() {
            for host in shuffled(self.hosts.iter().collect(), self.shuffles) {
                match on_host(self, host, *attributes).await {
                    Ok(opened) => return Ok(opened),
                    Err(refusal) => {
                        let elsewhere = refusal.elsewhere;
                        refusals.push(host, refusal);
                        if !elsewhere {
                            return Err(refusals.into_error());
                        }
                    }
                }
            }
        }
        Err(refusals.into_error())
    }
}

fn shuffled<T>(mut list: Vec<T>, shuffles: bool) -> Vec<T> {
    if shuffles {
        list.shuffle(&mut rand::rng());
    }
    list
}

/// Each address of a host has the time that `connect_timeout` gives.
async fn on_host(route: &Route, host: &Host, attributes: Attributes) -> Result<Opened, Refusal> {
    let mut last = None;
    for address in shuffled(addresses(host).await?, route.shuffles) {
        let opening = on_address(route, host, address, attributes);
        let outcome = match route.timeout {
            None => opening.await,
            Some(timeout) => tokio::time::timeout(timeout, opening).await.unwrap_or_else(|_| {
                let seconds = timeout.as_secs();
                Err(Refusal::because(format!("no session within {seconds} s (connect_timeout)")))
            }),
        };
        match outcome {
            Err(refusal) if refusal.elsewhere => last = Some(refusal),
            outcome => return outcome,
        }
    }
    Err(last.unwrap_or_else(|| Refusal::because("its name has no address".to_owned())))
}

/// The addresses of a host; a socket has none.
async fn addresses(host: &Host) -> Result<Vec<Option<IpAddr>>, Refusal> {
    match &host.place {
        Place::Unix(_) => Ok(vec![None]),
        Place::Tcp { address: Some(address), .. } => Ok(vec![Some(*address)]),
        Place::Tcp { name, address: None } => {
            let found = tokio::net::lookup_host((name.as_str(), host.port)).await;
            let found = found.map_err(|error| Refusal::because(format!("its name is not found: {error}")))?;
            Ok(found.map(|found| Some(found.ip())).collect())
        }
    }
}

async fn on_address(
    route: &Route,
    host: &Host,
    address: Option<IpAddr>,
    attributes: Attributes,
) -> Result<Opened, Refusal> {
    let (first, second) = Way::of(route.mode, host);
    let refusal = match one_way(route, host, address, first, attributes).await {
        Err(refusal) if refusal.by_encryption => refusal,
        outcome => return outcome,
    };
    let Some(second) = second else { return Err(refusal) };
    let outcome = one_way(route, host, address, second, attributes).await;
    outcome.map_err(|last| last.after(&refusal, [first.name(), second.name()]))
}

async fn one_way(
    route: &Route,
    host: &Host,
    address: Option<IpAddr>,
    way: Way,
    attributes: Attributes,
) -> Result<Opened, Refusal> {
    let mut config = route.config.clone();
    match (&host.place, address) {
        (Place::Unix(path), _) => config.host_path(path),
        (Place::Tcp { name, .. }, None) => config.host(name),
        (Place::Tcp { name, .. }, Some(address)) => config.host(name).hostaddr(address),
    };
    config.port(host.port);
    if let Some(password) = &host.password {
        config.password(password);
    }
    let (client, said, agreed) = match (&route.tls, way) {
        (Some(tls), Way::Either | Way::Encrypted) => encrypted(&mut config, tls, way).await?,
        _ => plain(&mut config).await?,
    };
    attributes.check(&client, said).await.map_err(Refusal::because)?;
    Ok(Opened {
        tls_round_trips: round_trips(way, &config, agreed.as_ref()),
        session: record::Session {
            transport: if host.is_socket() { Transport::Unix } else { Transport::Tcp },
            host: host.to_string(),
            encryption: agreed.zip(route.tls.as_ref()).map(|(agreed, tls)| encryption(agreed, tls, &config)),
            server_view: None,
        },
        client,
    })
}

type Carried = (Client, Said, Option<Agreed>);

async fn plain(config: &mut Config) -> Result<Carried, Refusal> {
    // Nothing to bind a login to, and nothing that may be begun by TLS.
    config.ssl_mode(Wanted::Disable).ssl_negotiation(SslNegotiation::Postgres);
    let (client, connection) = config.connect(NoTls).await.map_err(|error| Refusal::of(error, false))?;
    Ok((client, carried(connection), None))
}

async fn encrypted(config: &mut Config, tls: &Tls, way: Way) -> Result<Carried, Refusal> {
    config.ssl_mode(if way == Way::Either { Wanted::Prefer } else { Wanted::Require });
    let progress = Arc::new(Progress::default());
    let connected = config.connect(Connector::new(&tls.config, &progress)).await;
    let (client, connection) = connected.map_err(|error| {
        let refusal = Refusal::of(error, progress.failed());
        // Where the server does not have it, it was tried without TLS already.
        Refusal { by_encryption: refusal.by_encryption && progress.has_begun(), ..refusal }
    })?;
    Ok((client, carried(connection), progress.agreed().cloned()))
}

/// Carries the traffic of a connection on the current runtime.
fn carried<T>(connection: Connection<Socket, T>) -> Said
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let said = Said::on(&connection);
    tokio::spawn(async move {
        // Its error reaches whoever waits for an answer.
        let _ = connection.await;
    });
    said
}

fn encryption(agreed: Agreed, tls: &Tls, config: &Config) -> Encryption {
    Encryption {
        protocol: agreed.protocol,
        cipher: agreed.cipher,
        verification: tls.verification,
        client_certificate: tls.shows_certificate,
        channel_binding: match config.get_channel_binding() {
            ChannelBinding::Require => record::ChannelBinding::Required,
            ChannelBinding::Prefer if agreed.can_bind => record::ChannelBinding::Offered,
            _ => record::ChannelBinding::None,
        },
    }
}

/// The question whether TLS is spoken is one, a handshake one with version 1.3, and two before.
fn round_trips(way: Way, config: &Config, agreed: Option<&Agreed>) -> u32 {
    let question = way != Way::Plain && config.get_ssl_negotiation() == SslNegotiation::Postgres;
    let handshake = agreed.map_or(0, |agreed| if agreed.protocol == "TLSv1.3" { 1 } else { 2 });
    u32::from(question) + handshake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_the_modes() {
        let host = |place| Host { place, port: 1, password: None };
        let far = host(Place::Tcp { name: "h".to_owned(), address: None });
        let socket = host(Place::Unix("/run".into()));
        assert_eq!(Way::of(SslMode::Allow, &far), (Way::Plain, Some(Way::Encrypted)));
        assert_eq!(Way::of(SslMode::Prefer, &far), (Way::Either, Some(Way::Plain)));
        assert_eq!(Way::of(SslMode::VerifyFull, &far), (Way::Encrypted, None));
        assert_eq!(Way::of(SslMode::VerifyFull, &socket), (Way::Plain, None));
    }

    #[test]
    fn tls_costs_round_trips() {
        let agreed =
            |protocol: &str| Agreed { protocol: protocol.to_owned(), cipher: String::new(), can_bind: true };
        let mut config = Config::new();
        assert_eq!(round_trips(Way::Plain, &config, None), 0);
        assert_eq!(round_trips(Way::Either, &config, None), 1);
        assert_eq!(round_trips(Way::Encrypted, &config, Some(&agreed("TLSv1.3"))), 2);
        assert_eq!(round_trips(Way::Encrypted, &config, Some(&agreed("TLSv1.2"))), 3);
        config.ssl_negotiation(SslNegotiation::Direct);
        assert_eq!(round_trips(Way::Encrypted, &config, Some(&agreed("TLSv1.3"))), 1);
    }
}
