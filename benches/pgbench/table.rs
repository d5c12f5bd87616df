//! The figures as text: a row for each side, and one for each ratio.

use super::side::{Figures, SIDES};
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use loist_bench::{stats::median, text::three_digits};

/// What the numbers are, below all tables.
pub(crate) const EXPLANATION: &str = "\
Every cell: the median of the pairs (smallest..largest).
queries/s     loist-bench: calls a second of the window; pgbench: its tps without initial connection time.
CPU us/query  user and system time of the client's process by its queries. `whole` is all of the process: that of
              loist-bench also makes sure of the library, times SELECT 1 as the machine's floor, reads the server's
              statistics and writes the record. `window` is the window alone; the ratio takes it by pgbench's
              whole process, which does little else.
peak MB       largest resident set of the client's process (VmHWM).
Ratios are of runs side by side: formed within each pair, so that what slows a pair down slows both of its sides.
Above 1, loist-bench has more of it: better for queries/s, worse for CPU and memory. When the spread holds 1, the
pairs do not tell the two apart. pgbench gets the columns as text, loist-bench in binary.";

/// One line below the header and one below the rows.
const STYLE: TableStyle = TableStyle::new()
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

const BYTES_IN_MB: f64 = 1_048_576.0;

/// All pairs of one number of clients.
pub(crate) fn render(clients: u16, pairs: &[[Figures; 3]]) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        &format!("clients: {clients}"),
        "queries/s",
        "CPU us/query, whole",
        "CPU us/query, window",
        "peak MB",
    ]);
    for (index, side) in SIDES.iter().enumerate() {
        let cell = |figure: fn(&Figures) -> Option<f64>| {
            spread(pairs.iter().map(|pair| figure(&pair[index])), three_digits)
        };
        table.add_row([
            side.name().to_owned(),
            cell(|figures| Some(figures.queries_per_second)),
            cell(|figures| Some(figures.cpu_us)),
            cell(|figures| figures.window_cpu_us),
            cell(|figures| Some(figures.peak_bytes / BYTES_IN_MB)),
        ]);
    }
    for (index, side) in SIDES.iter().enumerate().skip(1) {
        let cell = |ratio: fn(&Figures, &Figures) -> Option<f64>| {
            let of_pairs = pairs.iter().map(|pair| ratio(&pair[0], &pair[index]));
            spread(of_pairs, |ratio| format!("{ratio:.2}"))
        };
        table.add_row([
            format!("{} : {}", SIDES[0].name(), side.name()),
            cell(|ours, theirs| Some(ours.queries_per_second / theirs.queries_per_second)),
            cell(|ours, theirs| Some(ours.cpu_us / theirs.cpu_us)),
            cell(|ours, theirs| ours.window_cpu_us.map(|cpu| cpu / theirs.cpu_us)),
            cell(|ours, theirs| Some(ours.peak_bytes / theirs.peak_bytes)),
        ]);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index < 4 { 2 } else { 0 }));
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{table}\n")
}

/// `median (smallest..largest)`, or `-` when there is nothing.
fn spread(values: impl Iterator<Item = Option<f64>>, text: impl Fn(f64) -> String) -> String {
    let mut values: Vec<f64> = values.flatten().collect();
    values.sort_by(f64::total_cmp);
    let (Some(smallest), Some(middle), Some(largest)) = (values.first(), median(&values), values.last())
    else {
        return "-".to_owned();
    };
    format!("{} ({}..{})", text(middle), text(*smallest), text(*largest))
}
