//! The policy: a small TOML file that says which findings are accepted, why, and until when.

use super::{
    check,
    finding::{Acceptance, Finding},
};
use crate::text::{FileError, from_toml, line_of, nearest, read_file, toml_date};
use chrono::NaiveDate;
use serde::{Deserialize, de};
use std::path::Path;
use toml::Spanned;
use wildmatch::WildMatch;

/// Which findings are accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Where it stands; nowhere if there is none.
    pub origin: Option<String>,
    accepted: Vec<Accepted>,
}

/// Findings that are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Accepted {
    id: String,
    /// Of which objects; `*` stands for any text, `?` for a letter.
    object: Option<String>,
    acceptance: Acceptance,
    line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accept: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<String>,
    object: Option<String>,
    #[serde(deserialize_with = "reason")]
    reason: String,
    #[serde(deserialize_with = "toml_date")]
    expires: NaiveDate,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// When the file cannot be read, or says what cannot be meant.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        Self::parse(&read_file(path)?, &path.display().to_string())
    }

    /// Reads a policy's text; `origin` is where it stands.
    ///
    /// # Errors
    /// When it says what cannot be meant, or accepts what no check finds.
    pub fn parse(text: &str, origin: &str) -> Result<Self, FileError> {
        let file: File = from_toml(text, origin)?;
        let accepted = file.accept.into_iter().map(|entry| {
            let at = entry.id.span().start;
            let id = entry.id.into_inner();
            if !check::all().any(|check| check.id == id) {
                let reason = format!("no check is called `{id}`: {}", like(&id));
                return Err(FileError::at(origin, text, at, reason));
            }
            let acceptance = Acceptance { reason: entry.reason, expires: entry.expires };
            Ok(Accepted { id, object: entry.object, acceptance, line: line_of(text, at) })
        });
        Ok(Self { origin: Some(origin.to_owned()), accepted: accepted.collect::<Result<_, _>>()? })
    }

    /// Marks the findings that are accepted, and gives what is to be said of the policy: what expired, and what accepts
    /// nothing.
    pub(super) fn apply(&self, findings: &mut [Finding], today: NaiveDate) -> Vec<String> {
        let mut remarks = Vec::new();
        for accepted in &self.accepted {
            let meant = findings.iter_mut().filter(|finding| accepted.is_of(finding));
            let meant: Vec<&mut Finding> = meant.collect();
            let place = format!("{}:{}", self.origin.as_deref().unwrap_or_default(), accepted.line);
            let Accepted { id, acceptance, .. } = accepted;
            if meant.is_empty() {
                remarks.push(format!("{place}: it accepts {id}, which was not found: take it out"));
            } else if acceptance.expires < today {
                let objects: Vec<&str> = meant.iter().map(|finding| finding.object.as_str()).collect();
                remarks.push(format!(
                    "{place}: it accepted {id} until {}, which counts again: {}",
                    acceptance.expires,
                    objects.join(", ")
                ));
            } else {
                meant.into_iter().for_each(|finding| finding.accepted = Some(acceptance.clone()));
            }
        }
        remarks
    }
}

impl Accepted {
    fn is_of(&self, finding: &Finding) -> bool {
        let is_object = |pattern: &String| WildMatch::new(pattern).matches(&finding.object);
        self.id == finding.id && self.object.as_ref().is_none_or(is_object)
    }
}

/// The check that is most like this one.
fn like(id: &str) -> String {
    let like = nearest(id, check::all().map(|check| check.id));
    like.map_or_else(|| "docs/audit.md lists them".to_owned(), |id| format!("`{id}` may be meant"))
}

fn reason<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(de::Error::custom("an accepted finding needs a reason: say why it may stay"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::finding::{Remedy, Severity};

    fn finding(id: &str, object: &str) -> Finding {
        Finding {
            id: id.to_owned(),
            severity: Severity::High,
            title: String::new(),
            object: object.to_owned(),
            seen: String::new(),
            why: String::new(),
            reference: String::new(),
            remedy: Remedy::default(),
            place: None,
            accepted: None,
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_finding_is_accepted_until_its_day() {
        let text = "[[accept]]\nid = 'tls-off'\nreason = 'a tunnel'\nexpires = 2027-01-31\n";
        let policy = Policy::parse(text, "audit.toml").unwrap();
        let mut findings = [finding("tls-off", "ssl"), finding("fsync-off", "fsync")];
        assert!(policy.apply(&mut findings, day("2027-01-31")).is_empty());
        assert_eq!(findings[0].accepted.as_ref().unwrap().reason, "a tunnel");
        assert!(findings[1].accepted.is_none());
        let mut findings = [finding("tls-off", "ssl")];
        let remarks = policy.apply(&mut findings, day("2027-02-01"));
        assert_eq!(remarks, ["audit.toml:2: it accepted tls-off until 2027-01-31, which counts again: ssl"]);
        assert!(findings[0].accepted.is_none());
    }

    #[test]
    fn an_object_narrows_it_and_what_accepts_nothing_is_told() {
        let text = "[[accept]]\nid = 'table-unlogged'\nobject = 'music.staging_*'\nreason = 'x'\nexpires = 2027-01-31\n\
                    [[accept]]\nid = 'tls-off'\nreason = 'x'\nexpires = 2027-01-31\n";
        let policy = Policy::parse(text, "p").unwrap();
        let mut findings =
            [finding("table-unlogged", "music.staging_a"), finding("table-unlogged", "music.tracks")];
        let remarks = policy.apply(&mut findings, day("2026-12-01"));
        assert_eq!(remarks, ["p:7: it accepts tls-off, which was not found: take it out"]);
        assert!(findings[0].accepted.is_some() && findings[1].accepted.is_none());
    }

    #[test]
    fn mistakes_name_the_line() {
        let entry = |id: &str, rest: &str| format!("\n[[accept]]\nid = '{id}'\n{rest}\n");
        for (text, expected) in [
            (
                entry("tls-of", "reason = 'x'\nexpires = 2027-01-31"),
                "p:3: no check is called `tls-of`: `tls-off` may be meant",
            ),
            (
                entry("colours", "reason = 'x'\nexpires = 2027-01-31"),
                "p:3: no check is called `colours`: docs/audit.md",
            ),
            (entry("tls-off", "expires = 2027-01-31"), "p:2: missing field `reason`"),
            (entry("tls-off", "reason = 'x'"), "p:2: missing field `expires`"),
            (
                entry("tls-off", "reason = ' '\nexpires = 2027-01-31"),
                "p:4: an accepted finding needs a reason",
            ),
            (entry("tls-off", "reason = 'x'\nexpires = 'soon'"), "p:5: write a date"),
            (entry("tls-off", "reason = 'x'\nexpires = 2027-01-31T10:00:00"), "p:5: write a date"),
            (entry("tls-off", "until = 'x'"), "p:4: unknown key `until`"),
            ("accept = 3".to_owned(), "p:1: "),
        ] {
            let error = Policy::parse(&text, "p").unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
