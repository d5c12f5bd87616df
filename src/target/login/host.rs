//! The hosts of a connection string, each with its port.

use super::parameters::Parameters;
use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// PostgreSQL's own port.
const PORT: u16 = 5432;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A name or an address, which certificates are held against; with the address where it was given beside it.
    Tcp { name: String, address: Option<IpAddr> },
    /// The directory of a socket.
    Unix(PathBuf),
}

/// One host.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) place: Place,
    pub(super) port: u16,
    /// The password there.
    pub(super) password: Option<String>,
}

/// Without the password.
impl fmt::Debug for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Tcp { name, .. } => write!(formatter, "{name}:{}", self.port),
            Place::Unix(path) => write!(formatter, "{}:{}", path.display(), self.port),
        }
    }
}

impl Host {
    /// Whether it is a socket in the file system.
    pub(super) fn is_socket(&self) -> bool {
        matches!(self.place, Place::Unix(_))
    }

    /// Whether it is this machine, as far as the name tells: a socket, or the loopback interface.
    pub(super) fn is_here(&self) -> bool {
        match &self.place {
            Place::Unix(_) => true,
            Place::Tcp { address: Some(address), .. } => address.is_loopback(),
            Place::Tcp { name, address: None } => {
                name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

/// The hosts that are named, in order.
///
/// # Errors
/// When none is named, or numbers of hosts, addresses and ports do not fit.
pub(super) fn hosts(parameters: &Parameters) -> Result<Vec<Host>, String> {
    let list = |name: &str| parameters.get(name).map_or_else(Vec::new, |text| text.split(',').collect());
    let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    if !names.is_empty() && !addresses.is_empty() && names.len() != addresses.len() {
        return Err(format!("it has {} hosts and {} addresses (hostaddr)", names.len(), addresses.len()));
    }
    let number = names.len().max(addresses.len());
    if number == 0 {
        return Err("it names no host: write postgres://USER@HOST/NAME".to_owned());
    }
    if ports.len() > 1 && ports.len() != number {
        return Err(format!("it has {} ports for {number} hosts", ports.len()));
    }
    let host = |index: usize| {
        let (name, address) = (names.get(index), addresses.get(index));
        let port = ports.get(index).or(ports.first().filter(|_| ports.len() == 1));
        Ok(Host {
            place: place(name.copied().unwrap_or_default(), address.copied().unwrap_or_default())?,
            port: port.map_or(Ok(PORT), |text| self::port(text))?,
            password: None,
        })
    };
    (0..number).map(host).collect()
}

fn place(name: &str, address: &str) -> Result<Place, String> {
    if name.contains('@') {
        return Err("its host holds an @: write an @ of the password as %40".to_owned());
    }
    let parsed = |text: &str| text.parse::<IpAddr>().map_err(|_| "`hostaddr` is no IP address".to_owned());
    match (name, address) {
        ("", "") => Err("one of its hosts has no name: write postgres://USER@HOST/NAME".to_owned()),
        ("", address) => {
            let address = parsed(address)?;
            Ok(Place::Tcp { name: address.to_string(), address: Some(address) })
        }
        (name, "") if name.starts_with('/') => Ok(Place::Unix(Path::new(name).to_owned())),
        (name, "") => Ok(Place::Tcp { name: name.to_owned(), address: None }),
        (name, address) => Ok(Place::Tcp { name: name.to_owned(), address: Some(parsed(address)?) }),
    }
}

fn port(text: &str) -> Result<u16, String> {
    match text.trim() {
        "" => Ok(PORT),
        text => {
            let port = text.parse().ok().filter(|port| *port > 0);
            port.ok_or_else(|| "its port is no number from 1 to 65535".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let hosts = hosts(&Parameters::parse(text).unwrap())?;
        Ok(hosts.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_host_has_its_port() {
        for (text, expected) in [
            ("host=h", &["h:5432"][..]),
            ("host=a,b port=7", &["a:7", "b:7"]),
            ("host=a,b port=7,8", &["a:7", "b:8"]),
            ("postgres://a:7,b/d", &["a:7", "b:5432"]),
            ("host=/run,b port=,8", &["/run:5432", "b:8"]),
            ("hostaddr=10.0.0.1,::1", &["10.0.0.1:5432", "::1:5432"]),
            ("host=a,b hostaddr=10.0.0.1,10.0.0.2", &["a:5432", "b:5432"]),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (text, told) in [
            ("user=u", "names no host"),
            ("host=a,", "has no name"),
            ("host=a,b port=1,2,3", "3 ports for 2 hosts"),
            ("host=a,b hostaddr=10.0.0.1", "2 hosts and 1 addresses"),
            ("hostaddr=example", "no IP address"),
            ("host=a port=0", "1 to 65535"),
            ("host=a port=secret", "1 to 65535"),
            ("host=a@b", "%40"),
        ] {
            let reason = read(text).unwrap_err();
            assert!(reason.contains(told) && !reason.contains("secret"), "{text}: {reason}");
        }
    }

    #[test]
    fn loopback_is_here() {
        let here = |text: &str| hosts(&Parameters::parse(text).unwrap()).unwrap().iter().all(Host::is_here);
        assert!(here("host=/run,localhost,127.0.0.2,::1") && here("host=db hostaddr=127.0.0.1"));
        assert!(!here("host=localhost,db") && !here("host=localhost hostaddr=10.0.0.1"));
    }
}
