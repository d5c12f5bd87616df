//! `loist-bench flags render`.

use super::{one_of, subject, version, wanted::wanted};
use crate::{
    cli::{args::said, failure::Failure, output},
    flags::{
        Document, FlagsError, Form, Machine,
        catalog::DEFAULT_VERSION,
        cloud::instance_name,
        render::{Options, render},
    },
};
use clap::{ArgMatches, Args};
use std::{io::Write, path::PathBuf, process::ExitCode};

/// Write settings as a gcloud command, Terraform, SQL, or lines of postgresql.conf
#[derive(Debug, Args)]
pub(in crate::cli) struct RenderArgs {
    /// Profile (pg-defaults, plan, as-documented), a file in any form that `flags check` reads, a list (a=1,b=2), a
    /// record with its recommendations, or - for standard input
    #[arg(value_name = "PROFILE|FILE|RECORD")]
    subject: String,
    /// Form to write
    #[arg(long = "as", value_parser = one_of(&Form::WRITTEN), value_name = "FORM")]
    form: Form,
    /// Name of the Cloud SQL instance (default: that of --current, else INSTANCE)
    #[arg(long, value_name = "NAME", value_parser = instance_name)]
    instance: Option<String>,
    /// What is set now: the output of gcloud sql instances describe NAME --format=json, or any form that is read.
    /// Cloud SQL loses what a new list does not name; flags of this file are carried along
    #[arg(long, value_name = "FILE")]
    current: Option<PathBuf>,
    /// Machine, for limits that are shares of its memory: db-custom-1-3840, or 2cpu-8GB (default: what the files name).
    /// From the environment or loist-bench.toml it counts only where they name none
    #[arg(long, env = "LOIST_BENCH_MACHINE")]
    machine: Option<Machine>,
    /// Major version of PostgreSQL (default: what the files name, else 15)
    #[arg(long, value_name = "MAJOR", env = "LOIST_BENCH_PG_VERSION", value_parser = version)]
    pg_version: Option<u32>,
}

pub(super) fn execute(args: &RenderArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let subject = subject::load(&args.subject, None)?;
    let current = args.current.as_deref().map(|path| subject::file(path, None)).transpose()?;
    let form = args.form;
    let mut wanted = wanted(&subject, Some(form))?;
    if let Some(current) = &current {
        wanted.notes.extend(current.not_read("what it sets may be lost"));
        wanted.notes.extend(current.unknown_machine());
    }
    let current = current.map(|subject| subject.document);
    // A record says what its server had, which is what an undo goes back to.
    let is_record = subject.document.form == Form::Record && !form.is_cloud_sql();
    let before = current.as_ref().or(is_record.then_some(&subject.document));
    let named = |of: &dyn Fn(&Document) -> Option<u32>| current.as_ref().and_then(of);
    let version = args.pg_version.or_else(|| named(&|current| current.version)).or(subject.document.version);
    let place = current.as_ref().unwrap_or(&subject.document).machine.as_ref();
    let machine = subject::machine(args.machine.as_ref(), said(matches, "machine"), place);
    let options = Options {
        instance: args.instance.as_deref().or(subject.document.instance.as_deref()),
        current: before,
        machine: machine.as_ref(),
        version: version.unwrap_or(DEFAULT_VERSION),
        notes: &wanted.notes,
    };
    let rendered = render(&wanted.settings, form, &options).map_err(|error| {
        let line = match &error {
            FlagsError::Setting { name, .. } => subject.document.last(name).map(|written| written.line),
            _ => None,
        };
        Failure::bad_input(format!("{}: {error}", subject.place(line.unwrap_or(0))))
    })?;
    output::print(&rendered.text)?;
    for warning in &rendered.warnings {
        let _ = writeln!(anstream::stderr(), "loist-bench: warning: {warning}");
    }
    Ok(ExitCode::SUCCESS)
}
