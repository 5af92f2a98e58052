//! The `ebin/*.app` of each application in a release of Erlang or Elixir: the installed form of a package.
//!
//! The applications of Erlang/OTP and of Elixir itself are no packages of Hex; they are listed as programs, by
//! the name `otp-<application>`.
//! <https://www.erlang.org/doc/apps/kernel/app.html>

use seawall_model::{FilePath, PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;
use crate::erlang_terms::tuples;

pub(super) struct ErlangApp;

/// Sorted.
const OF_THE_PLATFORM: &[&str] = &[
    "asn1",
    "common_test",
    "compiler",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eex",
    "eldap",
    "elixir",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ex_unit",
    "ftp",
    "iex",
    "inets",
    "jinterface",
    "kernel",
    "logger",
    "megaco",
    "mix",
    "mnesia",
    "observer",
    "odbc",
    "os_mon",
    "parsetools",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "tftp",
    "tools",
    "wx",
    "xmerl",
];

impl Cataloger for ErlangApp {
    fn name(&self) -> &'static str {
        "erlang/app"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("app")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.parent().is_some_and(|parent| parent.file_name() == b"ebin")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let mut name = None;
        let mut version = None;
        for tuple in tuples(&text, '%') {
            match tuple {
                ["application", application, ..] => name = name.or(Some(application)),
                ["vsn", vsn, ..] => version = version.or(Some(vsn)),
                _ => {}
            }
        }
        let present = |text: Option<&'_ str>| text.is_some_and(|text| !text.is_empty());
        if !present(name) {
            return found.problem(ProblemKind::Malformed, "it describes no application");
        }
        let (name, version) = (name.unwrap_or_default(), version.unwrap_or_default());
        let package = if OF_THE_PLATFORM.binary_search(&name).is_ok() {
            found.package(PackageKind::Generic, format!("otp-{name}"), version)
        } else {
            found.package(PackageKind::Hex, name, version)
        };
        found.push(package);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_applications_of_the_platform_are_sorted() {
        assert!(super::OF_THE_PLATFORM.is_sorted());
    }
}
