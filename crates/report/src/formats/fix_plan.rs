//! The plan of upgrades for a terminal, by package and by Dockerfile instruction; and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::Style;
use schemars::JsonSchema;
use seawall_model::text::escaped;
use seawall_model::{FixPlan, LayerIndex, Upgrade};
use serde::Serialize;

use crate::describe;
use crate::scan_report::ScanReport;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Writes the plan as text.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_fix_plan(
    report: &ScanReport,
    plan: &FixPlan,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut text = String::new();
    if plan.upgrades.is_empty() {
        text.push_str(match plan.without_fix.len() {
            0 => "Nothing to mend: there is no open finding.\n",
            _ => "Nothing can be mended by an upgrade: no open finding has a mended version.\n",
        });
    } else {
        by_package(report, plan, &mut text);
        by_instruction(report, plan, width.max(40), &mut text);
    }
    if !plan.without_fix.is_empty() && !plan.upgrades.is_empty() {
        let left =
            plan.without_fix.len() + plan.upgrades.iter().map(|upgrade| upgrade.leaves.len()).sum::<usize>();
        let _ = writeln!(text, "\n{left} open findings have no mended version yet.");
    }
    out.write_all(text.as_bytes())
}

/// Each upgrade on a line, with the part of all mendable findings that is gone after it.
fn by_package(report: &ScanReport, plan: &FixPlan, text: &mut String) {
    let total: usize = plan.upgrades.iter().map(|upgrade| upgrade.mends.len()).sum();
    let _ = writeln!(text, "{BOLD}Upgrades, the most urgent first{BOLD:#}");
    let name_width = plan.upgrades.iter().map(|upgrade| shown(upgrade).chars().count()).max().unwrap_or(0);
    let mut mended = 0;
    for upgrade in &plan.upgrades {
        mended += upgrade.mends.len();
        let name = shown(upgrade);
        let padding = " ".repeat(name_width - name.chars().count());
        let _ = writeln!(
            text,
            "  {:<7} {name}{padding}  mends {:>4}  {DIM}{:>3} % done{}{DIM:#}",
            upgrade.priority(),
            upgrade.mends.len(),
            mended * 100 / total.max(1),
            note(upgrade, report),
        );
    }
}

fn shown(upgrade: &Upgrade) -> String {
    escaped(&format!("{} {} → {}", upgrade.name, upgrade.from, upgrade.to))
}

fn note(upgrade: &Upgrade, report: &ScanReport) -> String {
    let mut text = String::new();
    if let Some(owner) = &upgrade.owner {
        let _ = write!(text, ", by upgrading the package {}", escaped(&owner.name));
    }
    if !upgrade.leaves.is_empty() {
        let _ = write!(text, ", {} stay", upgrade.leaves.len());
    }
    let inside = upgrade
        .packages
        .iter()
        .filter_map(|index| report.packages.get(*index)?.places.first()?.inside.as_ref());
    if let Some(place) = inside.min() {
        let _ = write!(text, ", inside {}", escaped(place));
    }
    text
}

/// What to change in the Dockerfile: the instruction of each layer, and what it would have to bring.
fn by_instruction(report: &ScanReport, plan: &FixPlan, width: usize, text: &mut String) {
    let mut by_layer: BTreeMap<LayerIndex, Vec<&Upgrade>> = BTreeMap::new();
    for upgrade in &plan.upgrades {
        // The last layer that brought one of the packages is where the newer version can be had.
        if let Some(layer) = upgrade.layers.last() {
            by_layer.entry(*layer).or_default().push(upgrade);
        }
    }
    if by_layer.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{BOLD}By Dockerfile instruction{BOLD:#}");
    for (layer, upgrades) in by_layer {
        let mends: usize = upgrades.iter().map(|upgrade| upgrade.mends.len()).sum();
        let instruction = describe::instruction(report, layer);
        let head = instruction.as_deref().unwrap_or("the instruction is not known");
        let head: String = escaped(head).chars().take(width.saturating_sub(14)).collect();
        let _ = writeln!(text, "  layer {layer}: {head}");
        let names: Vec<String> = upgrades.iter().take(6).map(|upgrade| escaped(&upgrade.name)).collect();
        let more = match upgrades.len().saturating_sub(names.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = writeln!(text, "    mends {mends}: {}{more}", names.join(", "));
    }
}

/// The plan as JSON; `findings` are their identifiers, `packages` their package URLs.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Seawall fix plan")]
struct JsonPlan<'a> {
    schema_version: &'static str,
    upgrades: Vec<JsonUpgrade<'a>>,
    /// Open findings that no upgrade mends.
    without_fix: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct JsonUpgrade<'a> {
    name: &'a str,
    from: &'a str,
    to: &'a str,
    /// The most urgent that it mends: `act`, `attend`, `track*` or `track`.
    priority: &'static str,
    packages: Vec<String>,
    /// Findings that are gone afterwards.
    mends: Vec<String>,
    /// Findings of the same packages that stay.
    leaves: Vec<String>,
    /// Layers that brought the packages.
    layers: &'a [LayerIndex],
    /// The Dockerfile instruction of the last of these layers.
    instruction: Option<&'a str>,
    /// The distribution package to upgrade instead.
    owner: Option<&'a str>,
}

/// Writes the plan as JSON.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_fix_plan_json(report: &ScanReport, plan: &FixPlan, out: &mut dyn Write) -> io::Result<()> {
    let ids = |indexes: &[usize]| -> Vec<String> {
        indexes
            .iter()
            .filter_map(|index| report.findings.get(*index))
            .map(|finding| finding.id.to_string())
            .collect()
    };
    let purl = |index: &usize| {
        report.packages.get(*index).map(|package| package.purl(report.distro.as_ref()).to_string())
    };
    let upgrades = plan
        .upgrades
        .iter()
        .map(|upgrade| JsonUpgrade {
            name: &upgrade.name,
            from: &upgrade.from,
            to: &upgrade.to,
            priority: upgrade.priority().as_str(),
            packages: upgrade.packages.iter().filter_map(purl).collect(),
            mends: ids(&upgrade.mends),
            leaves: ids(&upgrade.leaves),
            layers: &upgrade.layers,
            instruction: upgrade.layers.last().and_then(|layer| report.instruction(*layer)),
            owner: upgrade.owner.as_ref().map(|owner| owner.name.as_str()),
        })
        .collect();
    let plan = JsonPlan { schema_version: "1.0", upgrades, without_fix: ids(&plan.without_fix) };
    serde_json::to_writer_pretty(&mut *out, &plan)?;
    out.write_all(b"\n")
}

/// The JSON Schema of the plan.
pub fn fix_plan_schema() -> schemars::Schema {
    schemars::schema_for!(JsonPlan<'static>)
}
