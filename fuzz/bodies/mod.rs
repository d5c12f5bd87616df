//! What each fuzz target does with its bytes. libFuzzer makes the bytes up (`fuzz_targets`); `tests/fuzz.rs` takes those of
//! `corpus`. No reader may panic, whatever it is given, and what it accepts must keep what each target asserts.

mod access;
mod documents;
mod flags;
mod history;
mod plans;
mod policies;
mod record;
mod workload;

/// A target: its name, which is that of its directory in `corpus`, and what it does with some bytes. That gives whether
/// the reader accepted them.
pub(crate) type Target = (&'static str, fn(&[u8]) -> bool);

/// All targets.
pub(crate) const TARGETS: &[Target] = &[
    ("audit_policy", policies::audit),
    ("connection", access::connection),
    ("document", documents::read),
    ("dotenv", access::dotenv),
    ("flags", flags::read),
    ("gate_policy", policies::gate),
    ("history", history::read),
    ("instance", flags::instance),
    ("page", record::page),
    ("passfile", access::passfile),
    ("plan", plans::read),
    ("record", record::read),
    ("service", access::service),
    ("template", workload::template),
    ("workload", workload::file),
];

/// Gives the bytes to the target of that name, and tells whether its reader accepted them.
pub(crate) fn run(name: &str, data: &[u8]) -> bool {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, body) = target.unwrap_or_else(|| panic!("there is no target {name}"));
    body(data)
}

/// The bytes as text, which is what most files must be.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// Whether a document's numbers are such as a measurement has: beyond them sums do not fit.
fn is_plausible(json: &str) -> bool {
    fn holds(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() <= 1e15),
            serde_json::Value::Array(values) => values.iter().all(holds),
            serde_json::Value::Object(fields) => fields.values().all(holds),
            _ => true,
        }
    }
    serde_json::from_str(json).is_ok_and(|value| holds(&value))
}

/// Whether `place`, as in `file:3`, names a line that `text` has. Behind the last line break there is one, too.
fn is_in(place: &str, text: &str) -> bool {
    let line = place.rsplit(':').next().and_then(|line| line.parse::<usize>().ok());
    line.is_some_and(|line| (1..=text.matches('\n').count() + 1).contains(&line))
}
