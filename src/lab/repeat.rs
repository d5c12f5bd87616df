//! One side measured again and again: a night.

use super::{Event, Interrupt, LabError, duet::Keep, side::DuetOptions};
use crate::{
    history::why_disturbed,
    record::{Ended, Record},
    text::{milliseconds, span},
};
use std::time::{Duration, Instant};

/// Number of the side that is new.
const NEW: usize = 1;

/// Measures the new side of `options` in blocks, until there are as many as its most pairs or its budget is spent, and
/// gives them; `keep` gets each as soon as it is over.
///
/// # Errors
/// When it cannot be measured at all, or `keep` fails. An interrupt ends it with what there is.
pub fn repeat<E: From<LabError>>(
    options: &DuetOptions,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
    keep: &mut Keep<'_, E>,
) -> Result<Vec<Record>, E> {
    let began = Instant::now();
    let mut blocks: Vec<Record> = Vec::new();
    for number in 1_u32.. {
        let before = Instant::now();
        match options.block(NEW, (number, true), options.seed_of(number), interrupt, listen) {
            Err(LabError::Interrupted) if number > 1 => break,
            Err(error) => return Err(error.into()),
            Ok(block) => {
                keep(&block)?;
                listen(Event::Note(told(number, &block, began.elapsed(), options)));
                let ended = block.run.ended;
                blocks.push(block);
                if ended != Ended::AsPlanned {
                    break;
                }
            }
        }
        let is_over = began.elapsed() + before.elapsed() > options.budget;
        if is_over || options.most_pairs.is_some_and(|most| blocks.len() >= most) {
            break;
        }
    }
    Ok(blocks)
}

/// A block in a line, as in `block 3: p50 0.904 ms, p95 1.59 ms; 14 s of at most 2 min`.
fn told(number: u32, block: &Record, elapsed: Duration, options: &DuetOptions) -> String {
    let response = &block.overall.response;
    let most = options.most_pairs.map_or_else(String::new, |most| format!(" of at most {most}"));
    let disturbed = why_disturbed(block).map_or_else(String::new, |why| format!(", disturbed: {why}"));
    format!(
        "block {number}{most}: p50 {} ms, p95 {} ms; {} of at most {}{disturbed}",
        milliseconds(response.p50_us),
        milliseconds(response.p95_us),
        span(elapsed.as_secs_f64()),
        span(options.budget.as_secs_f64())
    )
}
