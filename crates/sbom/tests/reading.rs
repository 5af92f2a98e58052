//! Documents in, bills out: those of our own without loss, those of other tools with what they note beside package
//! URLs, damaged ones with what is left of them.
#![expect(clippy::unwrap_used, reason = "a test fails where a bill is not what it should be")]

mod samples;

use base64::Engine as _;
use seawall_model::{Distro, Limits, Package, PackageKind, SubjectKind};
use seawall_sbom::{Bill, Form, native, read, read_purls, write};

fn text(bill: &Bill, form: Form) -> String {
    let mut out = Vec::new();
    write(bill, form, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn bill(text: &str) -> Bill {
    read(text.as_bytes(), "file", &Limits::default()).unwrap()
}

fn refused(bytes: &[u8]) -> String {
    read(bytes, "file", &Limits::default()).map(drop).unwrap_err().to_string()
}

/// One line for each package: what findings depend on.
fn packages(bill: &Bill) -> Vec<String> {
    let line = |package: &Package| {
        let mut line = format!("{} {} {}", package.kind.purl_type(), package.name, package.version);
        let source = package.source.as_ref().map(|source| format!("from {} {}", source.name, source.version));
        let arch = package.arch.clone();
        let places = package.places.iter().map(|place| format!("at {}", place.path));
        let layer = package.places.iter().find_map(|place| place.layer).map(|layer| format!("layer {layer}"));
        for part in arch.into_iter().chain(source).chain(places).chain(layer) {
            line = format!("{line} {part}");
        }
        line
    };
    bill.packages.iter().map(line).collect()
}

fn problems(bill: &Bill) -> String {
    let lines = bill.problems.iter().map(|problem| format!("{}: {}", problem.kind.as_str(), problem.message));
    lines.collect::<Vec<_>>().join("\n")
}

fn distro(bill: &Bill) -> String {
    bill.distro.as_ref().map_or("none".to_owned(), Distro::purl_qualifier)
}

#[test]
fn what_is_written_is_read_back_from_every_form() {
    let written = samples::image();
    for form in Form::ALL {
        let read = bill(&text(&written, form));
        assert_eq!(packages(&read), packages(&written), "{form}");
        assert_eq!(read.kind, written.kind, "{form}");
        assert_eq!(read.name, written.name, "{form}");
        assert_eq!(read.created, written.created, "{form}");
        assert_eq!(read.tool, written.tool, "{form}");
        assert_eq!(read.image, written.image, "{form}");
        assert_eq!(read.layers, written.layers, "{form}");
        assert_eq!(read.distro, written.distro, "{form}");
        assert_eq!(read.dependencies, written.dependencies, "{form}");
        assert_eq!(problems(&read), "", "{form}");
        for (read, written) in read.packages.iter().zip(&written.packages) {
            assert_eq!(
                (&read.vendor, &read.owner, &read.cataloger),
                (&written.vendor, &written.owner, &written.cataloger)
            );
            assert_eq!((&read.places, &read.checksums), (&written.places, &written.checksums), "{form}");
        }
        // What is read once is read again in the same way.
        if form != Form::SeawallJson {
            assert_eq!(text(&bill(&text(&read, form)), form), text(&read, form), "{form}");
        }
    }
}

#[test]
fn hostile_names_come_back_from_package_urls_and_what_was_unread_stays_so() {
    let mut written = samples::hostile();
    written.findings = None;
    for form in Form::ALL {
        let read = bill(&text(&written, form));
        assert!(problems(&read).contains("layer-unreadable"), "{form}: {}", problems(&read));
        assert!(read.packages.len() + 3 >= written.packages.len(), "{form}: {}", read.packages.len());
        let conda = |bill: &Bill| {
            bill.packages
                .iter()
                .find(|package| package.kind == PackageKind::Conda)
                .map(|one| one.version.clone())
        };
        assert_eq!(conda(&read), conda(&written), "{form}");
    }
}

const SYFT: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6",
 "metadata": {"timestamp": "2026-01-02T03:04:05+01:00", "tools": {"components": [{"name": "syft", "version": "1.20.0"}]},
  "component": {"bom-ref": "x", "type": "container", "name": "app", "version": "sha256:12"}},
 "components": [
  {"bom-ref": "os:debian@12", "type": "operating-system", "name": "debian", "version": "12",
   "properties": [{"name": "syft:distro:id", "value": "debian"}, {"name": "syft:distro:versionID", "value": "12"}]},
  {"bom-ref": "a", "type": "library", "name": "libc6", "version": "2.36-9", "publisher": "GNU Libc <a@lists.debian.org>",
   "purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc",
   "properties": [{"name": "syft:location:0:path", "value": "/var/lib/dpkg/status"}]},
  {"bom-ref": "b", "type": "library", "group": "@types", "name": "node", "version": "1.0", "purl": "pkg:npm/%40types/node@1.0",
   "properties": [{"name": "syft:location:0:path", "value": "/a/package.json"}]},
  {"bom-ref": "c", "type": "library", "group": "@types", "name": "node", "version": "1.0", "purl": "pkg:npm/%40types/node@1.0",
   "properties": [{"name": "syft:location:0:path", "value": "/b/package.json"}]},
  {"bom-ref": "d", "type": "library", "name": "github.com/Foo/Bar", "version": "v1", "purl": "pkg:golang/github.com/Foo/Bar@v1",
   "components": [{"type": "library", "name": "inner", "version": "2", "purl": "pkg:cargo/inner@2"}]},
  {"type": "library", "name": "nothing", "version": "3"},
  {"type": "library", "name": "py", "version": "3", "properties": [{"name": "syft:package:type", "value": "python"}]},
  {"type": "library", "name": "otp", "version": "3", "purl": "pkg:otp/kernel@3"},
  {"type": "library", "name": "bad", "version": "3", "purl": "no purl"},
  {"type": "file", "name": "/etc/x"}, 7, "text", null],
 "dependencies": [{"ref": "b", "dependsOn": ["a", "zzz"]}, {"ref": "c", "dependsOn": ["a"]}, 5]}"#;

#[test]
fn bills_of_syft() {
    let bill = bill(SYFT);
    assert_eq!(
        packages(&bill),
        [
            "deb libc6 2.36-9 amd64 from glibc 2.36-9 at var/lib/dpkg/status",
            "pypi py 3",
            "npm @types/node 1.0 at a/package.json at b/package.json",
            "golang github.com/Foo/Bar v1",
            "cargo inner 2",
        ]
    );
    assert_eq!(distro(&bill), "debian-12");
    assert_eq!(bill.created.to_string(), "2026-01-02T02:04:05Z");
    assert_eq!(bill.tool.name, "syft");
    assert_eq!(bill.kind, SubjectKind::Sbom);
    assert_eq!(bill.dependencies.len(), 1);
    assert_eq!(bill.packages[0].vendor.as_deref(), Some("GNU Libc <a@lists.debian.org>"));
    assert_eq!(
        problems(&bill),
        "malformed: \"no purl\" does not start with pkg:\n\
         unsupported: 1 of 11 components have no package URL and are not judged: nothing 3\n\
         unsupported: 1 of 11 components have package URLs of type otp, which is not known, and are not judged: otp 3"
    );
}

#[test]
fn bills_of_trivy() {
    let json = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5",
     "metadata": {"tools": [{"vendor": "aquasecurity", "name": "trivy", "version": "0.50"}],
      "component": {"bom-ref": "root", "type": "container", "name": "app", "properties": [
       {"name": "aquasecurity:trivy:DiffID", "value": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
       {"name": "aquasecurity:trivy:DiffID", "value": "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}]}},
     "components": [
      {"bom-ref": "1", "type": "operating-system", "name": "redhat", "version": "8.4",
       "properties": [{"name": "aquasecurity:trivy:Class", "value": "os-pkgs"}]},
      {"bom-ref": "2", "type": "library", "name": "bind-libs", "version": "32:9.11-1.el8", "supplier": {"name": "Red Hat, Inc."},
       "purl": "pkg:rpm/redhat/bind-libs@9.11-1.el8?arch=x86_64&distro=redhat-8.4&epoch=32",
       "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "bind"}, {"name": "aquasecurity:trivy:SrcVersion", "value": "9.11"},
        {"name": "aquasecurity:trivy:SrcRelease", "value": "1.el8"}, {"name": "aquasecurity:trivy:SrcEpoch", "value": "32"},
        {"name": "aquasecurity:trivy:Modularitylabel", "value": "bind:1"},
        {"name": "aquasecurity:trivy:LayerDiffID", "value": "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"},
        {"name": "aquasecurity:trivy:FilePath", "value": "var/lib/rpm/Packages"}]},
      {"bom-ref": "3", "type": "application", "name": "app/package-lock.json",
       "properties": [{"name": "aquasecurity:trivy:Class", "value": "lang-pkgs"}]}]}"#;
    let bill = bill(json);
    assert_eq!(
        packages(&bill),
        ["rpm bind-libs 32:9.11-1.el8 x86_64 from bind 32:9.11-1.el8 at var/lib/rpm/Packages layer 1"]
    );
    assert_eq!(distro(&bill), "rhel-8.4");
    assert_eq!(bill.packages[0].modularity.as_deref(), Some("bind:1"));
    assert_eq!(bill.packages[0].vendor.as_deref(), Some("Red Hat, Inc."));
    assert_eq!(problems(&bill), "");

    let spdx = r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "app",
     "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Organization: aquasecurity", "Tool: trivy-0.50"]},
     "packages": [
      {"SPDXID": "SPDXRef-Root", "name": "app", "primaryPackagePurpose": "CONTAINER"},
      {"SPDXID": "SPDXRef-OS", "name": "alpine", "versionInfo": "3.20.1", "primaryPackagePurpose": "OPERATING-SYSTEM"},
      {"SPDXID": "SPDXRef-App", "name": "node-pkg", "attributionTexts": ["Class: lang-pkgs"], "primaryPackagePurpose": "APPLICATION"},
      {"SPDXID": "SPDXRef-P", "name": "libssl3", "versionInfo": "3.3-r0", "sourceInfo": "built package from: openssl 3.3-r0",
       "licenseDeclared": "LicenseRef-x", "supplier": "Person: A (a@alpine.org)",
       "checksums": [{"algorithm": "SHA1", "checksumValue": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}],
       "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:apk/alpine/libssl3@3.3-r0?distro=3.20.1"}]}],
     "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-x", "name": "Own words"}],
     "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Root"}]}"#;
    let bill = self::bill(spdx);
    assert_eq!(packages(&bill), ["apk libssl3 3.3-r0 from openssl 3.3-r0"]);
    assert_eq!(distro(&bill), "alpine-3.20.1");
    assert_eq!(bill.packages[0].licences, ["Own words"]);
    assert_eq!(bill.packages[0].checksums.len(), 1);
    assert_eq!(problems(&bill), "");
}

