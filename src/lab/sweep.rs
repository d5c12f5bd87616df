//! The same run at several points: one dimension of the load, or several, through given values.

use super::{
    Event, Interrupt, LabError, Run, RunOptions,
    care::check_connections,
    metrics::Publisher,
    prepare::prepare,
    run::{allowed, run_prepared},
};
use crate::{
    record::{Ended, Record},
    stats::{shuffle, stream},
    workload::{Protocol, Workload},
};
use chrono::Utc;

/// Purpose of the stream that puts the points into a random order.
const ORDER_STREAM: u64 = 103;
/// More points than this are a slip of the finger.
const MOST_POINTS: usize = 200;

/// What a sweep can go through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting {
    /// Clients.
    Clients(usize),
    /// Most connections of a pool.
    Pool(usize),
    /// Arrivals a second.
    Rate(f64),
    /// Tracks of the catalog.
    Tracks(u64),
    /// How statements travel.
    Protocol(Protocol),
}

impl Setting {
    /// The dimension, as the command line names it.
    #[must_use]
    pub fn dimension(self) -> &'static str {
        match self {
            Self::Clients(_) => "clients",
            Self::Pool(_) => "pool",
            Self::Rate(_) => "rate",
            Self::Tracks(_) => "tracks",
            Self::Protocol(_) => "protocol",
        }
    }

    /// The value, as the command line writes it.
    #[must_use]
    pub fn value(self) -> String {
        match self {
            Self::Clients(number) | Self::Pool(number) => number.to_string(),
            Self::Rate(rate) => rate.to_string(),
            Self::Tracks(tracks) => tracks.to_string(),
            Self::Protocol(protocol) => protocol.name().to_owned(),
        }
    }

    fn apply(self, options: &mut RunOptions) {
        match self {
            Self::Clients(number) => options.load.clients = Some(number),
            Self::Pool(number) => options.load.connections = Some(number),
            Self::Rate(rate) => options.load.rate = Some(rate),
            Self::Tracks(tracks) => options.catalog.tracks = tracks,
            Self::Protocol(protocol) => options.protocol = Some(protocol),
        }
    }
}

/// One combination of settings, one of each axis.
pub type Point = Vec<Setting>;

/// Every combination of the axes' values, the last axis changing fastest.
///
/// # Errors
/// When two axes are of one dimension, or there are too many points.
pub fn points(axes: &[Vec<Setting>]) -> Result<Vec<Point>, LabError> {
    let mut points: Vec<Point> = vec![Vec::new()];
    for (number, axis) in axes.iter().enumerate() {
        let dimension = |axis: &[Setting]| axis.first().map(|setting| setting.dimension());
        if axes[..number].iter().any(|earlier| dimension(earlier) == dimension(axis)) {
            let name = dimension(axis).unwrap_or_default();
            return Err(LabError::Usage(format!(
                "--sweep goes through `{name}` twice: put all of its values into one list"
            )));
        }
        points = points
            .iter()
            .flat_map(|point| axis.iter().map(move |setting| [point.as_slice(), &[*setting]].concat()))
            .collect();
    }
    if points.len() > MOST_POINTS {
        return Err(LabError::Usage(format!(
            "--sweep asks for {} runs: at most {MOST_POINTS} are made at a time",
            points.len()
        )));
    }
    Ok(points)
}

/// What a sweep came to.
#[derive(Debug)]
pub struct Swept<E> {
    /// The runs that ended, in the order of the points.
    pub runs: Vec<(Point, Record)>,
    /// Why the others did not.
    pub failure: Option<E>,
}

/// Runs `workload` once at every point, on one server, in a random order: what changes with time must not look as if
/// it came from the settings. `keep` gets each run as soon as it is over. A run that was interrupted, lost its server, or
/// was ended by the brake is the last. It ends early as [`super::run`] does, or when `keep` fails; what was measured until then comes back.
pub fn sweep<E: From<LabError>>(
    workload: &Workload,
    options: &RunOptions,
    points: &[Point],
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
    keep: &mut dyn FnMut(&Run) -> Result<(), E>,
) -> Swept<E> {
    let mut runs = Vec::new();
    let failure = visit(workload, options, points, interrupt, listen, &mut |place, run| {
        keep(&run)?;
        runs.push((place, run.record));
        Ok(())
    });
    runs.sort_by_key(|(place, _)| *place);
    let runs = runs.into_iter().map(|(place, record)| (points[place].clone(), record)).collect();
    Swept { runs, failure: failure.err() }
}

