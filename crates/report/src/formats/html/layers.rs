//! The image as a wall of its layers, base first, each with what it brought.

use std::fmt::Write as _;

use seawall_model::LayerLine;

use super::plots::stack;
use super::text::{Grouped, Prose, Text, plural, size};
use super::view::{LayerContent, View};
use crate::describe::{self, Grade};
use crate::scan_report::ScanReport;

pub(super) fn write(page: &mut String, view: &View<'_>) {
    if view.report.layers.is_empty() {
        return;
    }
    let most = view.layers.iter().map(|layer| layer.tally.sum()).max().unwrap_or(0);
    page.push_str(
        "<section id=\"layers\" aria-labelledby=\"layers-title\">\n<h2 id=\"layers-title\">Layers</h2>\n\
         <p class=\"lede\">Base first, as a Dockerfile is read. The higher a stone, the larger the layer; each finding stands with the layer that brought its package.</p>\n\
         <ol class=\"wall\" start=\"0\">\n",
    );
    for (index, (line, content)) in view.report.layers.iter().zip(&view.layers).enumerate() {
        band(page, view.report, index, line, content, most);
    }
    page.push_str("</ol>\n</section>\n");
}

fn band(
    page: &mut String,
    report: &ScanReport,
    index: usize,
    line: &LayerLine,
    content: &LayerContent,
    most: usize,
) {
    put!(
        page,
        "<li id=\"layer-{index}\"><svg class=\"stone\" height=\"{}\" aria-hidden=\"true\" focusable=\"false\"><rect width=\"100%\" height=\"100%\" rx=\"3\"/></svg>\
         <div class=\"size\"><span class=\"index\">{index}</span> <b>{}</b></div><div class=\"what\"><code>",
        height(line.bytes),
        size(line.bytes),
    );
    match describe::instruction(report, index) {
        Some(instruction) => put!(page, "{}", Prose(&instruction)),
        None => page.push_str("<i>the image’s history does not tell the instruction</i>"),
    }
    let digest = line.blob.unwrap_or(line.diff_id).to_string();
    put!(page, "</code><small>{}", Text(&digest));
    if line.from_cache {
        page.push_str(" · not read again, its facts were cached");
    }
    page.push_str("</small></div><div class=\"brought\">");
    let packages = plural(content.packages, "package", "packages");
    if content.tally.sum() == 0 {
        put!(page, "<p>{packages}, no findings</p>");
    } else {
        let findings = plural(content.tally.sum(), "finding", "findings");
        put!(page, "<p>{packages}, <a href=\"#findings\" data-show-layer=\"{index}\">{findings}</a></p>");
        stack(page, &content.tally, most);
        page.push_str("<p class=\"parts\">");
        for grade in Grade::ALL {
            let count = content.tally.of(grade);
            if count > 0 {
                let word = grade.as_str();
                put!(page, "<span>{} <span class=\"grade {word}\">{word}</span></span> ", Grouped(count));
            }
        }
        page.push_str("</p>");
    }
    page.push_str("</div></li>\n");
}

/// Pixels of a stone: they grow with the logarithm, so that a layer of a kilobyte is still seen beside one of
/// a gigabyte.
fn height(bytes: u64) -> u64 {
    // 1 kB and less are 34, each tenfold adds 16, 10 GB and more are 146.
    let tenfolds = (bytes.max(1_000) as f64 / 1_000.0).log10().min(7.0);
    34 + (tenfolds * 16.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::height;

    #[test]
    fn a_larger_layer_is_a_higher_stone_within_bounds() {
        assert_eq!([0, 1_000, 10_000, 1_000_000, u64::MAX].map(height), [34, 34, 50, 82, 146]);
    }
}
