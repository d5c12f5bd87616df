//! `loist-bench audit`.

mod outputs;

use super::{args::TargetArgs, failure::Failure, instance_arg::instance, report::document::Document};
use crate::{
    audit::{self, Budget, Policy, Severity, Wanted},
    flags::instance::CloudInstance,
    lab::{self, SecurityOptions},
    observe::security::{Part, SecurityEvidence},
};
use chrono::Utc;
use clap::Args;
use outputs::Outputs;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The policy in the current directory, if there is one.
const POLICY: &str = "loist-audit.toml";

/// Look for what is unsafe: connections, roles, rights, functions, the log, limits, backups
///
/// Everything is read in one transaction that cannot write. A role without any rights is enough; what it may not see is
/// told as not checked. Nothing is changed: --fix-script writes what helps into a file, to be read and run by you. A file
/// loist-audit.toml in the current directory says which findings are accepted, why, and until when.
///
/// Exit code: 0 nothing as bad as --fail-on was found; 1 something was; 2 wrong usage or bad input; 3 the database failed.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// Role that the application logs in as (default: the session's)
    #[arg(long, value_name = "NAME", env = "LOIST_BENCH_ROLE", help_heading = "Question")]
    role: Option<String>,
    /// Table that is to have row-level security (may be repeated)
    #[arg(long, value_name = "TABLE", env = "LOIST_BENCH_EXPECT_RLS", help_heading = "Question")]
    expect_rls: Vec<String>,
    /// Instances of the application, with --pool-max for the budget of connections
    #[arg(long, value_name = "N", env = "LOIST_BENCH_INSTANCES", requires = "pool_max", value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Question")]
    instances: Option<u32>,
    /// Most connections of each one's pool
    #[arg(long, value_name = "N", env = "LOIST_BENCH_POOL_MAX", value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "Question")]
    pool_max: Option<u32>,
    /// What `gcloud sql instances describe NAME --format=json` prints, for backups, addresses and the like
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_INSTANCE", help_heading = "Question")]
    instance: Option<PathBuf>,
    /// Directory of a git work tree whose .env files are looked through (default: the current one)
    #[arg(long, value_name = "DIR", env = "LOIST_BENCH_SOURCE", help_heading = "Question")]
    source: Option<PathBuf>,
    /// Judge the evidence of an earlier audit.json again instead of a database
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_EVIDENCE", help_heading = "Question")]
    evidence: Option<PathBuf>,
    /// Policy of accepted findings (default: loist-audit.toml here, if there is one)
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_AUDIT_POLICY", help_heading = "Question")]
    policy: Option<PathBuf>,
    /// Severity from which on findings fail: critical, high, medium, low or info
    #[arg(
        long,
        value_name = "SEVERITY",
        default_value = "medium",
        env = "LOIST_BENCH_FAIL_ON",
        help_heading = "Question"
    )]
    fail_on: Severity,
    #[command(flatten)]
    outputs: Outputs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
}

pub(super) fn execute(args: AuditArgs) -> Result<ExitCode, Failure> {
    // What cannot be meant, read or written is told before a database is asked.
    let policy = policy(args.policy.as_deref())?;
    let instance = args.instance.as_deref().map(instance).transpose()?;
    let files = args.outputs.check()?;
    let now = Utc::now();
    let wanted = Wanted {
        row_security: args.expect_rls,
        budget: args.instances.zip(args.pool_max).map(|(instances, pool)| Budget { instances, pool }),
        fail_on: args.fail_on,
        today: now.date_naive(),
    };
    let evidence = match &args.evidence {
        Some(file) => kept(file, args.role, instance)?,
        None => lab::look(SecurityOptions {
            target: args.target.options(),
            role: args.role,
            instance,
            source: args.source.unwrap_or_else(|| PathBuf::from(".")),
        })?,
    };
    let audit = audit::audit(evidence, &wanted, &policy, now);
    files.write(&audit)?;
    Ok(ExitCode::from(u8::from(audit.failing().next().is_some())))
}

fn policy(named: Option<&Path>) -> Result<Policy, Failure> {
    let here = Path::new(POLICY);
    let path = named.or_else(|| here.exists().then_some(here));
    Ok(path.map(Policy::load).transpose()?.unwrap_or_default())
}

/// The evidence of an earlier audit, with what is said of it now.
fn kept(
    file: &Path,
    role: Option<String>,
    instance: Option<CloudInstance>,
) -> Result<SecurityEvidence, Failure> {
    let Some(Document::Audit(earlier)) = Document::read(file)? else {
        return Err(Failure::bad_input(format!(
            "{}: this is no audit of loist-bench: name an audit.json, or what --format json printed",
            file.display()
        )));
    };
    let mut evidence = earlier.evidence;
    evidence.role = role.unwrap_or(evidence.role);
    evidence.instance = instance.map_or(evidence.instance, Part::Read);
    Ok(evidence)
}
