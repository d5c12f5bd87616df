//! Records and checks for the tests of pictures.

pub(in crate::report) use crate::record::sample;

use super::{Drawing, Picture, canvas::LETTER};
use crate::{
    record::{Ended, HeatMap, Knee, KneeTrial, Latency, Record, StageResult},
    report::grid::Grid,
};

/// A record in which everything happened that pictures can show.
pub(in crate::report) fn busy() -> Record {
    let mut record = sample();
    record.run.ended = Ended::ServerLost;
    record.stages =
        vec![stage("steady 50 10s", 0.0), stage("ramp 50..200 10s", 10.0), stage("steady 200 10s", 20.0)];
    record.series.operations[0].lost[5] = 9;
    record.series.operations[1].lost[6] = 4;
    record.series.heat = Some(heat(record.series.operations[0].answered.len()));
    record.samples.tables = vec!["loist.audio_tracks".to_owned(), "loist.events".to_owned()];
    for (index, sample) in record.samples.samples.iter_mut().enumerate() {
        let at = index as u64;
        sample.at_seconds = (at + 1) as f64;
        sample.autovacuums = Some(if (4..9).contains(&at) { 1 + at % 2 } else { 0 });
        sample.lock_waits = Some(if at == 11 { 3 } else { 0 });
        sample.checkpoints = Some(match at {
            11 => 1,
            24 => 2,
            _ => 0,
        });
        sample.steal_share = Some(0.01 * (at % 5) as f64);
        sample.table_bytes = vec![80 << 20, (30 << 20) + (at / 10) * (19 << 19)];
        sample.database_bytes = Some((120 << 20) + (at / 10) * (19 << 19));
    }
    record.knee = Some(knee());
    record
}

fn stage(words: &str, begins_seconds: f64) -> StageResult {
    StageResult {
        stage: words.to_owned(),
        begins_seconds,
        seconds: 10.0,
        calls: 500,
        answered: 500,
        failed: 0,
        shed: 0,
        unfinished: 0,
        miss_share: 0.0,
        response: Latency::default(),
    }
}

fn heat(slices: usize) -> HeatMap {
    let bounds_us: Vec<f64> = (0..=33).map(|class| 10f64.powf(2.0 + f64::from(class) / 10.0)).collect();
    let count = |slice: usize, class: usize| {
        let (slice, class) = (slice as f64, class as f64);
        let hill = |middle: f64, width: f64| (-((class - middle) / width).powi(2)).exp();
        (300.0 * hill(4.0 + slice / 6.0, 2.0) + 40.0 * hill(19.0 + slice / 8.0, 4.0)).round() as u64
    };
    let row = |slice: usize| (0..bounds_us.len() - 1).map(|class| count(slice, class)).collect();
    HeatMap { counts: (0..slices).map(row).collect(), bounds_us }
}

fn knee() -> Knee {
    let trial = |rate: f64, held: bool, miss_share: f64, disturbed: Option<&str>| KneeTrial {
        rate_per_second: rate,
        held,
        calls: (rate * 5.0) as u64,
        miss_share,
        answered_per_second: rate.min(1_310.0),
        capacity_per_second: (!held).then_some(1_310.0),
        disturbed: disturbed.map(str::to_owned),
    };
    Knee {
        rate_per_second: 1_240.0,
        low_per_second: 1_180.0,
        high_per_second: 1_290.0,
        bracketed: true,
        promised_per_second: 1_180.0,
        block_seconds: 5.0,
        searched_seconds: 44.0,
        trials: vec![
            trial(600.0, true, 0.001, None),
            trial(1_800.0, false, 0.71, None),
            trial(1_100.0, true, 0.012, None),
            trial(1_400.0, false, 0.22, None),
            trial(1_250.0, false, 0.09, Some("other processes")),
            trial(1_200.0, true, 0.031, None),
            trial(1_290.0, false, 0.082, None),
            trial(1_235.0, true, 0.044, None),
        ],
    }
}

/// What is read in a table.
pub(in crate::report) fn texts(grid: &Grid) -> Vec<Vec<&str>> {
    grid.rows.iter().map(|row| row.cells.iter().map(|cell| cell.text.as_str()).collect()).collect()
}

/// The numbers of a column, without the cells that have none.
pub(in crate::report) fn column(grid: &Grid, index: usize) -> Vec<f64> {
    grid.rows.iter().filter_map(|row| row.cells[index].value).collect()
}

/// What holds for every picture.
pub(super) fn check(picture: &Picture) {
    let Picture { id, numbers, .. } = picture;
    for text in [&picture.title, &picture.alternative] {
        assert!(!text.is_empty(), "{id}");
    }
    assert!(!numbers.rows.is_empty(), "{id}");
    for row in &numbers.rows {
        assert_eq!(row.cells.len(), numbers.columns.len(), "{id}");
        assert!(row.at.is_none_or(|at| (0.0..=1.0).contains(&at)), "{id}: {:?}", row.at);
    }
    for drawing in [&picture.wide, &picture.narrow] {
        within(id, drawing);
        let svg = format!("<svg>{}</svg>", drawing.body);
        assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count(), "{id}");
    }
}

/// Values of an attribute throughout a drawing, each with the rest of the text after it.
fn attributes<'a>(body: &'a str, name: &str) -> Vec<(&'a str, &'a str)> {
    let begin = format!(" {name}=\"");
    body.match_indices(&begin)
        .map(|(at, _)| {
            let rest = &body[at + begin.len()..];
            rest.split_once('"').unwrap()
        })
        .collect()
}

/// Everything that is drawn is within the view box.
fn within(id: &str, Drawing { body, width, height, .. }: &Drawing) {
    let (width, height) = (f64::from(*width), f64::from(*height));
    let inside = |x: f64, y: f64, what: &str| {
        assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "{id} {width}: {x} {y} {what}");
    };
    for (points, _) in attributes(body, "points") {
        for point in points.split_whitespace() {
            let (x, y) = point.split_once(',').unwrap();
            inside(x.parse().unwrap(), y.parse().unwrap(), points);
        }
    }
    for (path, _) in attributes(body, "d") {
        for rectangle in path.split('M').skip(1) {
            let numbers: Vec<f64> =
                rectangle.split(['h', 'v', 'z', ' ']).filter_map(|number| number.parse().ok()).collect();
            inside(numbers[0], numbers[1], path);
            inside(numbers[0] + numbers[2], numbers[1] + numbers[3], path);
        }
    }
    for text in body.split("<text").skip(1) {
        let of = |name: &str| attributes(text, name).first().map_or("start", |(value, _)| *value);
        let words = text.split_once('>').unwrap().1.split_once("</text>").unwrap().0;
        let words =
            words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&quot;", "\"");
        let size: f64 = of("font-size").parse().unwrap();
        let long = words.trim().chars().count() as f64 * size * LETTER;
        let (x, y): (f64, f64) = (of("x").parse().unwrap(), of("y").parse().unwrap());
        let from = match of("text-anchor") {
            "start" => x,
            "middle" => x - long / 2.0,
            _ => x - long,
        };
        inside(from, y, &words);
        inside(from + long, y, &words);
    }
}
