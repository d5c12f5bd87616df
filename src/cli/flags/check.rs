//! `loist-bench flags check`.

use super::{one_of, subject, version};
use crate::{
    cli::{
        args::{Format, FormatArg, said},
        failure::Failure,
        output,
        size_arg::size,
    },
    flags::{
        Form, Machine,
        catalog::DEFAULT_VERSION,
        check::{Context, Finding, Severity, check},
    },
    report,
};
use clap::{ArgMatches, Args};
use serde::Serialize;
use std::process::ExitCode;

/// Check settings: what would be refused, what would not do what was meant, what does harm
///
/// Exit code 0 when there is nothing to object to, 1 when there are errors or warnings, 2 when the text cannot be
/// read.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// A gcloud command line or its list, Terraform, ALTER SYSTEM or SET statements, a postgresql.conf, gcloud's
    /// description of an instance (JSON), a run record, the name of a profile, or - for standard input
    #[arg(value_name = "FILE")]
    subject: String,
    /// Machine: db-custom-1-3840 or another tier of Cloud SQL, or 2cpu-8GB (default: what the file names). From the
    /// environment or loist-bench.toml it counts only where the file names none
    #[arg(long, env = "LOIST_BENCH_MACHINE")]
    machine: Option<Machine>,
    /// Memory that the server may use where that is less than the machine's, as in 2GB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory_limit: Option<u64>,
    /// Connections that all clients may open together
    #[arg(long, value_name = "N")]
    connections: Option<u32>,
    /// Major version of PostgreSQL (default: what the file names, else 15)
    #[arg(long, value_name = "MAJOR", env = "LOIST_BENCH_PG_VERSION", value_parser = version)]
    pg_version: Option<u32>,
    /// Form of the file (default: what it looks like)
    #[arg(long = "as", value_parser = one_of(&Form::READ), value_name = "FORM")]
    form: Option<Form>,
    #[command(flatten)]
    output: FormatArg,
}

/// The findings as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    origin: &'a str,
    form: Form,
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<&'a Machine>,
    settings: usize,
    findings: &'a [Finding],
}

pub(super) fn execute(args: &CheckArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let subject = subject::load(&args.subject, args.form)?;
    let document = &subject.document;
    let is_said = said(matches, "machine");
    let machine = subject::machine(args.machine.as_ref(), is_said, document.machine.as_ref());
    let context = Context {
        machine: machine.as_ref(),
        memory_limit_bytes: args.memory_limit,
        connections: args.connections,
        version: args.pg_version,
    };
    let findings = check(document, &context);
    let version = args.pg_version.or(document.version).unwrap_or(DEFAULT_VERSION);
    match args.output.format {
        Format::Json => output::print_json(&Answer {
            origin: &subject.origin,
            form: document.form,
            version,
            machine: machine.as_ref(),
            settings: document.settings.len(),
            findings: &findings,
        })?,
        Format::Text => output::print(&report::flags::findings(
            &subject.origin,
            document,
            machine.as_ref(),
            version,
            &findings,
        ))?,
    }
    let is_clean = findings.iter().all(|finding| finding.severity == Severity::Note);
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
