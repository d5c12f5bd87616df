//! What can be wrong with what somebody wrote about flags.

/// A list of flags, a machine or a profile was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlagsError {
    /// The text is not of the form that it was taken for.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// The text was read, and is not for this program.
    #[error("line {line}: {reason}")]
    Foreign {
        /// Line, from 1.
        line: usize,
        /// What it is, and what to give instead.
        reason: String,
    },
    /// Nothing in the text sets a flag.
    #[error("it sets no flag: read as {form}")]
    Nothing {
        /// What the text was taken for.
        form: &'static str,
    },
    /// A machine that nobody offers, or that was not understood.
    #[error("machine {name}: {reason}")]
    Machine {
        /// As it was written.
        name: String,
        /// Why not, and what is offered.
        reason: String,
    },
    /// A profile that is not shipped.
    #[error("there is no profile `{name}`; shipped are {shipped}")]
    Profile {
        /// As it was written.
        name: String,
        /// The names of those that are.
        shipped: String,
    },
    /// A setting that cannot be written.
    #[error("{name}={value}: {reason}")]
    Setting {
        /// Its name, as it was written.
        name: String,
        /// Its value, as it may be shown.
        value: String,
        /// Why not.
        reason: String,
    },
    /// Settings that cannot be written in the form that was asked for.
    #[error("{0}")]
    Render(String),
}
