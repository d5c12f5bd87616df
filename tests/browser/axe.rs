//! axe-core: what of a page people with a screen reader or weak eyes cannot use.

use crate::page::Page;

const AXE: &str = include_str!("axe/axe.min.js");

const RUN: &str = "
return axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`)));";

/// The serious and critical violations, one text for each element.
pub(crate) async fn violations(page: &Page) -> Vec<String> {
    page.eval(AXE).await;
    serde_json::from_value(page.eval(RUN).await).unwrap()
}
