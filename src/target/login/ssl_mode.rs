//! How much encryption a connection string asks for.

use super::parameters::Parameters;

/// libpq's modes, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SslMode {
    /// None.
    Disable,
    /// Only if the server refuses plain text.
    Allow,
    /// Unless the server does not do it.
    Prefer,
    /// Whoever the server is.
    Require,
    /// With a server whose certificate a known authority signed.
    VerifyCa,
    /// With the very host that was named.
    VerifyFull,
}

const NAMES: [(&str, SslMode); 6] = [
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

impl SslMode {
    /// As connection strings write it.
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }

    /// What is asked for; `require_tls` makes what would do without encryption ask for it.
    ///
    /// # Errors
    /// When parameters contradict each other.
    pub(super) fn of(parameters: &Parameters, require_tls: bool) -> Result<Self, String> {
        let system = parameters.get("sslrootcert") == Some("system");
        let said = parameters.choice("sslmode", &NAMES)?;
        let usual = if system { Self::VerifyFull } else { Self::Prefer };
        let mode = said.unwrap_or(usual);
        if require_tls && mode == Self::Disable {
            return Err("its sslmode=disable is what --require-tls refuses: leave one of them out".to_owned());
        }
        let mode = if require_tls { mode.max(Self::Require) } else { mode };
        let direct = parameters.choice("sslnegotiation", &[("postgres", false), ("direct", true)])?;
        if direct == Some(true) && mode < Self::Require {
            return Err(format!(
                "sslnegotiation=direct does not go with sslmode={}: use require, verify-ca or verify-full",
                mode.name()
            ));
        }
        if system && mode < Self::VerifyFull {
            return Err(format!(
                "sslrootcert=system does not go with sslmode={}: anybody can get a certificate from one of those authorities, so use verify-full",
                mode.name()
            ));
        }
        Ok(mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, require_tls: bool) -> Result<&'static str, String> {
        SslMode::of(&Parameters::parse(text).unwrap(), require_tls).map(SslMode::name)
    }

    #[test]
    fn what_is_asked_for() {
        for (text, require_tls, expected) in [
            ("host=h", false, "prefer"),
            ("host=h", true, "require"),
            ("sslmode=allow", true, "require"),
            ("sslmode=verify-ca", true, "verify-ca"),
            ("sslmode=disable", false, "disable"),
            ("sslrootcert=system", false, "verify-full"),
            ("sslmode=require sslnegotiation=direct", false, "require"),
        ] {
            assert_eq!(of(text, require_tls), Ok(expected), "{text}");
        }
    }

    #[test]
    fn contradictions_are_refused() {
        for (text, require_tls, told) in [
            ("sslmode=disable", true, "--require-tls"),
            ("sslmode=full", false, "none of disable, allow"),
            ("sslnegotiation=direct", false, "sslmode=prefer"),
            ("sslmode=verify-ca sslrootcert=system", false, "use verify-full"),
        ] {
            let reason = of(text, require_tls).unwrap_err();
            assert!(reason.contains(told), "{text}: {reason}");
        }
    }
}
