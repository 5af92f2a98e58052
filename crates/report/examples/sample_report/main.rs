//! Writes a made-up report as HTML, to look at and to check: `sample_report small|typical|large|hostile|clean`.
#![expect(clippy::unwrap_used, reason = "an example ends where something is wrong")]

mod reports;

fn main() {
    let word = std::env::args().nth(1).unwrap_or_default();
    let report = match word.as_str() {
        "small" => reports::small(),
        "typical" => reports::typical(),
        "large" => reports::large(5_000, 20_000),
        "hostile" => reports::hostile(),
        "clean" => reports::clean(),
        _ => panic!("usage: sample_report small|typical|large|hostile|clean"),
    };
    seawall_report::write_html(&report, &mut std::io::stdout().lock()).unwrap();
}