fn visit<E: From<LabError>>(
    workload: &Workload,
    options: &RunOptions,
    points: &[Point],
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
    over: &mut dyn FnMut(usize, Run) -> Result<(), E>,
) -> Result<(), E> {
    let (workload, left_out) = allowed(workload.clone(), &options.target, listen)?;
    without_contradiction(&workload, options, points)?;
    let publisher = Publisher::new(options.metrics, &workload.name, listen).map_err(LabError::from)?;
    let listen = &|event| publisher.hear(event);
    let mut prepared = None;
    let order = order(points.len(), options.catalog.seed);
    for (number, place) in order.into_iter().enumerate() {
        let options = at(&points[place], options);
        let names: Vec<String> = points[place]
            .iter()
            .map(|setting| format!("{} {}", setting.dimension(), setting.value()))
            .collect();
        listen(Event::Note(format!("run {} of {}: {}", number + 1, points.len(), names.join(", "))));
        let started_at = Utc::now();
        let prepared = match &mut prepared {
            None => prepared.insert(prepare(&options.catalog, &options.target, interrupt, listen)?),
            Some(prepared) => {
                prepared.renew(&options.catalog, interrupt, listen)?;
                prepared
            }
        };
        let (workload, left_out) = (workload.clone(), left_out.clone());
        let run = run_prepared(workload, left_out, &options, prepared, started_at, interrupt, listen)?;
        let goes_on = run.record.run.ended == Ended::AsPlanned;
        over(place, run)?;
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// What contradicts itself is told before anything starts.
fn without_contradiction(
    workload: &Workload,
    options: &RunOptions,
    points: &[Point],
) -> Result<(), LabError> {
    if options.knee.is_some() {
        return Err(LabError::Usage("--knee cannot be used with --sweep: leave one out".to_owned()));
    }
    let of_tracks = |point: &Point| point.iter().any(|setting| matches!(setting, Setting::Tracks(_)));
    if options.target.use_existing && points.iter().any(of_tracks) {
        let message = "--use-existing reads the tracks that are there, so --sweep cannot go through `tracks`";
        return Err(LabError::Usage(message.to_owned()));
    }
    for point in points {
        let options = at(point, options);
        let load = options.load.settle(workload, false, options.catalog.seed)?;
        check_connections(&load, &options)?;
    }
    Ok(())
}

/// The options of one point.
fn at(point: &Point, options: &RunOptions) -> RunOptions {
    let mut options = options.clone();
    point.iter().for_each(|setting| setting.apply(&mut options));
    options
}

/// The numbers below `length` in an order that `seed` decides.
fn order(length: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    shuffle(&mut order, &mut stream(seed, ORDER_STREAM, 0));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_a_point() {
        let axes = [vec![Setting::Pool(2), Setting::Pool(5)], vec![Setting::Rate(10.0), Setting::Rate(0.5)]];
        let texts: Vec<Vec<String>> =
            points(&axes).unwrap().iter().map(|point| point.iter().map(|s| s.value()).collect()).collect();
        assert_eq!(texts, [["2", "10"], ["2", "0.5"], ["5", "10"], ["5", "0.5"]]);
        let twice = points(&[axes[0].clone(), axes[0].clone()]).unwrap_err().to_string();
        assert!(twice.contains("`pool` twice"), "{twice}");
        let many = vec![Setting::Clients(1); 201];
        assert!(points(&[many]).unwrap_err().to_string().contains("201 runs"));
    }

    #[test]
    fn the_order_is_a_shuffle_that_the_seed_decides() {
        let mut shuffled = order(20, 7);
        assert_eq!(shuffled, order(20, 7));
        assert_ne!(shuffled, order(20, 8));
        shuffled.sort_unstable();
        assert_eq!(shuffled, (0..20).collect::<Vec<_>>());
    }
}
