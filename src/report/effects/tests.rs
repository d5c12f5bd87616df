//! Comparisons as people read them.

use super::*;
use crate::{
    compare::{Answer, Design, Stop},
    record::Metric,
    report::fixture::{EVIL, answered, groups, harmless, hostile, pairs, single, snapshot},
};

/// What a terminal without styles shows.
fn shown(effects: &Effects) -> String {
    anstream::adapter::strip_str(&render(effects)).to_string()
}

#[test]
fn each_design_on_the_terminal() {
    snapshot("effects_of_pairs", &shown(&pairs()));
    snapshot("effects_of_groups", &shown(&groups()));
    snapshot("effects_of_single_runs", &shown(&single()));
}

#[test]
fn the_sentence_says_it_all() {
    let of = |answer: Answer| words::sentence(&answered(|_| answer));
    assert_eq!(
        words::sentence(&pairs()),
        "new (set:work_mem=64kB) is worse than base (as-is) in 2 of 3 operations, and faster in 1 of 3 operations: search_library p95 +21 % (+15..+28 %), facets SLO misses +2.0 points (+1.2..+2.9 points) and 1 more"
    );
    assert_eq!(of(Answer::Equivalent), "nothing is slower: all 7 answers are equivalent within 5 %");
    assert_eq!(of(Answer::NotResolved), "it cannot be told: none of 7 answers could be resolved");
    let mixed = answered(
        |effect| {
            if effect.metric == Metric::P50 { Answer::Equivalent } else { Answer::NotResolved }
        },
    );
    assert_eq!(
        words::sentence(&mixed),
        "nothing was found to be slower: 4 answers are equivalent within 5 %, 3 could not be resolved"
    );
    let faster = |rest: Answer| {
        words::sentence(&answered(|effect| if effect.metric == Metric::P95 { Answer::Faster } else { rest }))
    };
    assert!(
        faster(Answer::Equivalent)
            .contains(" is faster than base (as-is) in 2 of 3 operations, and in none slower: ")
    );
    let open = faster(Answer::NotResolved);
    assert!(
        open.contains("and in none known to be slower; 5 could not be resolved: search_library p95"),
        "{open}"
    );
    assert!(words::sentence(&single()).ends_with("were run once each: what differs is shown and not judged"));
    let mut nothing = pairs();
    nothing.operations.clear();
    assert!(words::sentence(&nothing).starts_with("nothing was judged"));
}

#[test]
fn where_not_one_pair_counts_the_cause_comes_first_and_no_table() {
    let mut effects = answered(|_| Answer::NotResolved);
    let Design::Pairs { pairs, set_aside } = &mut effects.design else { panic!("a duet") };
    (*pairs, set_aside[0].reason) = (0, set_aside[2].reason.clone());
    let text = shown(&effects);
    let first = "it cannot be told: all 3 pairs were set aside: the block of new: other processes used 12 % of the processors; and for 1 more reason\n";
    assert!(text.starts_with(first), "{text}");
    assert!(!text.contains("answer\n") && !text.contains("Not resolved"), "{text}");
    let page = crate::report::html::effects(&effects);
    assert!(page.contains("not one pair counts") && !page.contains("id=\"forest-times\""));
    assert!(!crate::report::markdown::effects(&effects).contains("### Answers"));
}

#[test]
fn a_reason_that_most_have_is_said_once_and_another_in_its_row() {
    let mut effects = groups();
    effects.operations[0].metrics[0].reason = Some("2 and 3 runs are too few".to_owned());
    let text = shown(&effects);
    assert_eq!(text.matches("3 and 3 runs are too few for this confidence").count(), 1, "{text}");
    assert!(text.contains("not resolved: 2 and 3 runs are too few\n"), "{text}");
}

#[test]
fn all_together_is_no_operation() {
    let mut effects = answered(|_| Answer::Equivalent);
    effects.operations[3].metrics[0].answer = Answer::Slower;
    assert_eq!(
        words::sentence(&effects),
        "new (set:work_mem=64kB) is slower than base (as-is) in all operations together, though in none by itself: all p50 +2.5 % (+1.0..+4.0 %)"
    );
}

#[test]
fn answers_say_what_could_have_been_seen() {
    let effects = pairs();
    let of =
        |operation: usize, metric: usize| words::answer(&effects.operations[operation].metrics[metric], None);
    assert_eq!(of(0, 0), "slower");
    assert_eq!(of(1, 0), "equivalent within 5 %");
    assert_eq!(of(1, 1), "not resolved (could have seen 18 %)");
    assert_eq!(of(1, 2), "worse");
    assert_eq!(of(2, 0), "faster");
    assert_eq!(of(2, 1), "not resolved: 12 calls a run are too few for p95: it takes 60");
}

#[test]
fn one_reason_for_all_is_said_once() {
    for effects in [groups(), single()] {
        let reason = reasons::common_reason(&effects).unwrap();
        assert_eq!(shown(&effects).matches(reason).count(), 1);
    }
    assert_eq!(reasons::common_reason(&pairs()), None);
}

#[test]
fn every_end_of_an_experiment_is_told() {
    for (stop, words) in [
        (Stop::Certain, "every answer was certain"),
        (Stop::Enough, "what was waited for was certain"),
        (Stop::Pairs, "as many pairs as were asked for"),
        (Stop::Budget, "the time was over"),
        (Stop::Interrupted, "it was interrupted"),
        (Stop::ServerLost, "a server went away"),
        (Stop::Braked, "the brake ended the load"),
    ] {
        let mut effects = pairs();
        effects.experiment.as_mut().unwrap().ended = stop;
        assert!(shown(&effects).contains(words), "{stop:?}");
    }
}

#[test]
fn reasons_that_differ_in_figures_are_one() {
    let reasons = reasons::set_aside(&pairs());
    let pairs: Vec<&[u32]> = reasons.iter().map(|reason| reason.pairs.as_slice()).collect();
    assert_eq!(pairs, [[2, 9].as_slice(), &[5]]);
    assert!(reasons[0].sentence.contains("31.5 %"));
}

#[test]
fn nothing_is_obeyed_and_no_number_is_none() {
    let text = shown(&hostile());
    harmless(&text);
    assert!(text.contains("</summary><script>") && !text.contains(EVIL));
}
