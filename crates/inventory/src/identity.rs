//! Which distribution it is, where several files say so.

use std::cmp::Reverse;

use seawall_model::{Distro, FilePathBuf, LayerIndex};

/// What one file says of the distribution.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) path: FilePathBuf,
    pub(crate) layer: Option<LayerIndex>,
    pub(crate) distro: Distro,
}

/// The files that name a distribution, best first.
///
/// `os-release` is made for it, and `etc` goes before `usr/lib` as its specification says. Then the files of
/// one distribution alone. Those that a derivative takes over from its parent come last: Oracle Linux has
/// a `redhat-release` of Red Hat, and Ubuntu a `debian_version` of Debian.
pub(crate) const ORDER: &[&str] = &[
    "etc/os-release",
    "usr/lib/os-release",
    "etc/alpine-release",
    "etc/almalinux-release",
    "etc/azurelinux-release",
    "etc/centos-release",
    "etc/fedora-release",
    "etc/mariner-release",
    "etc/openwrt_release",
    "etc/oracle-release",
    "etc/photon-release",
    "etc/rocky-release",
    "etc/SuSE-release",
    "etc/system-release",
    "etc/redhat-release",
    "etc/lsb-release",
    "etc/arch-release",
    "etc/debian_version",
];

/// Where Alpine's package sources stand: never the name of a distribution, but which of its streams.
pub(crate) const ALPINE_REPOSITORIES: &str = "etc/apk/repositories";

/// The best statement, with what the others of the same distribution know beyond it.
///
/// Files that speak of one distribution's streams or channels alone never name it; what they say counts where it
/// is this one. Of two layers with the same file the later one counts. A version is never taken from another file than
/// the best: the older files are more precise (`7.9.2009` for `7`), and rolling releases have none.
pub(crate) fn decide(mut statements: Vec<Statement>) -> Option<Distro> {
    statements.sort_by_key(|statement| (rank(statement), Reverse(statement.layer)));
    let mut statements = statements.into_iter();
    let first = statements.next()?;
    if rank(&first) == ORDER.len() {
        return None;
    }
    let mut distro = first.distro;
    for other in statements.filter(|other| other.distro.id == distro.id) {
        let is_stream = other.path.as_bytes() == ALPINE_REPOSITORIES.as_bytes();
        if distro.codename.is_none() || is_stream {
            distro.codename = other.distro.codename.or(distro.codename);
        }
        distro.channels.extend(other.distro.channels);
    }
    distro.channels.sort();
    distro.channels.dedup();
    Some(distro)
}

fn rank(statement: &Statement) -> usize {
    let path = statement.path.as_bytes();
    ORDER.iter().position(|known| known.as_bytes() == path).unwrap_or(ORDER.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path=id version codename`, with `-` for what is not said.
    fn decided(statements: &[&str]) -> String {
        let present = |text: &str| Some(text.to_owned()).filter(|text| text != "-");
        let statement = |(layer, text): (usize, &&str)| {
            let (path, rest) = text.split_once('=').unwrap();
            let words: Vec<_> = rest.split(' ').collect();
            let distro = Distro {
                id: words[0].into(),
                version_id: present(words[1]),
                codename: present(words[2]),
                ..Distro::default()
            };
            Statement { path: FilePathBuf::from(path), layer: Some(layer), distro }
        };
        let Some(distro) = decide(statements.iter().enumerate().map(statement).collect()) else {
            return "none".into();
        };
        let text = |value: Option<String>| value.unwrap_or("-".into());
        format!("{} {} {}", distro.id, text(distro.version_id), text(distro.codename))
    }

    #[test]
    fn os_release_of_etc_goes_before_all_others() {
        let files = ["etc/debian_version=debian 12 -", "usr/lib/os-release=b 2 -", "etc/os-release=a 1 -"];
        assert_eq!(decided(&files), "a 1 -");
        assert_eq!(decided(&files[..2]), "b 2 -");
        assert_eq!(decided(&files[..1]), "debian 12 -");
        assert_eq!(decided(&[]), "none");
    }

    #[test]
    fn a_derivative_is_not_taken_for_its_parent() {
        assert_eq!(decided(&["etc/redhat-release=rhel 8.4 -", "etc/oracle-release=ol 8.4 -"]), "ol 8.4 -");
        let ubuntu = ["etc/debian_version=debian - bookworm/sid", "etc/lsb-release=ubuntu 22.04 jammy"];
        assert_eq!(decided(&ubuntu), "ubuntu 22.04 jammy");
    }

    #[test]
    fn the_later_layer_counts() {
        assert_eq!(decided(&["etc/os-release=debian 11 -", "etc/os-release=debian 12 -"]), "debian 12 -");
    }

    #[test]
    fn a_code_name_is_filled_in_but_no_version() {
        let sid = ["etc/os-release=debian - -", "etc/debian_version=debian 13 trixie/sid"];
        assert_eq!(decided(&sid), "debian - trixie/sid");
        assert_eq!(decided(&["etc/os-release=x - -", "etc/debian_version=debian 12 y"]), "x - -");
    }

    #[test]
    fn channels_count_for_their_own_distribution_and_name_none() {
        let of = |path: &str, id: &str, channels: &[&str]| Statement {
            path: FilePathBuf::from(path),
            layer: None,
            distro: Distro {
                id: id.into(),
                channels: channels.iter().map(|channel| (*channel).to_owned()).collect(),
                ..Distro::default()
            },
        };
        let list = || of("etc/apt/sources.list", "ubuntu", &["esm"]);
        let status = of("var/lib/ubuntu-advantage/status.json", "ubuntu", &["esm"]);
        let ubuntu = decide(vec![list(), status, of("etc/os-release", "ubuntu", &[])]).unwrap();
        assert_eq!(ubuntu.channels, ["esm"]);
        let debian = decide(vec![list(), of("etc/os-release", "debian", &[])]).unwrap();
        assert!(debian.channels.is_empty());
        assert_eq!(decide(vec![list()]), None);
    }

    #[test]
    fn the_repositories_of_alpine_tell_its_stream_and_nothing_else() {
        let edge = "etc/apk/repositories=alpine - edge";
        assert_eq!(decided(&[edge, "etc/os-release=alpine 3.19.1 -"]), "alpine 3.19.1 edge");
        assert_eq!(decided(&[edge, "etc/os-release=wolfi 2023 -"]), "wolfi 2023 -");
        assert_eq!(decided(&[edge]), "none");
        let release = "etc/apk/repositories=alpine - -";
        assert_eq!(decided(&[release, "etc/os-release=alpine 3.19.1 -"]), "alpine 3.19.1 -");
    }
}
