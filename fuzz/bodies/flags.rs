//! Lists of settings in every form, and instances of Cloud SQL.

use super::text;
use loist_bench::flags::{
    FlagsError, Form,
    catalog::{self, DEFAULT_VERSION},
    check::{Context, check},
    instance::CloudInstance,
    read,
    render::{Options, render},
    value::Value,
};

type Pair = (String, String);

/// As what it looks like, and as each form: what was read can be checked, and written in each form.
pub(super) fn read(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    let lines = text.matches('\n').count() + 1;
    let mut is_accepted = false;
    for form in [None].into_iter().chain(Form::READ.map(Some)) {
        match read::read(text, form) {
            Ok(document) => {
                let findings = check(&document, &Context::default());
                let known = findings.iter().filter_map(|finding| finding.line);
                let written = document.settings.iter().map(|written| written.line);
                assert!(known.chain(written).all(|line| line <= lines), "{findings:?}");
                Form::WRITTEN.into_iter().for_each(|form| write(&document.pairs(), form));
                is_accepted |= form.is_none() && !document.settings.is_empty();
            }
            Err(FlagsError::Malformed { line, reason }) => assert!((1..=lines).contains(&line), "{reason}"),
            Err(_) => {}
        }
    }
    is_accepted
}

/// What is written sets nothing that it was not to set, and read and written again it is the same.
fn write(pairs: &[Pair], form: Form) {
    let Some(first) = written(pairs, form) else { return };
    let Some(once) = settings(&first, form) else { return };
    let is_wanted = |name: &str| pairs.iter().any(|(wanted, _)| wanted.eq_ignore_ascii_case(name));
    assert!(once.iter().all(|(name, _)| is_wanted(name)), "{once:?} in {first}");
    let second = written(&once, form).unwrap_or_else(|| panic!("{form} cannot be written again: {first}"));
    let twice = settings(&second, form).unwrap_or_else(|| panic!("it sets nothing: {second}"));
    assert!(
        once.len() == twice.len() && once.iter().zip(&twice).all(|(one, other)| is_same(one, other)),
        "{first}\n{second}"
    );
}

fn written(pairs: &[Pair], form: Form) -> Option<String> {
    let options =
        Options { instance: None, current: None, machine: None, version: DEFAULT_VERSION, notes: &[] };
    render(pairs, form, &options).ok().map(|rendered| rendered.text)
}

/// What a text sets that was written here; `None` where it is all comments.
fn settings(text: &str, form: Form) -> Option<Vec<Pair>> {
    match read::read(text, Some(form)) {
        Ok(document) => Some(document.pairs()).filter(|pairs| !pairs.is_empty()),
        Err(FlagsError::Nothing { .. }) => None,
        Err(error) => panic!("{error}: {text}"),
    }
}

/// The same setting; numbers with decimals may differ in their last digit, by the unit that they are shown in.
fn is_same((name, one): &Pair, (other_name, other): &Pair) -> bool {
    let Some(flag) = catalog::find_in(name, DEFAULT_VERSION) else {
        return (name, one) == (other_name, other);
    };
    name == other_name
        && match (flag.parse(one), flag.parse(other)) {
            (Ok(Value::Real(one)), Ok(Value::Real(other))) => (one - other).abs() <= 1e-9 * one.abs(),
            (one, other) => one == other,
        }
}

/// What gcloud tells of an instance: what is kept of it in an audit reads the same.
pub(super) fn instance(data: &[u8]) -> bool {
    let Some(Ok(instance)) = text(data).map(CloudInstance::read) else { return false };
    let kept = serde_json::to_string(&instance).expect("an instance is plain data");
    assert_eq!(serde_json::from_str::<CloudInstance>(&kept).ok(), Some(instance));
    true
}
