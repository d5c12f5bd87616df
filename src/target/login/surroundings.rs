//! What surrounds the program: the environment, the user, and the user's files.

use super::{keywords, parameters::Parameters};
use nix::unistd::{User, geteuid};
use std::path::PathBuf;

/// Where values come from that a connection string leaves out. Tests have surroundings of their own.
#[derive(Clone, Copy)]
pub(in crate::target) struct Surroundings<'a> {
    /// A variable of the environment, if it is set.
    pub(in crate::target) variable: &'a dyn Fn(&str) -> Result<Option<String>, String>,
    /// The user's own directory.
    pub(in crate::target) home: &'a dyn Fn() -> Option<PathBuf>,
}

impl Surroundings<'static> {
    /// Those of this process.
    pub(in crate::target) fn own() -> Self {
        Self { variable: &variable, home: &home }
    }

    /// None at all, for servers that this program started: nobody else's settings are theirs.
    pub(in crate::target) fn none() -> Self {
        Self { variable: &|_| Ok(None), home: &|| None }
    }
}

impl Surroundings<'_> {
    /// A variable with something in it.
    pub(super) fn set(&self, name: &str) -> Result<Option<String>, String> {
        let value = (self.variable)(name).map_err(|why| format!("the variable {name}: {why}"))?;
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// Fills in what variables of the environment say of what is still missing.
    pub(super) fn fill(&self, parameters: &mut Parameters) -> Result<(), String> {
        for (keyword, name) in keywords::with_variables() {
            if let Some(value) = self.set(name)?.filter(|_| !parameters.names(keyword.name)) {
                let refused = |reason: String| format!("the variable {name}: {reason}");
                parameters.set(keyword.name, value).map_err(refused)?;
            }
        }
        // An old name of an old wish.
        if self.set("PGREQUIRESSL")?.is_some_and(|value| value.starts_with('1')) {
            parameters.fill("sslmode", "require")?;
        }
        Ok(())
    }

    /// A file in the user's own directory, if it is there.
    pub(super) fn own_file(&self, name: &str) -> Option<PathBuf> {
        (self.home)().map(|home| home.join(name)).filter(|path| path.exists())
    }
}

fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err("it is not UTF-8 text".to_owned()),
    }
}

/// `HOME`, or what the password file says.
fn home() -> Option<PathBuf> {
    let said = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    said.or_else(|| Some(User::from_uid(geteuid()).ok()??.dir))
}

/// The name of the user that runs this program, who is the database's user where nobody else is named.
pub(super) fn user() -> Option<String> {
    Some(User::from_uid(geteuid()).ok()??.name)
}
