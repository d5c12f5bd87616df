//! The window's time series as a table for spreadsheets and scripts (RFC 4180).

use crate::record::{Late, Record, SeriesOperation};
use csv::{Terminator, Writer, WriterBuilder};

const HEADER: [&str; 9] = [
    "begins_seconds",
    "ends_seconds",
    "operation",
    "answered",
    "lost",
    "p50_us",
    "p95_us",
    "p99_us",
    "max_us",
];

/// One row a slice of time and operation, by time and then in the workload's order, below a row of names.
///
/// Times count from the window's begin, to the millisecond; response times are in microseconds and empty where
/// nothing was answered. `lost` calls failed without being expected to, were shed or given up. The last slice ends with
/// the window; what was answered or given up later stands in rows of its own, which begin there.
#[must_use]
pub fn series(record: &Record) -> String {
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    fill(&mut table, record).expect("writing to memory does not fail, and every row has the header's length");
    let bytes = table.into_inner().expect("writing to memory does not fail");
    String::from_utf8(bytes).expect("made of text")
}

fn fill(table: &mut Writer<Vec<u8>>, record: &Record) -> csv::Result<()> {
    table.write_record(HEADER)?;
    let series = &record.series;
    let slices = series.operations.iter().map(|operation| operation.answered.len()).max().unwrap_or_default();
    for slice in 0..slices {
        let begins = slice as f64 * series.interval_seconds;
        let is_last = slice + 1 == slices;
        let ends = if is_last { record.window.seconds } else { (slice + 1) as f64 * series.interval_seconds };
        for operation in series.operations.iter().filter(|operation| slice < operation.answered.len()) {
            table.write_record(row(operation, slice, begins, ends))?;
        }
    }
    for operation in &series.operations {
        if let Some(late) = &operation.late {
            let begins = record.window.seconds;
            table.write_record(late_row(&operation.name, late, begins, begins + series.late_seconds))?;
        }
    }
    Ok(())
}

fn late_row(name: &str, late: &Late, begins: f64, ends: f64) -> [String; 9] {
    let us = |value: Option<f64>| value.map(|us| us.to_string()).unwrap_or_default();
    [
        format!("{begins:.3}"),
        format!("{ends:.3}"),
        name.to_owned(),
        late.answered.to_string(),
        late.lost.to_string(),
        us(late.p50_us),
        us(late.p95_us),
        us(late.p99_us),
        us(late.max_us),
    ]
}

/// Lists of a record that someone else wrote may be too short: then the field is empty.
fn row(operation: &SeriesOperation, slice: usize, begins: f64, ends: f64) -> [String; 9] {
    let count = |list: &[u64]| list.get(slice).map(u64::to_string).unwrap_or_default();
    let us = |list: &[Option<f64>]| {
        list.get(slice).copied().flatten().map(|us| us.to_string()).unwrap_or_default()
    };
    [
        format!("{begins:.3}"),
        format!("{ends:.3}"),
        operation.name.clone(),
        count(&operation.answered),
        count(&operation.lost),
        us(&operation.p50_us),
        us(&operation.p95_us),
        us(&operation.p99_us),
        us(&operation.max_us),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Series, sample};

    #[test]
    fn a_small_series() {
        let operation = |name: &str, answered: [u64; 3], us: [Option<f64>; 3]| SeriesOperation {
            name: name.to_owned(),
            answered: answered.to_vec(),
            lost: vec![0, 1, 0],
            p50_us: us.to_vec(),
            p95_us: us.to_vec(),
            p99_us: us.to_vec(),
            max_us: us.to_vec(),
            late: None,
        };
        let mut record = sample();
        record.window.seconds = 0.7;
        record.series = Series {
            interval_seconds: 0.3,
            late_seconds: 1.25,
            operations: vec![
                operation("read", [5, 0, 2], [Some(812.031), None, Some(20_000_000.0)]),
                operation("odd, \"name\"", [1, 1, 1], [Some(1.0); 3]),
            ],
            heat: None,
        };
        record.series.operations[0].late = Some(Late {
            answered: 1,
            lost: 2,
            p50_us: Some(900.5),
            p95_us: Some(900.5),
            p99_us: None,
            max_us: Some(900.5),
        });
        let expected = [
            "begins_seconds,ends_seconds,operation,answered,lost,p50_us,p95_us,p99_us,max_us",
            "0.000,0.300,read,5,0,812.031,812.031,812.031,812.031",
            "0.000,0.300,\"odd, \"\"name\"\"\",1,0,1,1,1,1",
            "0.300,0.600,read,0,1,,,,",
            "0.300,0.600,\"odd, \"\"name\"\"\",1,1,1,1,1,1",
            "0.600,0.700,read,2,0,20000000,20000000,20000000,20000000",
            "0.600,0.700,\"odd, \"\"name\"\"\",1,0,1,1,1,1",
            "0.700,1.950,read,1,2,900.5,900.5,,900.5",
            "",
        ];
        assert_eq!(series(&record).split("\r\n").collect::<Vec<_>>(), expected);
        record.series.operations.clear();
        assert_eq!(series(&record).lines().count(), 1, "the names stand above no rows, too");
    }

    #[test]
    fn the_sample_is_read_back() {
        let record = sample();
        let text = series(&record);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), HEADER.as_slice());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let slices = record.series.operations[0].answered.len();
        let late = record.series.operations.iter().filter(|operation| operation.late.is_some()).count();
        assert_eq!(rows.len(), slices * record.series.operations.len() + late);
        for operation in &record.series.operations {
            let of: Vec<_> = rows.iter().filter(|row| row[2] == operation.name).collect();
            let answered: Vec<u64> = of.iter().map(|row| row[3].parse().unwrap()).collect();
            assert_eq!(answered[..slices], operation.answered);
            let p95: Vec<Option<f64>> = of.iter().map(|row| row[6].parse().ok()).collect();
            assert_eq!(p95[..slices], operation.p95_us);
        }
        assert_eq!(&rows[rows.len() - late - 1][1], "30.000");
    }
}
