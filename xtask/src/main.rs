//! Development tasks: `cargo xtask generate` writes the committed files that are made from code, and
//! `cargo xtask generate --check` says which of them are out of date.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

/// Files made from code, and what belongs in them.
fn generated() -> Vec<(&'static str, String)> {
    vec![
        ("schemas/fix-plan.json", text_of(&seawall_report::formats::fix_plan::fix_plan_schema())),
        ("schemas/sbom-diff.json", text_of(&seawall_sbom::diff::schema())),
        ("schemas/sbom.json", text_of(&seawall_sbom::native::schema())),
        ("schemas/scan-report.json", text_of(&seawall_report::schema())),
    ]
}

fn text_of(schema: &schemars::Schema) -> String {
    let text = serde_json::to_string_pretty(schema).expect("a schema is made of strings and numbers");
    text + "\n"
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["generate"] => generate(),
        ["generate", "--check"] => check(),
        _ => Err(anyhow::anyhow!("usage: cargo xtask generate [--check]")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn generate() -> Result<()> {
    for (name, text) in generated() {
        std::fs::write(root().join(name), text).with_context(|| format!("can't write {name}"))?;
        println!("{name}");
    }
    Ok(())
}

fn check() -> Result<()> {
    for (name, text) in generated() {
        if std::fs::read_to_string(root().join(name)).unwrap_or_default() != text {
            bail!("{name} is out of date; `cargo xtask generate` writes it anew");
        }
    }
    Ok(())
}
