//! Where an audit goes.

use crate::{
    audit::{Audit, fix_script},
    cli::{failure::Failure, keep, output, own_file::OwnFile},
    record::Place,
    report::{self, audit::sarif},
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Where the audit goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Outputs {
    /// What to print on standard output
    #[arg(long, value_enum, default_value = "text", env = "LOIST_BENCH_AUDIT_FORMAT")]
    format: AuditFormat,
    /// Directory that gets a directory for this audit, with a page, JSON, Markdown and SARIF (default: nothing is kept)
    #[arg(long, value_name = "DIR", env = "LOIST_BENCH_OUT")]
    out: Option<PathBuf>,
    /// File that gets what helps, as SQL with comments; it is written, and never run
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_FIX_SCRIPT")]
    fix_script: Option<PathBuf>,
}

/// How an audit is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AuditFormat {
    /// For people
    Text,
    /// One JSON document, the evidence included
    Json,
    /// For a job summary or a comment
    Markdown,
    /// SARIF 2.1.0, for code scanning and the like
    Sarif,
}

/// Files that can be written.
pub(super) struct Files {
    format: AuditFormat,
    place: Option<(PathBuf, Place)>,
    fix_script: Option<(PathBuf, OwnFile)>,
}

impl Outputs {
    /// Looks, before a database is asked, whether each file can be written.
    pub(super) fn check(&self) -> Result<Files, Failure> {
        let place =
            self.out.clone().map(|out| Ok::<_, Failure>((out.clone(), Place::reserve(&out, "audit")?)));
        let script =
            self.fix_script.clone().map(|path| Ok::<_, Failure>((path.clone(), OwnFile::at(&path)?)));
        Ok(Files { format: self.format, fix_script: script.transpose()?, place: place.transpose()? })
    }
}

impl Files {
    /// Writes what was asked for, and prints.
    pub(super) fn write(&self, audit: &Audit) -> Result<(), Failure> {
        let mut written = Vec::new();
        if let Some((path, file)) = &self.fix_script {
            file.write(&fix_script(audit))?;
            written.push(format!("Script: {}\n", path.display()));
        }
        if let Some((reports, place)) = &self.place {
            for (name, text) in [
                ("audit.json", output::json_lines(audit)?),
                ("audit.md", report::markdown::audit(audit)),
                ("audit.sarif", output::json_lines(&sarif::render(audit))?),
                ("audit.html", report::html::audit(audit)),
            ] {
                place.write(name, text.as_bytes())?;
            }
            keep::list(reports);
            written.push(format!("Report: {}\n", place.directory().join("audit.html").display()));
        }
        match self.format {
            AuditFormat::Text => {
                let separator = if written.is_empty() { "" } else { "\n" };
                output::print(&format!("{}{separator}{}", report::audit::render(audit), written.concat()))
            }
            AuditFormat::Json => output::print_raw(&output::json_lines(audit)?),
            AuditFormat::Markdown => output::print_raw(&report::markdown::audit(audit)),
            AuditFormat::Sarif => output::print_raw(&output::json_lines(&sarif::render(audit))?),
        }
    }
}
