//! The list of package formats, sorted by name.

use crate::cataloger::Cataloger;

mod alpine_apk;
mod alpine_repositories;
mod arch_pacman;
mod debian_chisel;
mod debian_copyright;
mod debian_dpkg;
mod openwrt_opkg;
mod os_release;
mod redhat_rpmdb;
mod redhat_rpmmanifest;
mod release_files;

/// Every format that Seawall reads.
pub const CATALOGERS: &[&dyn Cataloger] = &[
    &alpine_apk::AlpineApk,
    &alpine_repositories::AlpineRepositories,
    &arch_pacman::ArchPacman,
    &debian_chisel::DebianChisel,
    &debian_copyright::DebianCopyright,
    &debian_dpkg::DebianDpkg,
    &os_release::OsRelease,
    &release_files::ReleaseFiles,
    &openwrt_opkg::OpenwrtOpkg,
    &redhat_rpmdb::RedhatRpmdb,
    &redhat_rpmmanifest::RedhatRpmmanifest,
];

#[cfg(test)]
mod tests {
    use super::CATALOGERS;

    #[test]
    fn the_list_is_sorted_unique_and_fits_the_set() {
        let names: Vec<_> = CATALOGERS.iter().map(|cataloger| cataloger.name()).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        assert!(names.len() < 128);
    }

    #[test]
    fn every_file_of_this_folder_is_in_the_list() {
        let text = include_str!("mod.rs");
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogers");
        #[expect(clippy::disallowed_methods, reason = "a test of the source tree reads it")]
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "mod") else { continue };
            assert!(text.contains(&format!("mod {module};")), "{module} is missing in catalogers/mod.rs");
        }
    }
}
