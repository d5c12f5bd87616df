//! Which parameters calls had: a few of them, to ask the server later how it answers such calls.
//!
//! A thread keeps an even sample and the slowest call of each operation. Values are copied only for a call that is
//! kept, into memory that is there already, so that most calls cost two comparisons.

use crate::{
    stats::{Reservoir, merge_samples, stream},
    workload::Value,
};
use rand_pcg::Pcg64;
use std::time::Duration;

/// Calls in an operation's sample.
const SAMPLE: usize = 16;

/// Purpose of the random streams that choose what is kept; the clients' own choices stay as they are.
const CAPTURE_STREAMS: u64 = 102;
/// Purpose of the random stream that brings the threads' samples together.
const MERGE_STREAM: u64 = 113;

/// One call of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct CallSample {
    /// How long it held connections, from the first statement sent to the last answer.
    pub service: Duration,
    /// Its values, one a slot of the operation.
    pub values: Vec<Value>,
}

impl CallSample {
    fn of(service: Duration, values: &[Value]) -> Self {
        Self { service, values: values.to_vec() }
    }

    /// Becomes another call, in the memory of this one.
    fn become_call(&mut self, service: Duration, values: &[Value]) {
        self.service = service;
        self.values.truncate(values.len());
        let (over, more) = values.split_at(self.values.len());
        for (to, from) in self.values.iter_mut().zip(over) {
            match (to, from) {
                (Value::Text(to), Value::Text(from)) => to.clone_from(from),
                (to, from) => *to = from.clone(),
            }
        }
        self.values.extend_from_slice(more);
    }
}

/// What is kept of one operation's completed calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CapturedCalls {
    /// How many there were.
    pub calls: u64,
    /// A few of them; each call had the same chance to be among them.
    pub sample: Vec<CallSample>,
    /// The one that held connections for longest.
    pub slowest: Option<CallSample>,
}

impl CapturedCalls {
    /// One even sample, and the slowest call, of what several threads or operations kept. What `tag` makes of a call
    /// and the number of the part it comes from is what remains of it.
    #[must_use]
    pub fn merged<T>(parts: &[&Self], tag: impl Fn(usize, &CallSample) -> T) -> (Vec<T>, Option<T>) {
        let samples = parts.iter().enumerate();
        let samples = samples.map(|(number, part)| {
            (part.calls, part.sample.iter().map(|call| (number, call)).collect::<Vec<_>>())
        });
        let merged = merge_samples(samples.collect(), SAMPLE, &mut stream(0, MERGE_STREAM, 0));
        let slowest =
            parts.iter().enumerate().filter_map(|(number, part)| Some((number, part.slowest.as_ref()?)));
        let slowest = slowest.max_by_key(|(_, call)| call.service);
        (
            merged.into_iter().map(|(number, call)| tag(number, call)).collect(),
            slowest.map(|(number, call)| tag(number, call)),
        )
    }
}

/// What one thread keeps during one phase.
#[derive(Debug)]
pub struct Capture {
    operations: Vec<Keeper>,
}

#[derive(Debug)]
struct Keeper {
    chosen: Reservoir,
    sample: Vec<CallSample>,
    longest: Duration,
    slowest: Option<CallSample>,
}

impl Capture {
    /// For so many operations; `number` tells the phase and the thread.
    #[must_use]
    pub fn new(operations: usize, seed: u64, number: u64) -> Self {
        let keeper = |index| {
            // Phases and threads are told by the upper bits, and no workload has so many operations.
            let rng: Pcg64 = stream(seed, CAPTURE_STREAMS, (number << 16) | index as u64);
            Keeper {
                chosen: Reservoir::new(SAMPLE, rng),
                sample: Vec::with_capacity(SAMPLE),
                longest: Duration::ZERO,
                slowest: None,
            }
        };
        Self { operations: (0..operations).map(keeper).collect() }
    }

