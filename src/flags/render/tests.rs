//! What is written in each form, and that it is read back as it was.

use super::super::{Document, owned, profile, read::read};
use super::*;
use proptest::prelude::*;

const WRITTEN: [Form; 5] = [Form::Gcloud, Form::Terraform, Form::AlterSystem, Form::Conf, Form::Set];

fn options() -> Options<'static> {
    Options { instance: None, current: None, machine: None, version: 15, notes: &[] }
}

/// Settings of every kind, with signs that some form must quote.
fn awkward() -> Vec<(String, String)> {
    owned(&[
        ("shared_buffers", "1GB"),
        ("random_page_cost", "1.1"),
        ("vacuum_cost_delay", "0.25"),
        ("log_temp_files", "-1"),
        ("jit", "off"),
        ("max_wal_size", "1.5GB"),
        ("fsync", "on"),
        ("log_min_messages", "warning"),
        ("search_path", "\"$user\", public"),
        ("log_line_prefix", "%m [%p] '${x}', it's \\ "),
        ("my.extension", "a b"),
        ("io_method", "worker"),
        ("cloudsql.iam_authentication", "on"),
    ])
}

#[test]
fn the_plan_for_gcloud() {
    let plan = profile::find("plan").unwrap();
    let text = render(&plan.settings, Form::Gcloud, &options()).unwrap().text;
    let line = "gcloud sql instances patch INSTANCE --database-flags=shared_buffers=131072,work_mem=4096,\
                maintenance_work_mem=65536,effective_cache_size=262144,random_page_cost=1.1";
    assert!(text.lines().any(|found| found == line), "{text}");
}

#[test]
fn every_form() {
    for form in WRITTEN {
        let rendered = render(&awkward(), form, &options()).unwrap();
        insta::assert_snapshot!(format!("{form:?}"), rendered.text);
    }
}

#[test]
fn what_is_set_is_carried_along_and_can_be_brought_back() {
    let current = r#"{"name": "music", "settings": {"tier": "db-custom-1-3840", "databaseFlags": [
        {"name": "work_mem", "value": "8192"}, {"name": "cloudsql.iam_authentication", "value": "on"}]}}"#;
    let current: Document = read(current, None).unwrap();
    let machine: Machine = "db-custom-1-3840".parse().unwrap();
    let options = Options { current: Some(&current), machine: Some(&machine), ..options() };
    let wanted = owned(&[("work_mem", "4MB"), ("shared_buffers", "3GB")]);
    for form in [Form::Gcloud, Form::AlterSystem] {
        let rendered = render(&wanted, form, &options).unwrap();
        insta::assert_snapshot!(format!("current_{form:?}"), rendered.text);
    }
}

/// What is set now in a form with units is carried along, and undone, as Cloud SQL takes it.
#[test]
fn what_is_carried_along_is_in_bare_numbers() {
    let current = "shared_buffers = 512MB\ncheckpoint_timeout = 15min\nfsync = on\nport = 5432\njit = 0\n\
                   work_mem = 4mb\nno_such = 1\nrandom_page_cost = 1.1\n";
    let current = read(current, None).unwrap();
    let options = Options { current: Some(&current), ..options() };
    let rendered = render(&owned(&[("shared_buffers", "1GB")]), Form::Gcloud, &options).unwrap();
    for line in [
        "gcloud sql instances patch INSTANCE --database-flags=shared_buffers=131072,checkpoint_timeout=900,jit=off,\
         random_page_cost=1.1",
        "# undo: gcloud sql instances patch INSTANCE --database-flags=shared_buffers=65536,checkpoint_timeout=900,\
         jit=off,random_page_cost=1.1",
        "# WARNING: left out: fsync: Cloud SQL does not offer it",
    ] {
        assert!(rendered.text.lines().any(|found| found == line), "{line}\n{}", rendered.text);
    }
    let left_out: Vec<&String> = rendered.warnings.iter().filter(|told| told.contains("left out")).collect();
    assert_eq!(left_out.len(), 3, "fsync, work_mem, no_such; the port is nobody's surprise: {left_out:?}");
    let terraform = render(&owned(&[("jit", "on")]), Form::Terraform, &options).unwrap().text;
    assert!(terraform.contains("\"checkpoint_timeout\"\n  value = \"900\""), "{terraform}");
}

