//! Progress for people, on standard error: bars on a terminal, plain lines elsewhere, nothing when quiet.

use crate::{
    engine::Snapshot,
    lab::Event,
    text::{grouped, milliseconds, three_digits},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    cell::RefCell,
    io::{IsTerminal, Write},
    time::Duration,
};

/// Without a terminal, load is reported this often.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A listener of the laboratory's events.
pub(super) struct Progress {
    shows: Shows,
}

enum Shows {
    Nothing,
    Lines(RefCell<Duration>),
    Bar(ProgressBar),
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        let shows = if quiet {
            Shows::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.enable_steady_tick(Duration::from_millis(200));
            Shows::Bar(bar)
        } else {
            Shows::Lines(RefCell::new(Duration::ZERO))
        };
        Self { shows }
    }

    pub(super) fn hear(&self, event: Event) {
        match (&self.shows, event) {
            (Shows::Lines(_), Event::StepEnded { name, took }) => line(&step(&name, took)),
            (_, Event::Kept(note)) | (Shows::Lines(_) | Shows::Bar(_), Event::Note(note)) => self.note(&note),
            (Shows::Lines(last), Event::Progress { phase, duration, snapshot, .. }) => {
                let mut last = last.borrow_mut();
                if snapshot.elapsed < *last {
                    *last = Duration::ZERO;
                }
                if snapshot.elapsed >= *last + LINE_EVERY {
                    *last = snapshot.elapsed;
                    line(&format!(
                        "{phase} {:.0}/{:.0} s  {}",
                        snapshot.elapsed.as_secs_f64(),
                        duration.as_secs_f64(),
                        load(&snapshot)
                    ));
                }
            }
            (Shows::Bar(bar), event) => draw(bar, event),
            (Shows::Nothing, _) | (Shows::Lines(_), Event::StepBegan(_) | Event::Loaded { .. }) => {}
        }
    }

    fn note(&self, note: &str) {
        match &self.shows {
            Shows::Bar(bar) => bar.suspend(|| line(note)),
            _ => line(note),
        }
    }

    /// Takes the bar away; to be called before results are printed.
    pub(super) fn end(&self) {
        if let Shows::Bar(bar) = &self.shows {
            bar.finish_and_clear();
        }
    }
}

fn draw(bar: &ProgressBar, event: Event) {
    match event {
        Event::StepBegan(name) => {
            bar.set_style(style("{spinner} {msg}"));
            bar.set_message(name);
        }
        Event::StepEnded { name, took } => bar.suspend(|| line(&step(&name, took))),
        Event::Loaded { rows, of } => {
            bar.set_style(style("{spinner} {msg} {wide_bar} {human_pos}/{human_len}"));
            bar.set_length(of);
            bar.set_position(rows);
        }
        Event::Progress { phase, duration, snapshot, .. } => {
            bar.set_style(style("{prefix:10} {bar:24} {msg}"));
            bar.set_prefix(phase);
            bar.set_length(duration.as_millis() as u64);
            bar.set_position(snapshot.elapsed.as_millis() as u64);
            bar.set_message(load(&snapshot));
        }
        Event::Note(_) | Event::Kept(_) => {}
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn step(name: &str, took: Duration) -> String {
    format!("{:8.2} s  {name}", took.as_secs_f64())
}

fn load(snapshot: &Snapshot) -> String {
    let [p50, p95, p99] = snapshot.percentiles_us.map(milliseconds);
    format!(
        "{} calls/s  p50 {p50}  p95 {p95}  p99 {p99} ms  {} lost",
        three_digits(snapshot.calls_per_second),
        grouped(snapshot.tally.lost())
    )
}

fn line(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
