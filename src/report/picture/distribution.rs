//! How one operation's response times are spread: a histogram over a logarithmic axis.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas, Drawing, Layout},
    palette,
    pen::Side,
    percentiles::decoded,
    room::Room,
    scale::Scale,
};
use crate::text::{milliseconds, percent, three_digits};
use crate::{
    record::{OperationResult, Summary},
    report::grid::{Cell, Column, Grid, Row},
    stats::LatencyHistogram,
};

/// Classes of a decade.
const CLASSES: f64 = 20.0;
/// Room that the name of a percentile takes, in the size of its letters.
const NAME: f64 = 2.2;

/// Calls by class: from a response time to one that is 12 % longer.
struct Class {
    from_ms: f64,
    to_ms: f64,
    calls: u64,
    /// Share of all calls, 0..=1.
    share: f64,
}

/// How often each response time came, of one operation. `id` is that of the operation's part of a page.
#[must_use]
pub fn of_one(operation: &OperationResult, id: &str) -> Option<Picture> {
    let OperationResult { name, summary, .. } = operation;
    let classes = classes(&decoded(&summary.response)?);
    let (first, last) = (classes.first()?, classes.last()?);
    let target_ms = summary.slo.target_us / 1e3;
    let low = first.from_ms.min(target_ms * 0.8);
    let x = Axis::new(Scale::log(low, last.to_ms.max(target_ms * 1.25)), "response time, ms");
    let most = classes.iter().max_by(|a, b| a.share.total_cmp(&b.share))?;
    let y = Axis::new(Scale::from_zero(most.share * 100.0), "share of the calls, %");
    let words = Words {
        id: format!("{id}-distribution"),
        title: format!("{name}: how often each response time came"),
        note: "Twenty bars to a tenfold; their heights add up to 100 %. Two hills are two kinds of calls, such as those that had to wait.".to_owned(),
        alternative: format!(
            "Histogram of the response time of {name} on a logarithmic axis. The highest bar has {} of the calls, between {} and {} ms; p50 {} ms, p95 {} ms, p99 {} ms against {}.",
            percent(most.share),
            three_digits(most.from_ms),
            three_digits(most.to_ms),
            milliseconds(summary.response.p50_us),
            milliseconds(summary.response.p95_us),
            milliseconds(summary.response.p99_us),
            summary.slo.objective
        ),
    };
    let numbers = numbers(&classes, &x.scale);
    Some(Picture::draw(words, Along::Across, numbers, |layout| draw(layout, &x, &y, &classes, summary)))
}

fn classes(histogram: &LatencyHistogram) -> Vec<Class> {
    let all = histogram.count() as f64;
    let mut classes: Vec<(i32, u64)> = Vec::new();
    for (ns, calls) in histogram.values() {
        let class = ((*ns as f64 / 1e6).max(1e-6).log10() * CLASSES).floor() as i32;
        match classes.last_mut() {
            Some((last, sum)) if *last == class => *sum += calls,
            _ => classes.push((class, *calls)),
        }
    }
    let begin_ms = |class: i32| 10f64.powf(f64::from(class) / CLASSES);
    let class = |(class, calls): (i32, u64)| Class {
        from_ms: begin_ms(class),
        to_ms: begin_ms(class + 1),
        calls,
        share: calls as f64 / all,
    };
    classes.into_iter().map(class).collect()
}

fn numbers(classes: &[Class], x: &Scale) -> Grid {
    let columns = ["from, ms", "to, ms", "calls", "share of the calls"];
    let mut grid = Grid::new(columns.map(Column::numbers).to_vec());
    for class in classes {
        let ms = |ms: f64| Cell::number(three_digits(ms), ms);
        let middle = x.fraction((class.from_ms * class.to_ms).sqrt());
        grid.push(
            Row::new(vec![
                ms(class.from_ms),
                ms(class.to_ms),
                Cell::count(class.calls),
                Cell::number(percent(class.share), class.share),
            ])
            .at(middle),
        );
    }
    grid
}

fn draw(layout: Layout, x: &Axis, y: &Axis, classes: &[Class], summary: &Summary) -> Drawing {
    let mut canvas = Canvas::with_axes(layout, x, y, &Room::default().and_lanes(2));
    canvas.layer(|pen| {
        for class in classes {
            let (from, to) = (x.scale.fraction(class.from_ms), x.scale.fraction(class.to_ms));
            pen.block((from, 0.0), (to, y.scale.fraction(class.share * 100.0)), palette::SERIES[0]);
        }
    });
    canvas.target_down(x.scale.fraction(summary.slo.target_us / 1e3), &summary.slo.objective, 1);
    let response = &summary.response;
    let marks = [("p50", response.p50_us), ("p95", response.p95_us), ("p99", response.p99_us)];
    canvas.layer(|pen| {
        let (mut free, step) = (i32::MIN, (pen.layout.letters * NAME) as i32);
        for (name, us) in marks {
            let Some(us) = us else { continue };
            let at = x.scale.fraction(us / 1e3);
            pen.line(&[(at, 0.985), (at, pen.lane(0).0)], palette::INK, 4);
            let (px, py) = pen.place(at, pen.lane(0).2);
            // Percentiles that are close together are named one beside the other.
            let px = px.max(free);
            free = px + step;
            pen.write(name, (px, py), Side::Middle, palette::INK);
        }
    });
    canvas.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{check, column, sample};

    #[test]
    fn every_call_is_in_one_class() {
        for operation in &sample().operations {
            let picture = of_one(operation, "op").unwrap();
            check(&picture);
            let calls: f64 = column(&picture.numbers, 2).iter().sum();
            assert_eq!(calls as u64, operation.summary.response.count);
            let shares: f64 = column(&picture.numbers, 3).iter().sum();
            assert!((shares - 1.0).abs() < 1e-9);
            let (from, to) = (column(&picture.numbers, 0), column(&picture.numbers, 1));
            let us = operation.summary.response.min_us.unwrap();
            assert!(from[0] * 1e3 <= us && us <= to[0] * 1e3, "{us}");
            assert!((to[0] / from[0] - 10f64.powf(0.05)).abs() < 1e-9);
        }
    }

    #[test]
    fn no_calls_no_picture() {
        let mut operation = sample().operations.swap_remove(0);
        operation.summary.response = crate::record::Latency::default();
        assert_eq!(of_one(&operation, "op"), None);
    }
}
