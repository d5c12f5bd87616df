//! What sessions are wanted for: `target_session_attrs`.

use super::parameters::Parameters;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{Client, Connection, SimpleQueryMessage, Socket};

/// Which sessions will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attributes {
    /// Any.
    Any,
    /// Those that may write.
    ReadWrite,
    /// Those that may not.
    ReadOnly,
    /// Those of a server that is no standby.
    Primary,
    /// Those of a standby.
    Standby,
    /// Those of a standby if there is one.
    PreferStandby,
}

const NAMES: [(&str, Attributes); 6] = [
    ("any", Attributes::Any),
    ("read-write", Attributes::ReadWrite),
    ("read-only", Attributes::ReadOnly),
    ("primary", Attributes::Primary),
    ("standby", Attributes::Standby),
    ("prefer-standby", Attributes::PreferStandby),
];

/// What a server says of itself when a session begins: nothing before version 14.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Said {
    read_only: Option<bool>,
    standby: Option<bool>,
}

impl Said {
    /// What the server said on a connection that has just been opened.
    pub(super) fn on<T: AsyncRead + AsyncWrite + Unpin>(connection: &Connection<Socket, T>) -> Self {
        let said = |name: &str| connection.parameter(name).map(|value| value == "on");
        Self { read_only: said("default_transaction_read_only"), standby: said("in_hot_standby") }
    }
}

impl Attributes {
    /// What is asked for.
    ///
    /// # Errors
    /// When it is nothing that libpq knows.
    pub(super) fn of(parameters: &Parameters) -> Result<Self, String> {
        Ok(parameters.choice("target_session_attrs", &NAMES)?.unwrap_or(Self::Any))
    }

    /// The same where this program itself forbids its sessions to write: then only the server tells them apart.
    pub(super) fn of_readers(self) -> Self {
        match self {
            Self::ReadWrite => Self::Primary,
            Self::ReadOnly => Self::Standby,
            other => other,
        }
    }

    /// What all hosts are asked for, one time after the other.
    pub(super) fn rounds(self) -> &'static [Self] {
        match self {
            Self::Any => &[Self::Any],
            Self::ReadWrite => &[Self::ReadWrite],
            Self::ReadOnly => &[Self::ReadOnly],
            Self::Primary => &[Self::Primary],
            Self::Standby => &[Self::Standby],
            Self::PreferStandby => &[Self::Standby, Self::Any],
        }
    }

    /// Whether a session will do; the server is asked for what it did not say by itself.
    ///
    /// # Errors
    /// Why it will not, or that the server does not answer.
    pub(super) async fn check(self, client: &Client, said: Said) -> Result<(), String> {
        let (is, wanted, why) = match self {
            Self::Any | Self::PreferStandby => return Ok(()),
            Self::ReadWrite | Self::ReadOnly => {
                let is = match (said.read_only, said.standby) {
                    (Some(read_only), Some(standby)) => read_only || standby,
                    _ => answer(client, "SHOW transaction_read_only").await? == "on",
                };
                (is, self == Self::ReadOnly, ["it may write", "it may only read"])
            }
            Self::Primary | Self::Standby => {
                let is = match said.standby {
                    Some(standby) => standby,
                    None => answer(client, "SELECT pg_is_in_recovery()").await? == "t",
                };
                (is, self == Self::Standby, ["the server is the primary", "the server is a standby"])
            }
        };
        if is == wanted {
            Ok(())
        } else {
            Err(format!("{}, which target_session_attrs rules out", why[usize::from(is)]))
        }
    }
}

async fn answer(client: &Client, sql: &str) -> Result<String, String> {
    let rows = client.simple_query(sql).await.map_err(|error| crate::target::describe(&error))?;
    let value = rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(value.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for() {
        let of = |text: &str| Attributes::of(&Parameters::parse(text).unwrap());
        assert_eq!(of("host=h"), Ok(Attributes::Any));
        for (name, attributes) in NAMES {
            assert_eq!(of(&format!("target_session_attrs={name}")), Ok(attributes));
        }
        assert!(of("target_session_attrs=both").unwrap_err().contains("prefer-standby"));
    }

    #[test]
    fn whoever_may_only_read_anyway_goes_by_the_server() {
        assert_eq!(Attributes::ReadWrite.of_readers(), Attributes::Primary);
        assert_eq!(Attributes::PreferStandby.of_readers().rounds(), [Attributes::Standby, Attributes::Any]);
    }
}
