//! The table of packages: what was there to be judged.

use std::fmt::Write as _;

use seawall_model::{Package, Scope};

use super::findings::left_out;
use super::text::{Grouped, Text};
use super::view::{View, layer_of};

const MAX_ROWS: usize = 25_000;
const MAX_BYTES: usize = 24 << 20;
/// Rows that the browser lays out together, and only when they come into sight.
const ROWS_IN_GROUP: usize = 50;
/// More rows than these are laid out only when they come into sight.
const ROWS_AT_ONCE: usize = 500;
/// Licence statements of one package that are shown.
const MAX_LICENCES: usize = 4;

pub(super) fn write(page: &mut String, view: &View<'_>) {
    let packages = &view.report.packages;
    put!(
        page,
        "<section id=\"packages\" aria-labelledby=\"packages-title\">\n<h2 id=\"packages-title\">Packages <span class=\"count\">{}</span></h2>\n",
        Grouped(packages.len())
    );
    if packages.is_empty() {
        page.push_str("<p class=\"lede\">None was found.</p>\n</section>\n");
        return;
    }
    page.push_str(
        "<form id=\"package-filter\" class=\"filter\" hidden>\n<label class=\"search\">Search <input type=\"search\" name=\"text\" placeholder=\"name, kind, licence, path\" autocomplete=\"off\" spellcheck=\"false\"></label>\n\
         <button type=\"reset\">Reset</button> <output name=\"shown\" aria-live=\"polite\"></output>\n</form>\n\
         <table class=\"packages");
    // A short table needs no help, and is found whole by tools that take pictures of pages.
    page.push_str(if packages.len() > ROWS_AT_ONCE { " many" } else { "" });
    page.push_str(
        "\">\n<caption class=\"unseen\">Packages</caption>\n\
         <thead><tr><th scope=\"col\" data-sort=\"text\">Name</th><th scope=\"col\">Version</th><th scope=\"col\" data-sort=\"text\">Kind</th>\
         <th scope=\"col\" data-sort=\"text\">Licence</th><th scope=\"col\" data-sort=\"number\">Layer</th><th scope=\"col\" data-sort=\"number\">Findings</th>\
         <th scope=\"col\">Found at</th></tr></thead>\n",
    );
    let start = page.len();
    let mut rows = 0;
    for (package, findings) in packages.iter().zip(&view.findings_of).take(MAX_ROWS) {
        if page.len() - start > MAX_BYTES {
            break;
        }
        if rows % ROWS_IN_GROUP == 0 {
            page.push_str(if rows == 0 { "<tbody>\n" } else { "</tbody><tbody>\n" });
        }
        row(page, package, *findings);
        rows += 1;
    }
    page.push_str("</tbody>\n</table>\n");
    if rows < packages.len() {
        left_out(page, packages.len() - rows, "package", "packages", "");
    }
    page.push_str("</section>\n");
}

fn row(page: &mut String, package: &Package, findings: usize) {
    put!(page, "<tr><th scope=\"row\">{}", Text(&package.name));
    if package.scope == Scope::Development {
        page.push_str(" <small>development, not judged</small>");
    }
    put!(
        page,
        "</th><td class=\"version\">{}</td><td>{}</td><td>",
        Text(&package.version),
        package.kind.title()
    );
    for (index, licence) in package.licences.iter().take(MAX_LICENCES).enumerate() {
        put!(page, "{}{}", if index > 0 { ", " } else { "" }, Text(licence));
    }
    if package.licences.len() > MAX_LICENCES {
        put!(page, " and {} more", Grouped(package.licences.len() - MAX_LICENCES));
    }
    page.push_str("</td><td>");
    if let Some(layer) = layer_of(package) {
        put!(page, "<a href=\"#layer-{layer}\">{layer}</a>");
    }
    page.push_str("</td><td>");
    if findings > 0 {
        put!(page, "<b>{}</b>", Grouped(findings));
    }
    page.push_str("</td><td class=\"path\">");
    if let Some(place) = package.places.first() {
        put!(page, "{}", Text(&place.path.to_string()));
        if let Some(inside) = &place.inside {
            put!(page, "!/{}", Text(inside));
        }
    }
    if package.places.len() > 1 {
        put!(page, " <small>+ {}</small>", Grouped(package.places.len() - 1));
    }
    page.push_str("</td></tr>\n");
}
