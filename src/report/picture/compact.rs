//! What plotters writes, in fewer bytes: a heat map has thousands of cells.

use std::fmt::Write;

/// The elements within the one `<svg>` that plotters writes around them. Neighbouring rectangles of one colour become
/// one path, and attributes that say what goes without saying are left out.
pub(super) fn compact(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut run: Option<Run> = None;
    for line in svg.lines().skip(1).filter(|line| !line.starts_with("</svg>")) {
        match Rectangle::read(line) {
            Some(rectangle) => match &mut run {
                Some(run) if run.look == rectangle.look => run.add(&rectangle),
                _ => {
                    flush(&mut out, run.take());
                    run = Some(Run::of(&rectangle));
                }
            },
            None => {
                flush(&mut out, run.take());
                out.push_str(&plain(line));
            }
        }
    }
    flush(&mut out, run);
    out
}

fn plain(line: &str) -> String {
    let line = line.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "").replace(" \"/>", "\"/>");
    line.replace(" font-family=\"sans-serif\"", "")
}

/// Rectangles of one look.
struct Run {
    look: String,
    path: String,
}

impl Run {
    fn of(rectangle: &Rectangle) -> Self {
        let mut run = Self { look: rectangle.look.clone(), path: String::new() };
        run.add(rectangle);
        run
    }

    fn add(&mut self, Rectangle { x, y, width, height, .. }: &Rectangle) {
        // Writing to a String cannot fail.
        let _ = write!(self.path, "M{x} {y}h{width}v{height}h-{width}z");
    }
}

fn flush(out: &mut String, run: Option<Run>) {
    if let Some(Run { look, path }) = run {
        let _ = write!(out, "<path d=\"{path}\"{look}/>");
    }
}

/// A filled rectangle.
struct Rectangle {
    x: i32,
    y: i32,
    width: u32,
    height: u32,
    /// Its other attributes.
    look: String,
}

impl Rectangle {
    fn read(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("<rect ")?.strip_suffix("/>")?;
        let of = |name: &str| {
            let from = rest.find(&format!("{name}=\""))? + name.len() + 2;
            Some(&rest[from..from + rest[from..].find('"')?])
        };
        let (fill, opacity) = (of("fill")?, of("opacity")?);
        if fill == "none" {
            return None;
        }
        let mut look = format!(" fill=\"{fill}\"");
        if opacity != "1" {
            let _ = write!(look, " opacity=\"{opacity}\"");
        }
        let number = |name: &str| of(name)?.parse().ok();
        Some(Self {
            x: of("x")?.parse().ok()?,
            y: of("y")?.parse().ok()?,
            width: number("width")?,
            height: number("height")?,
            look,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_of_one_colour_are_one_path() {
        let rect = |x: i32, fill: &str| {
            format!(
                "<rect x=\"{x}\" y=\"20\" width=\"5\" height=\"8\" opacity=\"1\" fill=\"{fill}\" stroke=\"none\"/>\n"
            )
        };
        let svg = format!(
            "<svg width=\"9\">\n{}{}{}<text x=\"1\" y=\"2\" font-family=\"sans-serif\" opacity=\"1\" fill=\"#111111\">\na &lt; b\n</text>\n</svg>\n",
            rect(-10, "#AA0000"),
            rect(15, "#AA0000"),
            rect(20, "#00AA00"),
        );
        assert_eq!(
            compact(&svg),
            "<path d=\"M-10 20h5v8h-5zM15 20h5v8h-5z\" fill=\"#AA0000\"/><path d=\"M20 20h5v8h-5z\" fill=\"#00AA00\"/><text x=\"1\" y=\"2\" fill=\"#111111\">a &lt; b</text>"
        );
    }
}
