//! How bad a fault is, from the first source that says so.

use cvss::Cvss;
use seawall_model::{Severity, SeveritySource};

/// A severity, where it was read, and the vector and score it follows from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rating {
    pub(crate) severity: Severity,
    pub(crate) source: SeveritySource,
    /// Vector and computed score.
    pub(crate) cvss: Option<(String, f64)>,
}

impl Rating {
    /// A rating in words.
    pub(crate) const fn word(severity: Severity, source: SeveritySource) -> Self {
        Self { severity, source, cvss: None }
    }

    /// The rating of the newest kind of vector: version 4, else 3, else 2. Vectors that can't be read are
    /// passed over; of several of one version the highest score counts.
    pub(crate) fn of_vectors(vectors: &[&str], source: SeveritySource) -> Option<Self> {
        let (_, score, vector) = vectors
            .iter()
            .filter_map(|vector| {
                let (version, score) = score(vector)?;
                Some((version, score, *vector))
            })
            .max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then_with(|| b.2.cmp(a.2)))?;
        let cvss = Some((vector.to_owned(), score));
        Some(Self { severity: Severity::from_cvss_score(score), source, cvss })
    }

    /// The more severe of two from sources of the same rank; the first where they are equal.
    pub(crate) fn worse(self, other: Self) -> Self {
        let score = |rating: &Self| rating.cvss.as_ref().map_or(-1.0, |(_, score)| *score);
        let order = self.severity.cmp(&other.severity).then(score(&self).total_cmp(&score(&other)));
        if order.is_lt() { other } else { self }
    }
}

/// Version and score of a vector.
fn score(vector: &str) -> Option<(u8, f64)> {
    let parsed: Cvss = vector.parse().ok()?;
    let version = match parsed {
        Cvss::CvssV40(_) => 4,
        Cvss::CvssV31(_) | Cvss::CvssV30(_) => 3,
        _ => 2,
    };
    Some((version, parsed.score()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: &str = "AV:N/AC:L/Au:N/C:C/I:C/A:C";
    const V3: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const V3_LOW: &str = "CVSS:3.0/AV:N/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N";
    const V4: &str = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N";

    fn rated(vectors: &[&str]) -> String {
        match Rating::of_vectors(vectors, SeveritySource::Record) {
            Some(Rating { severity, cvss: Some((_, score)), .. }) => format!("{severity} {score:.1}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_newest_version_of_cvss_counts() {
        assert_eq!(rated(&[V2, V3]), "critical 9.8");
        assert_eq!(rated(&[V3, V4, V2]), "medium 6.9");
        assert_eq!(rated(&[V2]), "critical 10.0");
        assert_eq!(rated(&[V3_LOW, V3]), "critical 9.8");
        assert_eq!(rated(&[V3_LOW]), "low 2.6");
        assert_eq!(rated(&["nonsense", ""]), "None");
    }
}
