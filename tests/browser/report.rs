//! The page that `loist-bench report` writes, used as its readers use it.

use crate::{
    axe,
    page::{Page, Scheme, size_of},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

const OPERATION: &str = "<script>alert(1)</script>";
const MESSAGE: &str = "<img src=x onerror=\"alert(2)\">";
const SQL: &str = "SELECT '</script><script>alert(3)</script>' -- <!-- <script>";

/// Of all sections, also the closed ones.
const OPEN_ALL: &str = "document.querySelectorAll('details').forEach((details) => { details.open = true; });";

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample/record.json")
}

/// The sample with something else in it, in a file of its own.
fn changed(directory: &TempDir, change: impl Fn(&mut Value)) -> PathBuf {
    let mut record = serde_json::from_slice(&std::fs::read(sample()).unwrap()).unwrap();
    change(&mut record);
    let path = directory.path().join("changed.json");
    std::fs::write(&path, record.to_string()).unwrap();
    path
}

/// The page of these records.
fn report(records: &[PathBuf], directory: &TempDir) -> PathBuf {
    let page = directory.path().join("report.html");
    let out = [Path::new("--out"), &page];
    loist_bench(&records.iter().map(PathBuf::as_path).chain(out).collect::<Vec<_>>(), directory);
    page
}

