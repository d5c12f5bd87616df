//! A side of a duet, as the command line names it: parts joined by `+`.

use super::{
    args::{setting, transport},
    failure::Failure,
    machine_arg::flags,
};
use crate::{
    lab::Side,
    observe,
    target::{self, Schema, TargetOptions, Transport},
    workload::{Workload, builtin},
};
use std::path::Path;

/// What a part can be, for help and for messages.
const PARTS: &str = "as-is, here, flags:PROFILE|FILE, set:NAME=VALUE, transport:unix|tcp|tls, schema:DIR, workload:NAME|FILE, git:REVISION, or a database URL";
/// The side that is as this program comes.
pub(super) const AS_IS: &str = "as-is";
/// The side that has the schema and the workloads of the current directory.
pub(super) const HERE: &str = "here";
/// How parts with a value begin.
const KINDS: [&str; 6] = ["flags:", "set:", "transport:", "schema:", "workload:", "git:"];

/// The side that `text` names, different from what all sides share as it says.
///
/// # Errors
/// When a part is none, or names what is not there.
pub(super) fn side(text: &str, workload: &Workload, target: &TargetOptions) -> Result<Side, Failure> {
    let mut side = Side { label: text.to_owned(), workload: workload.clone(), target: target.clone() };
    if is_address(text) {
        of_address(text, &mut side)?;
    } else {
        parts(text).iter().try_for_each(|part| apply(part, &mut side))?;
        side.target.can_start().map_err(|why| Failure::bad_input(format!("{}: {why}", side.label)))?;
    }
    if side.workload.name != workload.name {
        return Err(Failure::bad_input(format!(
            "{}: it replays the workload {}, the others {}: only sides of one workload can be compared",
            side.label, side.workload.name, workload.name
        )));
    }
    Ok(side)
}

/// Whether the side that `text` names is one of a git revision.
pub(super) fn is_of_revision(text: &str) -> bool {
    parts(text).iter().any(|part| part.starts_with("git:"))
}

fn is_address(text: &str) -> bool {
    text.contains("://")
}

/// Parts between plus signs; a plus sign that no part follows belongs to the value before it.
fn parts(text: &str) -> Vec<String> {
    let begins_part = |text: &str| {
        let text = text.trim();
        [AS_IS, HERE].contains(&text) || KINDS.iter().any(|kind| text.starts_with(kind))
    };
    let mut parts: Vec<String> = Vec::new();
    for piece in text.split('+') {
        match parts.last_mut() {
            Some(part) if begins_part(part) && !begins_part(piece) => {
                part.push('+');
                part.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// A database that is there already: its label never holds the password.
fn of_address(text: &str, side: &mut Side) -> Result<(), Failure> {
    side.label = target::address_of(text)?;
    let target = &side.target;
    let of_embedded = [
        ("--set", !target.settings.is_empty()),
        ("--flags", target.profile.is_some()),
        ("--transport", target.transport != Transport::Unix),
    ];
    if let Some((option, _)) = of_embedded.iter().find(|(_, given)| *given) {
        return Err(Failure::bad_input(format!(
            "{}: {option} is for servers that loist-bench starts, and this one is there already: leave it out, or say it of the other side alone, as in set:jit=off",
            side.label
        )));
    }
    side.target.database_url = Some(text.to_owned());
    side.target.embedded = false;
    Ok(())
}

fn apply(part: &str, side: &mut Side) -> Result<(), Failure> {
    if part == AS_IS {
        return Ok(());
    }
    if part == HERE {
        return of_directory(side);
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
        "transport" => side.target.transport = transport(value).map_err(said)?,
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

/// The schema and the workload of the current directory; what it does not have stays as it is.
fn of_directory(side: &mut Side) -> Result<(), Failure> {
    let (schema, workloads) = (Path::new(SCHEMA), Path::new(WORKLOADS));
    if !schema.is_dir() && !workloads.is_dir() {
        return Err(Failure::bad_input(format!(
            "{HERE}: the current directory has neither {SCHEMA}/ nor {WORKLOADS}/: run loist-bench where they are, or write {AS_IS}"
        )));
    }
    if schema.is_dir() {
        side.target.schema = Schema::load(schema)?;
    }
    let workload = workloads.join(format!("{}.toml", side.workload.name));
    if workload.is_file() {
        side.workload = Workload::load(&workload)?;
    }
    Ok(())
}

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
    let read = |file: &str| git(&["show", &format!("{commit}:./{file}")]).map_err(Failure::environment);
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

/// What git says in the current directory, or why it does not.
pub(super) fn git(arguments: &[&str]) -> Result<String, String> {
    observe::git(Path::new("."), arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_no_postgresql_takes_is_refused_at_once() {
        for (text, part) in
            [("wrk_mem=1", "did you mean work_mem?"), ("work_mem=1", "outside PostgreSQL's range")]
        {
            let error = setting(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        for text in ["Work_Mem=2MB", "wal_buffers=-1", "my.own=x", "include=/etc/passwd"] {
            assert!(setting(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_plus_sign_that_no_part_follows_is_the_value_s() {
        for (text, expected) in [
            ("as-is", &["as-is"][..]),
            ("here + set:work_mem=1MB", &["here", "set:work_mem=1MB"]),
            ("git:release/1.0+fix+set:a=1+2", &["git:release/1.0+fix", "set:a=1+2"]),
            ("schema:a+b", &["schema:a+b"]),
            ("nonsense+set:a=1", &["nonsense", "set:a=1"]),
            ("set:a=1+nonsense:x", &["set:a=1+nonsense:x"]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
        assert!(is_of_revision("set:a=1+git:main") && !is_of_revision("as-is+set:a=git:x"));
    }
}