#[test]
fn comments_of_a_command_can_be_pasted() {
    let notes = ["a: $(x) > b `c`; --format=json > current.json".to_owned()];
    let current = read(r#"{"name": "m", "settings": {"databaseFlags": []}}"#, None).unwrap();
    let options = Options { notes: &notes, current: Some(&current), ..options() };
    let text = render(&owned(&[("jit", "off")]), Form::Gcloud, &options).unwrap().text;
    assert!(!text.contains(['>', '$', '`']), "{text}");
    for (name, is_right) in
        [("music-1", true), ("INSTANCE", true), ("a; b", false), ("1a", false), ("", false)]
    {
        let options = Options { instance: Some(name), ..options };
        assert_eq!(render(&owned(&[("jit", "off")]), Form::Gcloud, &options).is_ok(), is_right, "{name}");
    }
}

/// Whatever signs a value holds, the list comes apart where it was put together.
#[test]
fn a_list_without_names_stays_one() {
    for value in ["", "\"\""] {
        let pairs = [("search_path".to_owned(), value.to_owned())];
        let text = render(&pairs, Form::AlterSystem, &options()).unwrap().text;
        assert!(text.contains("SET search_path = '';"), "{text}");
    }
}

#[test]
fn no_value_becomes_a_flag_of_its_own() {
    let value = ",:;|~%@!\u{1f}fsync=off\u{a1}";
    let text = render(&owned(&[("my.level", value), ("jit", "on")]), Form::Gcloud, &options()).unwrap().text;
    assert_eq!(read(&text, None).unwrap().pairs(), owned(&[("my.level", value), ("jit", "on")]), "{text}");
}

#[test]
fn what_cannot_be_written_is_refused() {
    for (name, value, form, part) in [
        ("shared_bufers", "1GB", Form::Conf, "did you mean shared_buffers?"),
        ("work_mem", "4mb", Form::Conf, "work_mem=4mb: `mb` is no unit"),
        ("work_mem", "1kB", Form::Conf, "outside PostgreSQL's range"),
        ("fsync", "on", Form::Gcloud, "nothing to write: left out: fsync: Cloud SQL does not offer it"),
        ("io_method", "sync", Form::Conf, "PostgreSQL 15 does not have it"),
        ("work_mem", "4MB", Form::Record, "is read, not written"),
        ("a.b\nfsync", "off", Form::Conf, "PostgreSQL has no setting of that name"),
        ("a. b", "off", Form::Conf, "PostgreSQL has no setting of that name"),
    ] {
        let error = render(&owned(&[(name, value)]), form, &options()).unwrap_err().to_string();
        assert!(error.contains(part), "{name}={value}: {error}");
    }
}

/// What a form can hold of these settings, as values.
fn values(pairs: &[(String, String)], form: Form) -> Vec<(String, Value)> {
    let mut values = Vec::new();
    for (name, text) in pairs {
        let flag = catalog::find_in(name, 15);
        let is_there = flag.is_none_or(|flag| match form {
            Form::Gcloud | Form::Terraform => flag.cloud_sql != Known::No,
            Form::Set => flag.is_session_settable(),
            _ => flag.context != "cloud",
        });
        let is_known = flag.is_some() || name.contains('.');
        if is_there && is_known {
            let value = flag.map_or_else(|| Value::Text(text.clone()), |flag| flag.parse(text).unwrap());
            values.push((name.clone(), value));
        }
    }
    values
}

proptest! {
    /// What is written in any form is read as the same settings.
    #[test]
    fn every_form_is_read_back(
        picks in proptest::collection::vec((0..1000_usize, 0.0..1.0_f64), 1..8),
        prefix in "[ -~äß]{0,20}",
    ) {
        let mut settings = awkward();
        settings.push(("application_name".to_owned(), prefix));
        for (at, share) in picks {
            let flags = catalog::all();
            let flag = &flags[at % flags.len()];
            let Some(flag) = catalog::find_in(flag.name, 15) else { continue };
            let numeric = matches!(flag.kind, catalog::Kind::Integer | catalog::Kind::Real);
            if !numeric || flag.context == "internal" || settings.iter().any(|(name, _)| name == flag.name) {
                continue;
            }
            let (min, max) = (flag.min.unwrap_or(0.0), flag.max.unwrap_or(1e6).min(1e9));
            let amount = min + ((max - min) * share.powi(6)).floor();
            settings.push((flag.name.to_owned(), amount.to_string()));
        }
        for form in WRITTEN {
            let text = render(&settings, form, &options()).unwrap().text;
            prop_assert_eq!(Form::detect(&text), form, "{}", text);
            let read = read(&text, None).unwrap();
            prop_assert_eq!(values(&read.pairs(), form), values(&settings, form), "{}", text);
            prop_assert!(!read.remarks.iter().any(|remark| remark.is_error), "{:?}\n{}", read.remarks, text);
        }
    }
}
