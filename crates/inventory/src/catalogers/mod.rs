//! The list of package formats, sorted by name.

use crate::cataloger::Cataloger;

mod alpine_apk;
mod alpine_repositories;
mod arch_pacman;
mod bitnami_spdx;
mod cocoapods_podfile;
mod conan_lock;
mod conan_text;
mod conda_environment;
mod conda_meta;
mod dart_pubspec;
mod debian_chisel;
mod debian_copyright;
mod debian_dpkg;
mod dotnet_deps;
mod dotnet_lockfile;
mod dotnet_project;
pub(crate) mod elf_note;
mod elixir_mix;
mod erlang_app;
mod erlang_rebar;
mod github_actions;
mod go_binary;
mod go_mod;
mod haskell_lock;
mod homebrew;
mod java_archive;
mod java_lockfile;
mod java_pom;
mod java_runtime;
mod java_verification;
mod julia_manifest;
mod node_bun;
mod node_deno;
mod node_npm_lock;
mod node_package_json;
mod node_pnpm;
mod node_yarn;
mod openwrt_opkg;
mod os_release;
mod php_composer_installed;
mod php_composer_lock;
mod php_pear;
mod php_wordpress;
mod python_installed;
mod python_pdm;
mod python_pipfile;
mod python_poetry;
mod python_pylock;
mod python_requirements;
mod python_setup;
mod python_uv;
mod r_description;
mod r_renv;
mod redhat_rpmdb;
mod redhat_rpmmanifest;
mod release_files;
mod ruby_bundler;
mod ruby_gemspec;
mod rust_auditable;
mod rust_lock;
mod swift_resolved;
mod ubuntu_pro;
pub(crate) mod windows_version_resource;

/// Every format that Seawall reads.
pub const CATALOGERS: &[&dyn Cataloger] = &[
    &alpine_apk::AlpineApk,
    &alpine_repositories::AlpineRepositories,
    &arch_pacman::ArchPacman,
    &bitnami_spdx::BitnamiSpdx,
    &cocoapods_podfile::CocoapodsPodfile,
    &conan_text::ConanFile,
    &conan_text::ConanInfo,
    &conan_lock::ConanLock,
    &conda_environment::CondaEnvironment,
    &conda_meta::CondaMeta,
    &dart_pubspec::DartPubspec,
    &debian_chisel::DebianChisel,
    &debian_copyright::DebianCopyright,
    &debian_dpkg::DebianDpkg,
    &dotnet_deps::DotnetDeps,
    &dotnet_project::DotnetConfig,
    &dotnet_lockfile::DotnetLockfile,
    &dotnet_project::DotnetProject,
    &elixir_mix::ElixirMix,
    &erlang_app::ErlangApp,
    &erlang_rebar::ErlangRebar,
    &github_actions::GithubActions,
    &go_binary::GoBinary,
    &go_mod::GoMod,
    &haskell_lock::HaskellCabal,
    &haskell_lock::HaskellStack,
    &homebrew::Homebrew,
    &java_archive::JavaArchive,
    &java_lockfile::GradleLockfile,
    &java_verification::GradleVerification,
    &java_pom::JavaPom,
    &java_runtime::JavaRuntime,
    &java_lockfile::SbtLockfile,
    &julia_manifest::JuliaManifest,
    &elf_note::ElfNote,
    &os_release::OsRelease,
    &release_files::ReleaseFiles,
    &node_bun::NodeBun,
    &node_deno::NodeDeno,
    &node_npm_lock::NodeNpmLock,
    &node_package_json::NodePackageJson,
    &node_pnpm::NodePnpm,
    &node_yarn::NodeYarn,
    &openwrt_opkg::OpenwrtOpkg,
    &php_composer_installed::PhpComposerInstalled,
    &php_composer_lock::PhpComposerLock,
    &php_pear::PhpPear,
    &php_wordpress::PhpWordpress,
    &python_installed::PythonInstalled,
    &python_pdm::PythonPdm,
    &python_pipfile::PythonPipfile,
    &python_poetry::PythonPoetry,
    &python_pylock::PythonPylock,
    &python_requirements::PythonRequirements,
    &python_setup::PythonSetup,
    &python_uv::PythonUv,
    &python_installed::PythonWheel,
    &r_description::RDescription,
    &r_renv::RRenv,
    &redhat_rpmdb::RedhatRpmdb,
    &redhat_rpmmanifest::RedhatRpmmanifest,
    &ruby_bundler::RubyBundler,
    &ruby_gemspec::RubyGemspec,
    &rust_auditable::RustAuditable,
    &rust_lock::RustLock,
    &swift_resolved::SwiftResolved,
    &ubuntu_pro::UbuntuPro,
    &windows_version_resource::WindowsVersionResource,
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
    fn the_documentation_names_every_format() {
        let text = include_str!("../../../../docs/packages.md");
        for cataloger in CATALOGERS {
            assert!(text.contains(&format!("`{}`", cataloger.name())), "{}", cataloger.name());
        }
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
