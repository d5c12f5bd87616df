//! Settings to try.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings that differ from those that the server begins with, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// Who proposes it, as in `advice: memory/work-mem`.
    pub origin: String,
    /// Names and values in PostgreSQL's form, in the order of the names; each name once.
    pub changes: Vec<(String, String)>,
}

impl Candidate {
    /// What the server begins with.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: "the settings as they are".to_owned(), changes: Vec::new() }
    }

    /// Of several changes of one setting the last counts.
    #[must_use]
    pub fn new(origin: impl Into<String>, changes: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { origin: origin.into(), changes: Vec::new() }.with(changes)
    }

    /// The same with these changes over its own.
    #[must_use]
    pub fn with(&self, changes: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all = self.changes.clone();
        for (name, value) in changes {
            match all.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(&name)) {
                Some((_, own)) => *own = value,
                None => all.push((name, value)),
            }
        }
        all.sort();
        Self { origin: self.origin.clone(), changes: all }
    }

    /// The same without the change of one setting.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let changes = self.changes.iter().filter(|(own, _)| own != name).cloned().collect();
        Self { origin: self.origin.clone(), changes }
    }

    /// The value that it gives a setting, if it changes it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.changes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The names of the settings that it changes.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.changes.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The changes in one line.
    #[must_use]
    pub fn shown(&self) -> String {
        let each: Vec<String> = self.changes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if each.is_empty() { self.origin.clone() } else { each.join(" ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn later_changes_win_and_stand_in_order() {
        let one = Candidate::new("x", [pair("work_mem", "4MB"), pair("jit", "off"), pair("work_mem", "8MB")]);
        assert_eq!(one.shown(), "jit=off work_mem=8MB");
        assert_eq!(one.names(), ["jit", "work_mem"]);
        assert_eq!(one.with([pair("JIT", "on")]).value("jit"), Some("on"));
        assert_eq!(one.without("jit").changes, [pair("work_mem", "8MB")]);
        assert_eq!(Candidate::start().shown(), "the settings as they are");
    }
}