    /// A call has completed.
    #[inline]
    pub fn offer(&mut self, operation: usize, service: Duration, values: &[Value]) {
        let keeper = &mut self.operations[operation];
        if service > keeper.longest {
            keeper.keep_slowest(service, values);
        }
        if let Some(place) = keeper.chosen.offer() {
            keeper.keep(place, service, values);
        }
    }

    /// What was kept, by operation.
    #[must_use]
    pub fn finish(self) -> Vec<CapturedCalls> {
        let captured = |keeper: Keeper| CapturedCalls {
            calls: keeper.chosen.seen(),
            sample: keeper.sample,
            slowest: keeper.slowest,
        };
        self.operations.into_iter().map(captured).collect()
    }
}

impl Keeper {
    #[cold]
    fn keep_slowest(&mut self, service: Duration, values: &[Value]) {
        self.longest = service;
        match &mut self.slowest {
            Some(slowest) => slowest.become_call(service, values),
            None => self.slowest = Some(CallSample::of(service, values)),
        }
    }

    #[cold]
    fn keep(&mut self, place: usize, service: Duration, values: &[Value]) {
        match self.sample.get_mut(place) {
            Some(kept) => kept.become_call(service, values),
            None => self.sample.push(CallSample::of(service, values)),
        }
    }
}

/// What the threads of a phase kept, by operation.
pub(super) fn merge(threads: &[Vec<CapturedCalls>]) -> Vec<CapturedCalls> {
    let operations = threads.iter().map(Vec::len).max().unwrap_or_default();
    let merge = |index: usize| {
        let parts: Vec<&CapturedCalls> = threads.iter().filter_map(|thread| thread.get(index)).collect();
        let (sample, slowest) = CapturedCalls::merged(&parts, |_, call| call.clone());
        CapturedCalls { calls: parts.iter().map(|part| part.calls).sum(), sample, slowest }
    };
    (0..operations).map(merge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(number: u64) -> Vec<Value> {
        vec![Value::Text(format!("call {number}")), Value::Int(number as i64), Value::Null]
    }

    fn milliseconds(number: u64) -> Duration {
        Duration::from_millis(1 + number * 7_919 % 997)
    }

    #[test]
    fn what_is_kept_is_whole_and_the_slowest_is_there() {
        let mut threads = Vec::new();
        for thread in 0..2 {
            let mut capture = Capture::new(2, 42, thread);
            for number in 0..1_000 {
                // The second operation is never called.
                capture.offer(0, milliseconds(2 * number + thread), &values(2 * number + thread));
            }
            threads.push(capture.finish());
        }
        let captured = merge(&threads);
        assert_eq!(captured[1], CapturedCalls::default());
        let calls = &captured[0];
        assert_eq!((calls.calls, calls.sample.len()), (2_000, SAMPLE));
        let longest = (0..2_000).map(milliseconds).max().unwrap();
        let slowest = calls.slowest.clone().unwrap();
        assert_eq!(slowest.service, longest);
        for call in calls.sample.iter().chain([&slowest]) {
            let Value::Int(number) = call.values[1] else { panic!("{call:?}") };
            assert_eq!(*call, CallSample::of(milliseconds(number as u64), &values(number as u64)));
        }
    }

    #[test]
    fn fewer_calls_are_all_kept() {
        let mut capture = Capture::new(1, 42, 0);
        (0..3).for_each(|number| capture.offer(0, milliseconds(number), &values(number)));
        let captured = merge(&[capture.finish()]);
        assert_eq!((captured[0].calls, captured[0].sample.len()), (3, 3));
    }

    /// Operations with other slots may follow each other in one place.
    #[test]
    fn a_call_leaves_nothing_behind() {
        let mut kept = CallSample::of(Duration::ZERO, &values(1));
        for next in [vec![Value::Null], vec![], values(2), vec![Value::Text("x".into()); 5]] {
            kept.become_call(Duration::from_secs(1), &next);
            assert_eq!(kept, CallSample::of(Duration::from_secs(1), &next));
        }
    }
}
