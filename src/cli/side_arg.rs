//! A side of a duet, as the command line names it: parts joined by `+`.

use super::{args::setting, failure::Failure, machine_arg::flags};
use crate::{
    lab::Side,
    target::{Schema, TargetOptions},
    workload::{Workload, builtin},
};
use std::{path::Path, process::Command};

/// What a part can be, for help and for messages.
const PARTS: &str = "as-is, flags:PROFILE|FILE, set:NAME=VALUE, schema:DIR, workload:NAME|FILE, git:REVISION, or a database URL";

/// The side that `text` names, different from what all sides share as it says.
///
/// # Errors
/// When a part is none, or names what is not there.
pub(super) fn side(text: &str, workload: &Workload, target: &TargetOptions) -> Result<Side, Failure> {
    let mut side = Side { label: label(text), workload: workload.clone(), target: target.clone() };
    // An address may hold a plus sign.
    let parts: Vec<&str> = if text.contains("://") { vec![text] } else { text.split('+').collect() };
    for part in parts {
        apply(part.trim(), &mut side)?;
    }
    if side.workload.name != workload.name {
        return Err(Failure::bad_input(format!(
            "{text}: it replays the workload {}, the others {}: only sides of one workload can be compared",
            side.workload.name, workload.name
        )));
    }
    Ok(side)
}

/// An address without its password.
fn label(text: &str) -> String {
    crate::flags::secret::without_passwords(text)
}

fn apply(part: &str, side: &mut Side) -> Result<(), Failure> {
    if part == "as-is" {
        return Ok(());
    }
    if part.contains("://") {
        side.target.database_url = Some(part.to_owned());
        side.target.embedded = false;
        return Ok(());
    }
    let Some((kind, value)) = part.split_once(':').filter(|(_, value)| !value.trim().is_empty()) else {
        return Err(Failure::bad_input(format!(
            "`{part}` is no side of a duet: write {PARTS}; several are joined by +"
        )));
    };
    let said = |reason: String| Failure::bad_input(format!("{part}: {reason}"));
    match kind {
        "flags" => side.target.profile = Some(flags(value).map_err(said)?),
        "set" => side.target.settings.push(setting(value).map_err(said)?),
        "schema" => side.target.schema = Schema::load(Path::new(value))?,
        "workload" => side.workload = builtin::find(value)?,
        "git" => of_revision(value, side)?,
        other => {
            return Err(Failure::bad_input(format!(
                "`{other}:` names nothing that a side can be: write {PARTS}"
            )));
        }
    }
    Ok(())
}

/// Directories of a repository that a revision is read from.
const SCHEMA: &str = "schema";
const WORKLOADS: &str = "workloads";

/// The schema and the workload as a revision of the repository here has them; what it does not have stays as it is.
fn of_revision(revision: &str, side: &mut Side) -> Result<(), Failure> {
    let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
        .map_err(|reason| {
            let reason = if reason.is_empty() { "there is no such revision".to_owned() } else { reason };
            Failure::bad_input(format!(
                "git:{revision}: {reason}: name a revision of the git repository in the current directory (in CI, fetch it first)"
            ))
        })?;
    let commit = commit.trim();
    let listed = |directory: &str| -> Result<Vec<String>, Failure> {
        let names = git(&["ls-tree", "--name-only", commit, &format!("{directory}/")]);
        Ok(names.map_err(Failure::environment)?.lines().map(str::to_owned).collect())
    };
    let read = |file: &str| git(&["show", &format!("{commit}:{file}")]).map_err(Failure::environment);
    let name = |file: &str| file.rsplit('/').next().unwrap_or(file).to_owned();
    let schema = listed(SCHEMA)?;
    if !schema.is_empty() {
        let files = schema.iter().filter(|file| file.ends_with(".sql"));
        let files = files.map(|file| Ok((name(file), read(file)?))).collect::<Result<Vec<_>, Failure>>()?;
        side.target.schema = Schema::of(files, &format!("{SCHEMA} of git:{revision}"))?;
    }
    let wanted = format!("{WORKLOADS}/{}.toml", side.workload.name);
    let workloads = listed(WORKLOADS)?;
    if workloads.contains(&wanted) {
        side.workload = Workload::parse(&read(&wanted)?, &format!("git:{revision}:{wanted}"))?;
    }
    if schema.is_empty() && workloads.is_empty() {
        return Err(Failure::bad_input(format!(
            "git:{revision}: it has neither {SCHEMA}/ nor {WORKLOADS}/: run loist-bench where the repository has them"
        )));
    }
    Ok(())
}

/// What git says, or why it does not.
pub(super) fn git(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(arguments)
        .output()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
