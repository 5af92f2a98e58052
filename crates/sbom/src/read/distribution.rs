//! Which distribution a document is about: from its operating-system component and from its package URLs.

use std::collections::BTreeMap;

use seawall_model::Distro;

use super::document::{Component, ComponentKind, Document};

/// The distribution that the document's operating-system component names.
pub(super) fn stated(document: &Document) -> Option<Distro> {
    let is_system = |component: &&Component| component.kind == ComponentKind::OperatingSystem;
    // Of a whole host or virtual machine the subject itself is the system.
    let mut systems = document.components.iter().chain(&document.root).filter(is_system);
    systems.find_map(of_component)
}

fn of_component(component: &Component) -> Option<Distro> {
    let text = |names: &[&str]| component.first_property(names).map(str::to_owned);
    let id = text(&["syft:distro:id"]).unwrap_or_else(|| component.name.clone());
    if id.trim().is_empty() || (id.contains(char::is_whitespace) && !id.starts_with("suse ")) {
        return None;
    }
    let version = text(&["syft:distro:versionID"]).or_else(|| component.version.clone());
    let words = |name: &str| -> Vec<String> {
        component.property(name).map(|text| text.split(' ').map(str::to_owned).collect()).unwrap_or_default()
    };
    let mut id_like = words("seawall:distribution:id-like");
    if id_like.is_empty() {
        let like = component.properties.iter().filter(|(name, _)| name.starts_with("syft:distro:idLike"));
        id_like = like.map(|(_, value)| value.clone()).collect();
    }
    Some(Distro {
        codename: text(&["seawall:distribution:codename", "syft:distro:versionCodename"]),
        id_like,
        pretty_name: text(&["syft:distro:prettyName"]).or_else(|| component.description.clone()),
        variant_id: text(&["seawall:distribution:variant-id", "syft:distro:variantID"]),
        cpe_name: text(&["seawall:distribution:cpe-name", "syft:distro:cpeName"]),
        channels: words("seawall:distribution:channels"),
        ..Distro::named(&id, version.as_deref())
    })
}

/// The distribution of the document, and what speaks against it.
pub(super) struct Choice {
    pub(super) distro: Option<Distro>,
    pub(super) conflicts: Vec<String>,
}

/// Chooses between what the document states and what its packages say. `of_packages` counts distributions by the
/// text of their qualifier.
pub(super) fn choose(stated: Option<Distro>, of_packages: &BTreeMap<String, (Distro, usize)>) -> Choice {
    let most = most_frequent(of_packages);
    let fits_one = |stated: &Distro| of_packages.values().any(|(distro, _)| fits(distro, stated));
    let mut conflicts = Vec::new();
    let distro = match (stated, most) {
        (Some(mut stated), Some(most)) if fits_one(&stated) => {
            if stated.version_id.is_none() && stated.codename.is_none() && fits(&most, &stated) {
                stated.version_id = most.version_id;
                stated.codename = most.codename;
            }
            Some(stated)
        }
        (Some(stated), Some(most)) => {
            conflicts.push(format!(
                "the document is of {}, and its packages are of {}: the packages are believed",
                stated.purl_qualifier(),
                most.purl_qualifier()
            ));
            Some(most)
        }
        (stated, most) => stated.or(most),
    };
    Choice { distro, conflicts }
}

/// Candidates that are held against each other; more of them would only be there to take time.
const MAX_CANDIDATES: usize = 64;

/// The distribution that most packages may be of; of several the first.
fn most_frequent(of_packages: &BTreeMap<String, (Distro, usize)>) -> Option<Distro> {
    let mut candidates: Vec<&(Distro, usize)> = of_packages.values().collect();
    candidates.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    candidates.truncate(MAX_CANDIDATES);
    let support = |(candidate, own): &(Distro, usize)| -> usize {
        if candidate.version_id.is_none() {
            return *own;
        }
        let fitting = of_packages.values().filter(|(other, _)| fits(other, candidate));
        fitting.map(|(_, count)| count).sum()
    };
    let best = candidates.into_iter().rev().max_by_key(|candidate| support(candidate))?;
    Some(best.0.clone())
}

/// Whether a package of one distribution may be installed on the other, as far as the two are said: a version may
/// be given in part.
pub(super) fn fits(of_package: &Distro, distro: &Distro) -> bool {
    let version_fits = match (&of_package.version_id, &distro.version_id) {
        (Some(a), Some(b)) => begins(a, b) || begins(b, a),
        _ => true,
    };
    let is_like = || distro.id_like.contains(&of_package.id);
    of_package.id == distro.id && version_fits
        || of_package.id != distro.id && is_like() && of_package.version_id.is_none()
}

/// Whether `3.20` begins `3.20.1`.
fn begins(short: &str, long: &str) -> bool {
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
