//! Where a gate's verdict goes.

use crate::{
    cli::{failure::Failure, output, own_file::OwnFile},
    gate::Verdict,
    record::Place,
    report,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Where the verdict goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Outputs {
    /// What to print on standard output when done
    #[arg(long, value_enum, default_value = "text", env = "LOIST_BENCH_GATE_FORMAT")]
    format: GateFormat,
    /// File that gets the verdict as JUnit XML
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_JUNIT")]
    junit: Option<PathBuf>,
    /// File that gets the verdict as Markdown, for a job summary or a comment
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_MARKDOWN")]
    markdown: Option<PathBuf>,
    /// File that gets the verdict as JSON
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_JSON")]
    json: Option<PathBuf>,
    /// File that gets the verdict as a page
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_HTML")]
    html: Option<PathBuf>,
}

/// How a verdict is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GateFormat {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// For a job summary or a comment
    Markdown,
    /// JUnit XML
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

/// How a verdict becomes a file.
type Render = fn(&Verdict) -> Result<String, Failure>;

/// Files that can be written.
pub(super) struct Files {
    format: GateFormat,
    files: Vec<(OwnFile, Render)>,
}

impl Outputs {
    /// Looks, before anything is measured, whether each file can be written.
    pub(super) fn check(&self) -> Result<Files, Failure> {
        let wanted: [(&Option<PathBuf>, Render); 4] = [
            (&self.junit, |verdict| Ok(report::junit::render(verdict))),
            (&self.markdown, |verdict| Ok(report::markdown::gate(verdict))),
            (&self.json, output::json_lines),
            (&self.html, |verdict| Ok(report::html::gate(verdict))),
        ];
        let named = wanted.into_iter().filter_map(|(path, render)| Some((path.as_ref()?, render)));
        let files =
            named.map(|(path, render)| Ok((OwnFile::at(path)?, render))).collect::<Result<_, Failure>>()?;
        Ok(Files { format: self.format, files })
    }
}

impl Files {
    /// Writes what was asked for, keeps all of it in `place`, and prints.
    pub(super) fn write(&self, verdict: &Verdict, place: &Place) -> Result<(), Failure> {
        for (name, text) in [
            ("gate.json", output::json_lines(verdict)?),
            ("gate.md", report::markdown::gate(verdict)),
            ("junit.xml", report::junit::render(verdict)),
            ("gate.html", report::html::gate(verdict)),
        ] {
            place.write(name, text.as_bytes())?;
        }
        self.files.iter().try_for_each(|(file, render)| file.write(&render(verdict)?))?;
        match self.format {
            GateFormat::Text => {
                output::print(&report::gate::render(verdict))?;
                output::print(&format!("\nReport: {}\n", place.directory().join("gate.html").display()))
            }
            GateFormat::Json => output::print_json(verdict),
            GateFormat::Markdown => output::print_raw(&report::markdown::gate(verdict)),
            GateFormat::Junit => output::print_raw(&report::junit::render(verdict)),
            GateFormat::Github => output::print_raw(&report::annotations::render(verdict)),
        }
    }
}