#[test]
fn tag_value_text_of_several_lines_and_comments() {
    let spdx = "SPDXVersion: SPDX-2.2\nSPDXID: SPDXRef-DOCUMENT\n## A comment: one\nDocumentName: d\n\
        DocumentComment: <text>one\nPackageName: no\n</text>\nCreator: Tool: distro2sbom-0.5\n\
        FileName: ./a\nSPDXID: SPDXRef-F\nPackageVersion: no\n\n\
        PackageName: zlib1g\nSPDXID: SPDXRef-1\nPackageVersion: 1:1.2\r\nFilesAnalyzed: false\n\
        ExternalRef: PACKAGE_MANAGER purl pkg:deb/debian/zlib1g@1:1.2?distro=debian-11\n\
        PackageName: b\nSPDXID: SPDXRef-2\nExternalRef: PACKAGE-MANAGER purl pkg:pypi/b@1\n\
        Relationship: SPDXRef-2 DEPENDS_ON SPDXRef-1\nRelationship: SPDXRef-1 DEV_DEPENDENCY_OF SPDXRef-2\n";
    let bill = bill(spdx);
    assert_eq!(packages(&bill), ["deb zlib1g 1:1.2", "pypi b 1"]);
    assert_eq!(bill.dependencies.len(), 1);
    assert_eq!(
        (bill.name.as_str(), bill.tool.name.as_str(), distro(&bill).as_str()),
        ("d", "distro2sbom", "debian-11")
    );
    assert!(refused(b"SPDXVersion: SPDX-2.2\nPackageComment: <text>without end").contains("has no end"));
}

