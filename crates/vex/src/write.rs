//! Writing OpenVEX 0.2.0.
//!
//! The identifier of a document is made from its content, so that the same statements at the same time give
//! the same bytes. <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>

use seawall_model::Timestamp;
use serde::Serialize;

use crate::statement::Status;

/// What to state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// Who states it: a name, an address.
    pub author: String,
    /// The author's part: `Software Supplier`, `Package Maintainer`.
    pub role: Option<String>,
    pub time: Timestamp,
    /// The version of Seawall.
    pub tool_version: String,
    pub statements: Vec<NewStatement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatement {
    pub vulnerability: String,
    pub aliases: Vec<String>,
    /// Package URLs of images or packages.
    pub products: Vec<String>,
    /// Package URLs of the parts of each product that this is about; may be empty.
    pub parts: Vec<String>,
    pub status: Status,
    /// One of [`JUSTIFICATIONS`]; only with [`Status::NotAffected`].
    pub justification: Option<String>,
    pub impact: Option<String>,
    /// What to do; demanded with [`Status::Affected`].
    pub action: Option<String>,
}

/// The words that say why something is not affected.
pub const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

/// What a statement lacks by the specification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    #[error("a statement needs at least one product")]
    NoProduct,
    #[error("not_affected needs a justification or an impact statement")]
    NoJustification,
    #[error("affected needs an action statement: what should users do?")]
    NoAction,
    #[error("a justification is given with not_affected only")]
    NeedlessJustification,
    #[error("{0:?} is no justification: one of {list}", list = JUSTIFICATIONS.join(", "))]
    UnknownJustification(String),
    #[error("OpenVEX has no status for {0}")]
    Status(Status),
}

impl NewStatement {
    /// Whether the specification allows it.
    ///
    /// # Errors
    /// The first thing that is missing or wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.products.is_empty() {
            return Err(Invalid::NoProduct);
        }
        if let Some(word) = &self.justification
            && !JUSTIFICATIONS.contains(&word.as_str())
        {
            return Err(Invalid::UnknownJustification(word.clone()));
        }
        match self.status {
            Status::NotAffected if self.justification.is_none() && self.impact.is_none() => {
                Err(Invalid::NoJustification)
            }
            Status::Affected if self.action.is_none() => Err(Invalid::NoAction),
            Status::FalsePositive => Err(Invalid::Status(self.status)),
            status if status != Status::NotAffected && self.justification.is_some() => {
                Err(Invalid::NeedlessJustification)
            }
            _ => Ok(()),
        }
    }
}

/// The document as JSON text, ending in a line end.
///
/// `name_of` gives 32 or more hexadecimal digits of a digest of the bytes it is given.
///
/// # Errors
/// A statement that the specification does not allow.
pub fn write(document: &NewDocument, name_of: &dyn Fn(&[u8]) -> String) -> Result<String, Invalid> {
    for statement in &document.statements {
        statement.check()?;
    }
    let unnamed = to_json(&Wire::of(document, String::new()));
    let id = format!("https://openvex.dev/docs/public/vex-{}", name_of(unnamed.as_bytes()));
    Ok(to_json(&Wire::of(document, id)))
}

fn to_json(wire: &Wire<'_>) -> String {
    let mut text = serde_json::to_string_pretty(wire).expect("texts and numbers can always be written");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    author: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    timestamp: String,
    version: u32,
    tooling: String,
    statements: Vec<WireStatement<'a>>,
}

#[derive(Serialize)]
struct WireStatement<'a> {
    vulnerability: WireVulnerability<'a>,
    products: Vec<WireProduct<'a>>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<&'a str>,
}

#[derive(Serialize)]
struct WireVulnerability<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    aliases: &'a [String],
}

#[derive(Serialize)]
struct WireProduct<'a> {
    #[serde(rename = "@id")]
    id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subcomponents: Vec<WirePart<'a>>,
}

#[derive(Serialize)]
struct WirePart<'a> {
    #[serde(rename = "@id")]
    id: &'a str,
}

impl<'a> Wire<'a> {
    fn of(document: &'a NewDocument, id: String) -> Self {
        Self {
            context: "https://openvex.dev/ns/v0.2.0",
            id,
            author: &document.author,
            role: document.role.as_deref(),
            timestamp: document.time.to_string(),
            version: 1,
            tooling: format!("seawall/{}", document.tool_version),
            statements: document.statements.iter().map(WireStatement::of).collect(),
        }
    }
}

impl<'a> WireStatement<'a> {
    fn of(statement: &'a NewStatement) -> Self {
        let parts = || statement.parts.iter().map(|id| WirePart { id }).collect();
        Self {
            vulnerability: WireVulnerability { name: &statement.vulnerability, aliases: &statement.aliases },
            products: statement
                .products
                .iter()
                .map(|id| WireProduct { id, subcomponents: parts() })
                .collect(),
            status: statement.status.as_str(),
            justification: statement.justification.as_deref(),
            impact_statement: statement.impact.as_deref(),
            action_statement: statement.action.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;

    fn statement(status: Status) -> NewStatement {
        NewStatement {
            vulnerability: "CVE-2026-1".into(),
            aliases: vec!["GHSA-1".into()],
            products: vec!["pkg:oci/app?tag=1".into()],
            parts: vec!["pkg:npm/a@1".into()],
            status,
            justification: None,
            impact: None,
            action: None,
        }
    }

    fn document(statement: NewStatement) -> NewDocument {
        NewDocument {
            author: "Example".into(),
            role: None,
            time: "2026-01-02T03:04:05Z".parse().unwrap(),
            tool_version: "0.1.0".into(),
            statements: vec![statement],
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut stated = statement(Status::NotAffected);
        stated.justification = Some("component_not_present".into());
        let text = write(&document(stated), &|bytes| format!("{:032x}", bytes.len())).unwrap();
        let read = read("x", text.as_bytes()).unwrap();
        assert_eq!(read.problems, Vec::<String>::new());
        assert_eq!(read.statements[0].vulnerabilities, ["CVE-2026-1", "GHSA-1"]);
        assert_eq!(read.statements[0].status, Status::NotAffected);
        assert_eq!(read.statements[0].products[0].parts.len(), 1);
        assert!(read.id.unwrap().starts_with("https://openvex.dev/docs/public/vex-"));
    }

    #[test]
    fn what_the_specification_demands_is_demanded() {
        let with = |status, change: fn(&mut NewStatement)| {
            let mut stated = statement(status);
            change(&mut stated);
            stated.check().map_err(|error| error.to_string()).err().unwrap_or_default()
        };
        assert_eq!(with(Status::Fixed, |_| {}), "");
        assert_eq!(
            with(Status::Fixed, |stated| stated.products.clear()),
            "a statement needs at least one product"
        );
        assert!(with(Status::NotAffected, |_| {}).contains("needs a justification"));
        assert_eq!(with(Status::NotAffected, |stated| stated.impact = Some("x".into())), "");
        assert!(with(Status::Affected, |_| {}).contains("what should users do"));
        assert!(
            with(Status::NotAffected, |stated| stated.justification = Some("x".into()))
                .contains("one of comp")
        );
        assert!(
            with(Status::Fixed, |stated| stated.justification = Some(JUSTIFICATIONS[0].into()))
                .contains("only")
        );
    }
}