/// Runs `loist-bench report` with these arguments.
fn loist_bench(arguments: &[&Path], directory: &TempDir) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
    let run = command.arg("report").args(arguments).current_dir(directory.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// The page of the sample, open.
async fn shown() -> (Page, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let page = Page::new().await;
    page.open(&report(&[sample()], &directory)).await;
    (page, directory)
}

/// The pages of one run and of two, and the list of runs.
fn all_pages(directory: &TempDir, other: &TempDir) -> [PathBuf; 3] {
    let later = changed(other, |record| record["run"]["started_at"] = json!("2026-11-26T03:06:02Z"));
    for (name, record) in [("first", &sample()), ("second", &later)] {
        std::fs::create_dir(directory.path().join(name)).unwrap();
        std::fs::copy(record, directory.path().join(name).join("record.json")).unwrap();
    }
    loist_bench(&[directory.path()], directory);
    let list = directory.path().join("index.html");
    [report(&[sample()], directory), report(&[sample(), later], other), list]
}

#[tokio::test]
async fn a_report_says_nothing_fetches_nothing_and_fits_a_telephone() {
    let (page, first, second) =
        (Page::new().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in all_pages(&first, &second) {
        for width in [1280, 360] {
            page.size(width, 800).await;
            page.open(&file).await;
            page.eval(OPEN_ALL).await;
            let needed = page.eval("return document.scrollingElement.scrollWidth").await;
            assert!(needed.as_u64() <= Some(width.into()), "{width} px: {needed}");
            assert_eq!(page.console().await, [""; 0]);
            assert_eq!(page.requests().await.outside, [""; 0]);
        }
    }
}

/// Width of A4 between margins of 14 mm, in CSS pixels.
const SHEET: u32 = 688;

#[tokio::test]
async fn paper_has_all_pictures_whole_and_nothing_to_click() {
    let (page, first, second) =
        (Page::new().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    page.as_printed().await;
    page.size(SHEET, 800).await;
    for file in all_pages(&first, &second) {
        page.open(&file).await;
        let faults = "const seen = (element) => element.checkVisibility();
            const drawn = [...document.querySelectorAll('figure.picture')]
                .filter((figure) => figure.checkVisibility() && ![...figure.querySelectorAll('svg')].some(seen))
                .map((figure) => `not drawn: ${figure.id}`);
            const narrow = [...document.querySelectorAll('.section > .inside > figure svg.narrow')].filter(seen)
                .map((svg) => `narrow: ${svg.closest('figure').id}`);
            const headless = [...document.querySelectorAll('th')]
                .filter((head) => seen(head.closest('table')) && !head.innerText.trim())
                .map((head) => `no heading: ${head.textContent}`);
            const buttons = [...document.querySelectorAll('button:not(th button), nav, input')].filter(seen)
                .map((element) => `to click: ${element.textContent}`);
            const wide = document.scrollingElement.scrollWidth > innerWidth ? ['too wide'] : [];
            return [...drawn, ...narrow, ...headless, ...buttons, ...wide];";
        assert_eq!(page.eval(faults).await, json!([]), "{}", file.display());
    }
}

#[tokio::test]
async fn nobody_is_shut_out_in_light_and_in_dark() {
    let (page, first, second) =
        (Page::new().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in all_pages(&first, &second) {
        for scheme in [Scheme::Light, Scheme::Dark] {
            page.prefer(scheme).await;
            page.open(&file).await;
            page.eval(OPEN_ALL).await;
            assert_eq!(axe::violations(&page).await, [""; 0]);
        }
    }
}

#[tokio::test]
async fn every_picture_has_its_words_and_its_numbers() {
    let (page, _directory) = shown().await;
    let faults = page
        .eval(
            "const pictures = [...document.querySelectorAll('figure.picture')];
             if (pictures.length === 0) return ['no picture'];
             const says = (element) => Boolean(element && element.textContent.trim());
             return pictures.flatMap((figure) => {
                // One drawing for screens and paper, one for telephones; that alone where several stand side by side.
                const drawings = [...figure.querySelectorAll('svg[role=img]')];
                const seen = drawings.filter((svg) => getComputedStyle(svg).display !== 'none');
                const title = figure.querySelector('figcaption h3')?.textContent.trim();
                const label = (svg) => svg.getAttribute('aria-label') ?? '';
                const rules = {
                    id: figure.id,
                    'one drawing': seen.length === 1 && drawings.length === (figure.closest('.pictures') ? 1 : 2),
                    title,
                    'in words': drawings.every((svg) => label(svg).startsWith(title) && label(svg).length > title.length + 20),
                    caption: says(figure.querySelector('figcaption')),
                    numbers: figure.querySelector('details.numbers table tbody tr'),
                };
                return Object.entries(rules).filter(([, kept]) => !kept)
                    .map(([rule]) => `${figure.id}: ${rule}`);
             });",
        )
        .await;
    assert_eq!(faults, json!([]));
}

/// The text of the tooltip that can be seen, and whether a row of the picture's table has just these values.
const TIP: &str = "
    const tip = [...document.querySelectorAll('.tip')].find((tip) =>
        tip.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
    if (!tip) return null;
    const rows = [...document.querySelectorAll('figure.picture details.numbers tbody tr')];
    const values = [...tip.querySelectorAll('dd')].map((value) => value.textContent);
    const told = (row) => {
        const cells = [...row.cells].map((cell) => cell.textContent.trim());
        return tip.textContent.includes(cells[0]) && values.every((value) => cells.includes(value));
    };
    return [tip.textContent, values.length > 0 && rows.some(told)];";

#[tokio::test]
async fn the_mouse_over_a_picture_tells_the_values_there() {
    let (page, _directory) = shown().await;
    assert_eq!(page.eval(TIP).await, Value::Null, "nothing before");
    let mut told = Vec::new();
    for across in [0.3, 0.8] {
        page.hover("figure.picture svg", across, 0.5).await;
        let tip = page.eval(TIP).await;
        assert_eq!(tip[1], true, "{tip}");
        told.push(tip[0].clone());
    }
    assert_ne!(told[0], told[1]);
    page.hover("h1", 0.5, 0.5).await;
    assert_eq!(page.eval(TIP).await, Value::Null, "nothing afterwards");
}

/// Of the first switch's operation and of the others: how many lines are seen and how many not.
const LINES: &str = "
    const name = document.querySelector('.switches input[type=checkbox][data-switch]').dataset.switch;
    const lines = [...document.querySelectorAll('g[data-operation]')];
    const seen = (line) => getComputedStyle(line).display !== 'none';
    const [own, others] = [true, false].map((is) =>
        lines.filter((line) => (line.dataset.operation === name) === is));
    return [own, others].flatMap((lines) =>
        [lines.filter(seen).length, lines.filter((line) => !seen(line)).length]);";

#[tokio::test]
async fn a_switch_hides_its_operation_in_all_pictures() {
    let (page, _directory) = shown().await;
    let before: Vec<u64> = serde_json::from_value(page.eval(LINES).await).unwrap();
    let [seen, unseen, others, no_others] = before[..] else { panic!("{before:?}") };
    assert!(seen > 0 && unseen == 0 && others > 0, "{before:?}");
    page.click(".switches input[type=checkbox][data-switch]").await;
    assert_eq!(page.eval(LINES).await, json!([0, seen, others, no_others]));
    page.click(".switches input[type=checkbox][data-switch]").await;
    assert_eq!(page.eval(LINES).await, json!([seen, 0, others, no_others]));
    page.eval("document.querySelectorAll('.switches button').forEach((button) => button.click())").await;
    assert_eq!(
        page.eval(LINES).await,
        json!([0, seen, 0, others + no_others]),
        "the last button is for none"
    );
}

/// Marks the first column of numbers that differ, of any sortable table: there are its head and its cells.
const MARK_COLUMN: &str = "
    for (const table of document.querySelectorAll('table.sortable')) {
        const rows = [...table.tBodies[0].rows];
        for (const head of table.tHead.querySelectorAll('th')) {
            const cells = rows.map((row) => row.cells[head.cellIndex]);
            const values = cells.map((cell) => cell?.dataset.value);
            if (values.includes(undefined) || new Set(values).size < 3) continue;
            head.id = 'sorted-by';
            cells.forEach((cell) => cell.classList.add('sorted-here'));
            return true;
        }
    }
    return false;";

const COLUMN: &str = "
    const values = [...document.querySelectorAll('.sorted-here')].map((cell) => Number(cell.dataset.value));
    const table = document.querySelector('#sorted-by').closest('table');
    return [document.querySelector('#sorted-by').getAttribute('aria-sort'), values,
        table.querySelectorAll('th[aria-sort=ascending], th[aria-sort=descending]').length];";

#[tokio::test]
async fn a_table_is_sorted_by_a_click_and_reversed_by_the_next() {
    let (page, _directory) = shown().await;
    page.eval(OPEN_ALL).await;
    let heads = page.eval("return document.querySelectorAll('table.sortable thead th').length").await;
    let buttons =
        page.eval("return document.querySelectorAll('table.sortable thead th button').length").await;
    assert_eq!(heads, buttons, "every column has a button");
    assert_eq!(page.eval(MARK_COLUMN).await, true, "a sortable table with numbers");
    let mut directions = Vec::new();
    for _ in 0..2 {
        page.click("#sorted-by button").await;
        let column = page.eval(COLUMN).await;
        let values: Vec<f64> = serde_json::from_value(column[1].clone()).unwrap();
        match column[0].as_str() {
            Some("ascending") => assert!(values.is_sorted(), "{values:?}"),
            Some("descending") => assert!(values.iter().rev().is_sorted(), "{values:?}"),
            other => panic!("aria-sort: {other:?}"),
        }
        assert_eq!(column[2], 1, "one column at a time");
        directions.push(column[0].clone());
    }
    assert_ne!(directions[0], directions[1]);
}

#[tokio::test]
async fn a_link_opens_the_section_that_it_leads_to() {
    let (page, _directory) = shown().await;
    let lost = "return [...document.querySelectorAll('nav a[href^=\"#\"]')].map((link) => link.hash.slice(1))
        .filter((id) => !document.getElementById(id)?.matches('details.section'))";
    assert_eq!(page.eval(lost).await, json!([]));
    let close = "document.querySelectorAll('details').forEach((details) => { details.open = false; });";
    let opened =
        "return document.getElementById(document.querySelector('nav a[href^=\"#\"]').hash.slice(1)).open";
    // Once more: whoever folds it again and follows the same link is already where it leads.
    for _ in 0..2 {
        page.eval(close).await;
        page.click("nav a[href^='#']").await;
        assert_eq!(page.eval(opened).await, true);
    }
    // Something inside of a section, as a link from elsewhere leads to it.
    page.eval(close).await;
    page.eval("location.hash = document.querySelector('details.section figure.picture').id").await;
    let opened = "return new Promise((later) => setTimeout(later, 200))
        .then(() => document.querySelector('details.section figure.picture').closest('details').open)";
    assert_eq!(page.eval(opened).await, true);
}

/// The chosen theme and the colour behind the text, when it has stopped to fade.
const COLOURS: &str = "
    document.getAnimations().forEach((animation) => animation.finish());
    return [document.documentElement.dataset.theme ?? 'auto', getComputedStyle(document.body).backgroundColor];";

#[tokio::test]
async fn the_theme_is_the_systems_until_one_is_chosen() {
    let (page, _directory) = shown().await;
    page.prefer(Scheme::Dark).await;
    let system_dark = page.eval(COLOURS).await;
    page.prefer(Scheme::Light).await;
    let mut seen = vec![page.eval(COLOURS).await];
    for _ in 0..3 {
        page.click("button#theme").await;
        seen.push(page.eval(COLOURS).await);
    }
    let themes: Vec<&Value> = seen.iter().map(|colours| &colours[0]).collect();
    assert_eq!(themes, ["auto", "light", "dark", "auto"]);
    let [auto, light, dark, again] = [0, 1, 2, 3].map(|at| &seen[at][1]);
    assert_eq!((auto, &system_dark[1], again), (light, dark, light));
    assert_ne!(light, dark);
}

#[tokio::test]
async fn the_record_comes_out_of_the_page_as_it_went_in() {
    let (page, _directory) = shown().await;
    let record = std::fs::read(sample()).unwrap();
    let link = "return document.querySelector('a.record-download[download]').getAttribute('href')";
    let link = page.eval(link).await;
    let packed = link.as_str().unwrap().strip_prefix("data:application/gzip;base64,").unwrap();
    let mut unpacked = Vec::new();
    GzDecoder::new(&STANDARD.decode(packed).unwrap()[..]).read_to_end(&mut unpacked).unwrap();
    assert!(unpacked == record, "the link holds the file");

    page.eval(OPEN_ALL).await;
    page.click("a.record-download[download]").await;
    let saved = std::fs::read(page.downloaded("record.json")).unwrap();
    assert!(saved == record, "the click saves the file, unpacked");
    assert_eq!(page.console().await, [""; 0]);
    assert_eq!(page.requests().await.outside, [""; 0]);
}

/// Puts what is poison to a careless page in the place of names, messages and SQL.
fn poison(record: &mut Value) {
    fn rename(value: &mut Value) {
        match value {
            Value::String(text) if text == "search_library" => *text = OPERATION.to_owned(),
            Value::Array(items) => items.iter_mut().for_each(rename),
            Value::Object(fields) => fields.values_mut().for_each(rename),
            _ => {}
        }
    }
    rename(record);
    record["operations"][0]["errors"][0]["message"] = json!(MESSAGE);
    record["evidence"]["statements"][0]["query"] = json!(SQL);
    record["plans"][0]["sql"] = json!(SQL);
}

#[tokio::test]
async fn names_messages_and_sql_are_text() {
    let directory = tempfile::tempdir().unwrap();
    let page = Page::new().await;
    page.open(&report(&[changed(&directory, poison)], &directory)).await;
    page.eval(OPEN_ALL).await; // fails when an alert is open
    let text = page.text("body").await;
    for part in [OPERATION, MESSAGE, SQL] {
        assert!(text.contains(part), "{part}");
    }
    let planted = "return document.querySelectorAll('img[src=x], [onerror]').length
        + [...document.scripts].filter((script) => /^alert/.test(script.textContent)).length";
    assert_eq!(page.eval(planted).await, 0);
    assert_eq!(page.console().await, [""; 0]);
    assert_eq!(page.requests().await.outside, [""; 0]);
}

#[tokio::test]
async fn it_can_be_read_without_scripts() {
    let read = "return [...document.querySelectorAll('details.section')]
        .map((section) => [section.id, section.open, section.querySelectorAll('tbody tr').length])";
    let (page, directory) = shown().await;
    let with_scripts = page.eval(read).await;
    page.without_scripts().await;
    page.open(&directory.path().join("report.html")).await;
    assert_eq!(page.eval(read).await, with_scripts);
    let sections = with_scripts.as_array().unwrap();
    assert!(sections.len() > 2 && sections.iter().all(|section| section[1] == true), "{sections:?}");
    let text = page.text("body").await;
    let record: Value = serde_json::from_slice(&std::fs::read(sample()).unwrap()).unwrap();
    for operation in record["operations"].as_array().unwrap() {
        let name = operation["name"].as_str().unwrap();
        assert!(text.contains(name), "{name}");
    }
    assert_eq!(page.console().await, [""; 0]);
}

/// README opens with the head of the sample's page, in both themes. With INSTA_UPDATE its pictures are made anew.
#[tokio::test]
async fn the_readme_opens_with_the_page() {
    let (page, directory) = shown().await;
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    page.size(1200, 900).await;
    for (scheme, name) in [(Scheme::Light, "report-light.png"), (Scheme::Dark, "report-dark.png")] {
        let (now, kept) = (directory.path().join(name), images.join(name));
        page.prefer(scheme).await;
        page.screenshot_of_top(&now, 950).await;
        if std::env::var_os("INSTA_UPDATE").is_some() {
            std::fs::copy(&now, &kept).unwrap();
        }
        assert_eq!(size_of(&kept), size_of(&now), "{name}");
        assert!(readme.contains(&format!("docs/images/{name}")), "{name}");
    }
}
