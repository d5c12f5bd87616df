//! `loist-bench report`: what its arguments name (`subject`, `document`), and where the pages, texts and pictures go that
//! are made of it.
//!
//! What stands in them is known to `src/report` alone. A file of another format is added to `document`.

pub(super) mod document;
mod pictures;
pub(super) mod subject;

use super::{args::said, failure::Failure, index, output, own_file::OwnFile};
use crate::report::{html, markdown, source::Source};
use clap::{ArgMatches, Args, ValueEnum};
use document::Document;
use pictures::Wanted;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use subject::Subject;

/// Explain a run as one page, put several side by side, or list those of a directory
///
/// One record becomes `report.html` beside it; several become `comparison.html` beside the last one, and the first is what
/// the others are compared with. What a comparison, gate, aa, study, audit or capacity came to (comparison.json, gate.json and
/// so on) becomes a page of the same name beside it. A directory of runs, as `reports` is, gets an `index.html`. Pages ask
/// for nothing from anywhere and can be sent as they are. A file that loist-bench did not make is never overwritten.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Records: each a record.json, or the directory that holds it; or one directory of runs; or one comparison.json,
    /// gate.json, aa.json, study.json, audit.json or capacity.json
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// What to make
    #[arg(long, value_enum, default_value = "html", env = "LOIST_BENCH_REPORT_FORMAT")]
    format: ReportFormat,
    /// Picture to make, with --format svg; a name that there is not lists those that there are
    #[arg(long, value_name = "NAME", env = "LOIST_BENCH_REPORT_PICTURE")]
    picture: Option<String>,
    /// Operation that the pictures are of, with --format svg (default: all of the run)
    #[arg(long, value_name = "NAME", env = "LOIST_BENCH_REPORT_OPERATION")]
    operation: Option<String>,
    /// File to write, or directory of all pictures; - is standard output (default: html beside the record, else standard
    /// output)
    #[arg(long, value_name = "PATH", env = "LOIST_BENCH_REPORT_OUT")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// One self-contained page
    Html,
    /// A summary for a pull request or a job
    Markdown,
    /// Pictures, each a file of its own
    Svg,
}

pub(super) fn execute(args: &ReportArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let for_pictures = ["picture", "operation"].into_iter().find(|id| said(matches, id));
    if let Some(id) = for_pictures.filter(|_| args.format != ReportFormat::Svg) {
        return Err(Failure::bad_input(format!("--{id} is for --format svg: add that, or leave --{id} out")));
    }
    if let [one] = args.records.as_slice()
        && let Some(document) = Document::read(one)?
    {
        judged(args, one, &document)?;
        return Ok(ExitCode::SUCCESS);
    }
    match Subject::read(&args.records)? {
        Subject::Runs(directory) => runs(args, matches, &directory)?,
        Subject::Records(sources, directory) => records(args, &sources, &directory)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The page or the summary of what was judged.
fn judged(args: &ReportArgs, file: &Path, document: &Document) -> Result<(), Failure> {
    let out = args.out.as_deref();
    match args.format {
        ReportFormat::Html => put(&document.html(), out.unwrap_or(&file.with_extension("html"))),
        ReportFormat::Markdown => put(&document.markdown(), out.unwrap_or_else(|| Path::new("-"))),
        ReportFormat::Svg => Err(Failure::bad_input(format!(
            "{}: its pictures are in its page: leave --format svg out",
            file.display()
        ))),
    }
}

fn runs(args: &ReportArgs, matches: &ArgMatches, directory: &Path) -> Result<(), Failure> {
    if args.format != ReportFormat::Html && said(matches, "format") {
        return Err(Failure::bad_input(format!(
            "{} is a directory of runs, which becomes a page: leave --format out, or name one of the records in it",
            directory.display()
        )));
    }
    match &args.out {
        None => written(&index::refresh(directory)?),
        Some(out) if is_standard_output(out) => output::print_raw(&index::page(directory)?),
        Some(_) => Err(Failure::bad_input(format!(
            "the page of a directory stands in it, because it links to its runs: leave --out out for {}, or write --out - for standard output",
            directory.join(index::NAME).display()
        ))),
    }
}

fn records(args: &ReportArgs, sources: &[Source], directory: &Path) -> Result<(), Failure> {
    let out = args.out.as_deref();
    if args.format == ReportFormat::Html {
        let (page, name) = match sources {
            [one] => (html::run(one), "report.html"),
            several => (html::compare(several), "comparison.html"),
        };
        let path = out.map_or_else(|| directory.join(name), Path::to_owned);
        return put(&page, &path);
    }
    if args.format == ReportFormat::Markdown {
        let text = match sources {
            [one] => markdown::render(one),
            several => markdown::compare(several),
        };
        return put(&text, out.unwrap_or_else(|| Path::new("-")));
    }
    let wanted = Wanted { picture: args.picture.as_deref(), operation: args.operation.as_deref() };
    pictures::make(sources, &wanted, out)
}

fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes `text` and says where, or prints it.
///
/// # Errors
/// When somebody else's file is there.
pub(super) fn put(text: &str, path: &Path) -> Result<(), Failure> {
    if is_standard_output(path) {
        return output::print_raw(text);
    }
    OwnFile::at(path)?.write(text)?;
    written(path)
}

fn written(path: &Path) -> Result<(), Failure> {
    output::print(&format!("Report: {}\n", path.display()))
}
