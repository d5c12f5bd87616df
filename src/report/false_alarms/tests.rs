//! A/A measurements as people read them.

use super::*;
use crate::report::{
    fixture::{alarms, harmless, hostile_alarms, snapshot},
    grid::Tone,
};

/// What a terminal without styles shows.
fn shown(alarms: &FalseAlarms) -> String {
    anstream::adapter::strip_str(&render(alarms)).to_string()
}

#[test]
fn on_the_terminal() {
    snapshot("false_alarms", &shown(&alarms(60, 0)));
}

#[test]
fn the_promise_is_held_against_what_can_be_known() {
    assert_eq!(words::outcome(&alarms(0, 0)).0, Tone::Warn);
    assert_eq!(words::outcome(&alarms(60, 0)).0, Tone::Plain);
    assert_eq!(words::outcome(&alarms(400, 0)).0, Tone::Good);
    assert_eq!(words::outcome(&alarms(60, 6)).0, Tone::Bad);
    assert!(words::sentence(&alarms(60, 6)).ends_with("that is more than the 1 % promised"));
    assert!(words::sentence(&alarms(0, 0)).starts_with("no comparison was made"));
    assert!(shown(&alarms(0, 0)).contains(" -"), "no rate");
}

#[test]
fn nothing_is_obeyed_and_no_number_is_none() {
    harmless(&shown(&hostile_alarms()));
}
