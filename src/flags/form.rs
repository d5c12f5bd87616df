//! The forms in which people write settings down.

use serde::{Serialize, Serializer};
use std::fmt;

/// A form of a list of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A gcloud command line with `--database-flags`, or the bare list `a=b,c=d`.
    Gcloud,
    /// Terraform, with `database_flags` blocks.
    Terraform,
    /// `ALTER SYSTEM` statements.
    AlterSystem,
    /// `postgresql.conf`.
    Conf,
    /// `SET`, `ALTER ROLE` and `ALTER DATABASE` statements.
    Set,
    /// What `gcloud sql instances describe --format=json` prints; read, not written.
    Describe,
    /// A run record of loist-bench; read, not written.
    Record,
}

impl Form {
    /// Those that settings are read in.
    pub const READ: [Self; 7] = [
        Self::Gcloud,
        Self::Terraform,
        Self::AlterSystem,
        Self::Conf,
        Self::Set,
        Self::Describe,
        Self::Record,
    ];
    /// Those that settings are written in.
    pub const WRITTEN: [Self; 5] = [Self::Gcloud, Self::Terraform, Self::AlterSystem, Self::Conf, Self::Set];

    /// As a command line names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gcloud => "gcloud",
            Self::Terraform => "terraform",
            Self::AlterSystem => "alter-system",
            Self::Conf => "conf",
            Self::Set => "set",
            Self::Describe => "describe",
            Self::Record => "record",
        }
    }

    /// In a few words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Gcloud => "a gcloud command line",
            Self::Terraform => "Terraform",
            Self::AlterSystem => "ALTER SYSTEM statements",
            Self::Conf => "postgresql.conf",
            Self::Set => "SET statements",
            Self::Describe => "gcloud's description of an instance",
            Self::Record => "a run record",
        }
    }

    /// Whether it is for Cloud SQL's flags, which take no units.
    #[must_use]
    pub fn is_cloud_sql(self) -> bool {
        matches!(self, Self::Gcloud | Self::Terraform | Self::Describe)
    }

    /// What the text looks like.
    #[must_use]
    pub fn detect(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let start = text.trim_start();
        if start.starts_with(['{', '[']) {
            // A record says so at its head; other writers of JSON may have put that anywhere.
            let is_record = text.contains("\"loist-bench/record\"");
            return if is_record { Self::Record } else { Self::Describe };
        }
        // gcloud's description again, as it comes without --format=json.
        if text.lines().any(|line| line.starts_with("databaseVersion:")) {
            return Self::Describe;
        }
        // Comments say what they like: a rendered script names other forms in them.
        let said = without_block_comments(text);
        let meant: Vec<&str> = said
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("--"))
            .collect();
        let any = |test: &dyn Fn(&str) -> bool| meant.iter().any(|line| test(line));
        let begins = |words: &'static [&'static str]| {
            move |line: &str| {
                let mut parts = line.split_whitespace();
                words.iter().all(|word| parts.next().is_some_and(|part| part.eq_ignore_ascii_case(word)))
            }
        };
        if any(&|line| line.contains("--database-flags") || line.starts_with("gcloud "))
            || text.lines().any(|line| line.trim_start().starts_with("--database-flags"))
        {
            Self::Gcloud
        } else if any(&|line| {
            line.starts_with("database_flags")
                || line.starts_with("dynamic \"database_flags\"")
                || line.starts_with("resource ")
        }) {
            Self::Terraform
        } else if any(&begins(&["ALTER", "SYSTEM"])) {
            Self::AlterSystem
        } else if any(&begins(&["SET"])) || any(&begins(&["ALTER"])) || any(&begins(&["RESET"])) {
            Self::Set
        } else if meant.first().is_some_and(|line| line.starts_with('^') || is_bare_list(line)) {
            Self::Gcloud
        } else {
            Self::Conf
        }
    }
}

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Without what stands between `/*` and `*/`: enough to tell forms apart, though a quoted value may hold the same signs.
fn without_block_comments(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        let Some((_, after)) = comment.split_once("*/") else { break };
        said.push_str(before);
        rest = after;
    }
    said + rest
}

/// `a=b,c=d`: at least two names, without blanks around the signs.
fn is_bare_list(line: &str) -> bool {
    let is_name = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    };
    let pieces: Vec<&str> = line.trim_matches(['\'', '"']).split(',').collect();
    let named = pieces.iter().filter(|piece| piece.split_once('=').is_some_and(|(name, _)| is_name(name)));
    named.count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_apart() {
        for (text, form) in [
            ("gcloud sql instances patch x --database-flags=a=1", Form::Gcloud),
            ("# sets\n--database-flags=a=1", Form::Gcloud),
            ("gcloud sql instances \\\n  patch x \\\n  --database-flags=a=1", Form::Gcloud),
            ("shared_buffers=1GB,work_mem=4MB", Form::Gcloud),
            ("^:^a=1,2:b=3", Form::Gcloud),
            ("database_flags {\n name = \"a\" }", Form::Terraform),
            ("# x\nresource \"google_sql_database_instance\" \"db\" {}", Form::Terraform),
            ("-- set it\nalter system set a = 1;", Form::AlterSystem),
            ("/* of\nMonday */ ALTER SYSTEM SET a = 1;", Form::AlterSystem),
            ("/* ALTER SYSTEM */ SET work_mem = '4MB';", Form::Set),
            ("archive_command = 'cp /wal/* there'", Form::Conf),
            ("SET work_mem = '4MB';", Form::Set),
            ("ALTER ROLE app SET work_mem = '4MB';", Form::Set),
            ("work_mem = 4MB # comment", Form::Conf),
            ("work_mem=64", Form::Conf),
            ("# database_flags { }\nwork_mem 4MB", Form::Conf),
            ("", Form::Conf),
            ("{\"settings\": {}}", Form::Describe),
            (" { \"format\": \"loist-bench/record\" }", Form::Record),
        ] {
            assert_eq!(Form::detect(text), form, "{text}");
        }
    }
}
