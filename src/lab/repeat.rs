//! One side measured again and again: a night.

use super::{Event, Interrupt, LabError, duet::Keep, side::DuetOptions};
use crate::record::{Ended, Record};
use std::time::Instant;

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
                let ended = block.run.ended;
                blocks.push(block);
                if ended != Ended::AsPlanned {
                    break;
                }
            }
        }
        listen(Event::Note(format!("block {number}")));
        let is_over = began.elapsed() + before.elapsed() > options.budget;
        if is_over || options.most_pairs.is_some_and(|most| blocks.len() >= most) {
            break;
        }
    }
    Ok(blocks)
}
