//! The value of `--sweep`: a dimension and what it goes through.

use super::load_args::{count, rate};
use crate::{capacity::parse_tracks, lab::sweep::Setting, workload::Protocol};

/// A list of settings of one dimension.
#[derive(Debug, Clone)]
pub(super) struct Axis(pub(super) Vec<Setting>);

/// Reads `pool=2,5,10`.
pub(super) fn axis(text: &str) -> Result<Axis, String> {
    let (name, values) =
        text.split_once('=').ok_or("write NAME=VALUES, as in pool=2,5,10,20,50".to_owned())?;
    let values: Vec<&str> = values.split(',').map(str::trim).collect();
    let settings = values.iter().map(|value| setting(name.trim(), value)).collect::<Result<Vec<_>, _>>()?;
    if let Some(twice) = (1..values.len()).find(|index| values[..*index].contains(&values[*index])) {
        return Err(format!("{} stands twice in the list", values[twice]));
    }
    Ok(Axis(settings))
}

fn setting(name: &str, value: &str) -> Result<Setting, String> {
    let parsed = match name {
        "clients" => count(value).map(Setting::Clients),
        "pool" => count(value).map(Setting::Pool),
        "rate" => rate(value).map(Setting::Rate),
        "tracks" => parse_tracks(value).map(Setting::Tracks),
        "protocol" => match value {
            "simple" => Ok(Setting::Protocol(Protocol::Simple)),
            "extended" => Ok(Setting::Protocol(Protocol::Extended)),
            "prepared" => Ok(Setting::Protocol(Protocol::Prepared)),
            _ => Err("write simple, extended or prepared".to_owned()),
        },
        _ => Err("a sweep goes through clients, pool, rate, tracks or protocol".to_owned()),
    };
    parsed.map_err(|message| format!("`{name}={value}`: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read() {
        let values = |text: &str| axis(text).unwrap().0.iter().map(|s| s.value()).collect::<Vec<_>>();
        assert_eq!(values("pool=2, 5,10"), ["2", "5", "10"]);
        assert_eq!(values("rate=0.5,100"), ["0.5", "100"]);
        assert_eq!(values("protocol=simple,prepared"), ["simple", "prepared"]);
        assert_eq!(values("tracks=1000"), ["1000"]);
    }

    #[test]
    fn mistakes_are_told() {
        for (text, part) in [
            ("pool", "NAME=VALUES"),
            ("pool=", "whole number"),
            ("pool=2,x", "`pool=x`"),
            ("pool=2,2", "stands twice"),
            ("rate=0", "above 0"),
            ("speed=1", "clients, pool, rate, tracks or protocol"),
            ("protocol=fast", "simple, extended or prepared"),
            ("tracks=0", "from 1 to"),
        ] {
            assert!(axis(text).unwrap_err().contains(part), "{text}: {}", axis(text).unwrap_err());
        }
    }
}