#[test]
fn xml_with_prefixes_entities_and_unknown_elements() {
    let xml = r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "boom">]>
      <b:bom xmlns:b="http://cyclonedx.org/schema/bom/1.2" version="1"><b:metadata><b:timestamp>2026-01-01T00:00:00Z</b:timestamp>
      <b:tools><b:tool><b:vendor>v</b:vendor><b:name>cdxgen</b:name><b:version>1</b:version></b:tool></b:tools></b:metadata>
      <b:components><b:component type="library" bom-ref="x"><b:group>org.a</b:group><b:name>a&amp;b&e;</b:name><b:version>1</b:version>
      <b:hashes><b:hash alg="MD5">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</b:hash></b:hashes><b:licenses><b:license><b:id>MIT</b:id></b:license></b:licenses>
      <b:pedigree><b:ancestors><b:component type="library"><b:name>no</b:name></b:component></b:ancestors></b:pedigree>
      <b:purl>pkg:maven/org.a/a%26b@1</b:purl></b:component></b:components></b:bom>"#;
    let bill = bill(xml);
    assert_eq!(packages(&bill), ["maven org.a:a&b 1"]);
    assert_eq!(bill.packages[0].licences, ["MIT"]);
    assert_eq!(bill.tool.name, "cdxgen");
    assert!(
        refused(b"<bom xmlns='http://cyclonedx.org/schema/bom/1.5'><components>").contains("ends inside")
    );
    let deep = format!("<bom xmlns='http://cyclonedx.org/schema/bom/1.5'>{}", "<components>".repeat(200));
    assert!(refused(deep.as_bytes()).contains("more than 128 nested elements"));
}

