//! How hard, where nobody says so: at a part of what the server can do.

use super::{Event, Interrupt, LabError, LoadOptions, Looks, RunOptions, run::run};
use crate::{record::Ended, workload::Workload};

/// `share` of the calls a second that a server answers in a closed loop, two digits of it: calls come as they do from people
/// then, and the smaller the share, the more seldom they wait for each other.
///
/// # Errors
/// When it cannot be measured, or not to the end.
pub fn part_of_capacity(
    workload: &Workload,
    options: &RunOptions,
    share: f64,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<f64, LabError> {
    listen(Event::Note("how much can it do?".to_owned()));
    let options = RunOptions { looks: Looks::Nothing, ..options.clone() };
    let record = run(workload.clone(), &options, interrupt, listen)?.record;
    match record.run.ended {
        Ended::AsPlanned => {}
        Ended::Interrupted => return Err(LabError::Interrupted),
        Ended::Braked => return Err(LabError::braked(&record)),
        Ended::ServerLost => {
            let (what, fate) = ("measuring what it can do", "nothing more is known");
            return Err(LabError::ServerLost { what: what.to_owned(), fate: fate.to_owned() });
        }
    }
    let rate = neat(record.overall.calls_per_second * share);
    let of = match record.load.max_rate_per_second {
        Some(most) => format!("what it answers where --max-rate allows {most} calls/s"),
        None => "what it answers in a closed loop".to_owned(),
    };
    listen(Event::Note(format!(
        "asking {rate} calls/s, {:.0} % of {of}; --rate or --clients choose otherwise",
        share * 100.0
    )));
    Ok(rate)
}

impl LoadOptions {
    /// Whether nothing says how hard, neither this nor the workload.
    #[must_use]
    pub fn is_open(&self, workload: &Workload) -> bool {
        let said = self.rate.is_some() || self.clients.is_some() || self.think.is_some();
        !said && self.stages.is_empty() && workload.stages.is_empty()
    }
}

/// Two significant digits of a rate, at least one call a second.
fn neat(rate: f64) -> f64 {
    let step = 10.0_f64.powf(rate.max(1.0).log10().floor() - 1.0).max(1.0);
    ((rate / step).round() * step).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_neat() {
        assert_eq!([0.2, 7.4, 123.4, 2_345.0].map(neat), [1.0, 7.0, 120.0, 2_300.0]);
    }
}
