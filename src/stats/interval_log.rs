//! HdrHistogram's interval log: one histogram a slice of time and operation, which the public tools read.
//!
//! The format is that of `HistogramLogWriter` in the Java library, version 1.3 (the one with tags and a base time):
//! <https://github.com/HdrHistogram/HdrHistogram>.

use super::histogram::{HIGHEST_NS, bounded};
use hdrhistogram::{
    Histogram,
    serialization::{
        V2DeflateSerializer,
        interval_log::{IntervalLogWriter, IntervalLogWriterBuilder, Tag},
    },
};
use std::time::{Duration, SystemTime};

/// The column that people read, the maximum, stands in milliseconds; the histograms hold nanoseconds.
const NANOSECONDS_IN_MAXIMUM: f64 = 1e6;
const HEADING: &str = "[Histogram log format version 1.3]
[Response times: histograms in nanoseconds, Interval_Max in milliseconds, one tag an operation]";

/// A log that grows in memory, some kilobytes an interval.
#[derive(Debug)]
pub struct IntervalLog {
    text: Vec<u8>,
    /// Serves every interval, since an empty one is large.
    histogram: Histogram<u64>,
}

impl IntervalLog {
    /// A log without intervals. `started_at` is when the window began; it stands in the log to the millisecond.
    #[must_use]
    pub fn new(started_at: SystemTime) -> Self {
        let mut builder = IntervalLogWriterBuilder::new();
        // Readers guess what the times of intervals count from unless both are there.
        builder.add_comment(HEADING).with_start_time(started_at).with_base_time(started_at);
        Self { text: written(&mut builder, |_| {}), histogram: bounded() }
    }

    /// Adds an interval: it began `at` after the start and lasted `length`, both kept to the millisecond. Intervals
    /// go in by time, those of the same time in any order; empty ones too, or an idle second would look like one
    /// that nobody measured. `latencies` are pairs of nanoseconds and count; above ten minutes they stand as ten
    /// minutes. In `tag`, a comma or a blank becomes `_`, since the format has no quotes.
    pub fn add(
        &mut self,
        tag: &str,
        at: Duration,
        length: Duration,
        latencies: impl Iterator<Item = (u64, u64)>,
    ) {
        self.histogram.reset();
        for (ns, count) in latencies {
            self.histogram.saturating_record_n(ns.min(HIGHEST_NS), count);
        }
        let tag = tag.replace([',', ' ', '\r', '\n'], "_");
        let text = written(&mut IntervalLogWriterBuilder::new(), |writer| {
            writer
                .write_histogram(&self.histogram, at, length, Tag::new(&tag))
                .expect("writing to memory does not fail");
        });
        // The writer says its divisor before all else, in every one of these short logs.
        let line = text.split_inclusive(|byte| *byte == b'\n').next_back().unwrap_or_default();
        self.text.extend_from_slice(line);
    }

    /// The whole log, UTF-8 text.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.text
    }
}

type Writer<'a, 'b> = IntervalLogWriter<'a, 'b, Vec<u8>, V2DeflateSerializer>;

/// A log of its own: the crate's writer borrows what it writes to, so it cannot live beside it.
fn written(builder: &mut IntervalLogWriterBuilder, fill: impl FnOnce(&mut Writer<'_, '_>)) -> Vec<u8> {
    let (mut text, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
    let mut writer = builder
        .with_max_value_divisor(NANOSECONDS_IN_MAXIMUM)
        .begin_log_with(&mut text, &mut serializer)
        .expect("writing to memory does not fail");
    fill(&mut writer);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::LatencyHistogram;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    use proptest::prelude::*;

    /// What the crate's own reader sees: tag, begin, length, maximum and histogram of each interval.
    fn read(log: &[u8]) -> Vec<(String, Duration, Duration, f64, LatencyHistogram)> {
        IntervalLogIterator::new(log)
            .filter_map(|entry| match entry.unwrap() {
                LogEntry::Interval(interval) => Some((
                    interval.tag().unwrap().as_str().to_owned(),
                    interval.start_timestamp(),
                    interval.duration(),
                    interval.max(),
                    LatencyHistogram::decode(interval.encoded_histogram()).unwrap(),
                )),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn the_heading_comes_once() {
        let mut log = IntervalLog::new(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250));
        for second in 0..3 {
            let latencies = [(2_000_000, 3), (7_500_000, 1)].into_iter();
            log.add("get_track", Duration::from_secs(second), Duration::from_secs(1), latencies);
        }
        let text = String::from_utf8(log.finish()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[..5],
            [
                "#[Histogram log format version 1.3]",
                "#[Response times: histograms in nanoseconds, Interval_Max in milliseconds, one tag an operation]",
                "#[StartTime: 1700000000.250 (seconds since epoch)]",
                "#[BaseTime: 1700000000.250 (seconds since epoch)]",
                "#[MaxValueDivisor: 1000000.000]",
            ]
        );
        // The maximum is the upper end of its bucket.
        assert!(lines[5].starts_with("Tag=get_track,0.000,1.000,7.504,HISTF"), "{}", lines[5]);
        assert!(lines[7].starts_with("Tag=get_track,2.000,1.000,7.504,HISTF"), "{}", lines[7]);
        assert_eq!(lines.len(), 8);
    }

    #[test]
    fn empty_intervals_and_odd_tags_are_read_back() {
        let mut log = IntervalLog::new(SystemTime::now());
        log.add("a,b c\nd", Duration::ZERO, Duration::from_millis(100), std::iter::empty());
        log.add("slow", Duration::ZERO, Duration::from_millis(100), std::iter::once((u64::MAX, 2)));
        let found = read(&log.finish());
        assert_eq!((found[0].0.as_str(), found[0].4.count(), found[0].3), ("a_b_c_d", 0, 0.0));
        assert_eq!((found[1].0.as_str(), found[1].4.count()), ("slow", 2));
        assert!((599_000.0..601_000.0).contains(&found[1].3), "{}", found[1].3);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(
            intervals in prop::collection::vec(prop::collection::vec((0_u64..700_000_000_000, 1_u64..1_000), 0..50), 0..8)
        ) {
            let mut log = IntervalLog::new(SystemTime::now());
            let length = Duration::from_millis(500);
            for (number, latencies) in (0_u32..).zip(&intervals) {
                log.add("op", length * number, length, latencies.iter().copied());
            }
            let found = read(&log.finish());
            prop_assert_eq!(found.len(), intervals.len());
            for ((number, latencies), (_, at, took, max, histogram)) in (0_u32..).zip(&intervals).zip(found) {
                prop_assert_eq!((at, took), (length * number, length));
                prop_assert_eq!(histogram.count(), latencies.iter().map(|(_, count)| count).sum::<u64>());
                let mut expected = bounded::<u64>();
                latencies.iter().for_each(|(ns, count)| expected.saturating_record_n((*ns).min(HIGHEST_NS), *count));
                for quantile in [0.001, 0.5, 0.95, 0.99, 1.0] {
                    let us = expected.value_at_quantile(quantile) as f64 / 1e3;
                    prop_assert_eq!(histogram.quantile_us(quantile), (!latencies.is_empty()).then_some(us));
                }
                prop_assert!((max - expected.max() as f64 / 1e6).abs() <= 0.0005, "{}", max);
            }
        }
    }
}