#[test]
fn attestations_are_opened() {
    let statement = format!(r#"{{"_type": "https://in-toto.io/Statement/v1", "predicate": {SYFT}}}"#);
    let payload = base64::engine::general_purpose::STANDARD.encode(&statement);
    let envelope = format!(r#"{{"payloadType": "application/vnd.in-toto+json", "payload": "{payload}"}}"#);
    let bundle = format!(r#"{{"mediaType": "x", "dsseEnvelope": {envelope}}}"#);
    let provenance = r#"{"_type": "x", "predicate": {"buildType": "y"}}"#.to_owned();
    let lines = format!("{provenance}\n{}\n", envelope.replace('\n', " "));
    let github = format!(r#"{{"sbom": {SYFT}}}"#);
    let cosign = format!(r#"{{"_type": "x", "predicate": {{"Data": {SYFT}, "Timestamp": ""}}}}"#);
    for text in [statement, envelope, bundle, lines, github, cosign] {
        assert_eq!(packages(&bill(&text)), packages(&bill(SYFT)), "{text:.80}");
    }
    let mut deep = "{}".to_owned();
    for _ in 0..20 {
        deep = format!(r#"{{"predicate": {deep}}}"#);
    }
    assert!(refused(deep.as_bytes()).contains("wrapped too often"));
    assert!(refused(provenance.as_bytes()).contains("no bill of materials"));
    assert!(refused(br#"{"payload": "%%%"}"#).contains("no base64"));
}

#[test]
fn encodings_and_byte_order_marks() {
    let units: Vec<u16> = SYFT.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    for bytes in [
        marked(&[0xef, 0xbb, 0xbf], SYFT.as_bytes()),
        marked(&[0xff, 0xfe], &little),
        marked(&[0xfe, 0xff], &big),
        little,
        big,
        marked(b"\n\t ", SYFT.as_bytes()),
    ] {
        assert_eq!(read(&bytes, "file", &Limits::default()).unwrap().packages.len(), 5);
    }
}

#[test]
fn what_is_none_is_refused_and_what_is_not_read_is_named() {
    for (text, reason) in [
        ("", "no bill of materials"),
        ("[]", "no bill of materials"),
        ("{}", "no bill of materials"),
        ("hello", "no bill of materials"),
        ("{\"a\":", "not the expected JSON"),
        (r#"{"bomFormat": "CycloneDX", "bomFormat": "x"}"#, "duplicate field"),
        ("<html>", "no bill of materials"),
        ("<rdf:RDF xmlns:rdf='x'/>", "SPDX as RDF"),
        ("SPDXID: SPDXRef-DOCUMENT\nspdxVersion: SPDX-2.3", "SPDX as YAML"),
        (r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}"#, "SPDX 3"),
        (r#"{"format": "seawall-sbom"}"#, "no bill of materials of Seawall"),
    ] {
        assert!(refused(text.as_bytes()).contains(reason), "{text}: {}", refused(text.as_bytes()));
    }
    let small = Limits { max_text_bytes: 10, ..Limits::default() };
    assert!(read(SYFT.as_bytes(), "file", &small).unwrap_err().to_string().contains("more than 10 bytes"));
    let objects =
        format!("{{\"bomFormat\": \"CycloneDX\", \"components\": [{}{{}}]}}", "{},".repeat(4_000_000));
    assert!(refused(objects.as_bytes()).contains("more than 4000000 objects"));
    let (open, close) = ("[{\"components\":".repeat(200), "}]".repeat(200));
    let deep = format!("{{\"bomFormat\": \"CycloneDX\", \"components\": {open}[]{close}}}");
    assert!(refused(deep.as_bytes()).contains("recursion limit"));
    let few = Limits { max_packages_per_file: 2, ..Limits::default() };
    let bill = read(SYFT.as_bytes(), "file", &few).unwrap();
    assert!(problems(&bill).contains("9 components beyond the limit"), "{}", problems(&bill));
    for version in ["1.1", "1.9", "2.0"] {
        let bill = self::bill(&SYFT.replace("\"1.6\"", &format!("\"{version}\"")));
        assert!(problems(&bill).contains("a version that is not known"), "{version}");
    }
}

#[test]
fn every_beginning_of_a_document_is_read_or_refused() {
    let bill = samples::image();
    for form in Form::ALL {
        let text = text(&bill, form);
        for end in (0..text.len()).step_by(37) {
            let _ = read(&text.as_bytes()[..end], "file", &Limits::default());
        }
    }
}

#[test]
fn distributions_that_contradict_each_other_are_named() {
    let list = |lines: &[&str]| read_purls(lines.join("\n").as_bytes(), "list", &Limits::default()).unwrap();
    let bill = list(&[
        "pkg:deb/debian/a@1?distro=debian-12",
        "pkg:deb/debian/b@1?distro=debian-12.5",
        "pkg:deb/debian/c@1",
        "pkg:deb/debian/d@1?distro=bookworm",
        "pkg:apk/alpine/e@1?distro=alpine-3.20",
        "pkg:deb/debian/f@1?distro=debian-11",
    ]);
    assert_eq!(distro(&bill), "debian-12");
    assert_eq!(packages(&bill), ["deb a 1", "deb b 1", "deb c 1", "deb d 1"]);
    assert_eq!(
        problems(&bill),
        "database-unreadable: 1 packages are of alpine-3.20 and not of debian-12: they are left out, as only one distribution is judged at a time\n\
         database-unreadable: 1 packages are of debian-11 and not of debian-12: they are left out, as only one distribution is judged at a time"
    );
    let conflicting = self::bill(&SYFT.replace("distro=debian-12", "distro=debian-11"));
    assert_eq!(distro(&conflicting), "debian-11");
    assert!(
        problems(&conflicting).contains("the document is of debian-12, and its packages are of debian-11")
    );
}

#[test]
fn lists_of_package_urls() {
    let list = "# a comment\n\n pkg:npm/lodash@4.17.20  # why\npkg:golang/example.org/a@v1#sub/path\n\
        pkg:npm/lodash@4.17.20\r\nnot one\npkg:rpm/redhat/bind@9.1-1?epoch=32&distro=rhel-9\n";
    let bill = read_purls(list.as_bytes(), "list", &Limits::default()).unwrap();
    assert_eq!(bill.kind, SubjectKind::PurlList);
    assert_eq!(packages(&bill), ["rpm bind 32:9.1-1", "npm lodash 4.17.20", "golang example.org/a v1"]);
    assert_eq!(distro(&bill), "rhel-9");
    assert_eq!(problems(&bill), "malformed: line 6: \"not one\" does not start with pkg:");
}

#[test]
fn our_own_form_is_recognised() {
    let native_text = text(&samples::image(), Form::SeawallJson);
    assert_eq!(
        format!("{:?}", bill(&native_text)),
        format!("{:?}", native::read(native_text.as_bytes()).unwrap())
    );
}
