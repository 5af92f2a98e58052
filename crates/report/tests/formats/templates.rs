//! The example templates, and what a template may not do.

use seawall_report::Template;

use crate::reports;

fn rendered(name: &str, source: &str) -> Result<String, String> {
    let template = Template::new(name, source.to_owned()).map_err(|error| error.to_string())?;
    let bytes = template.render(&reports::hostile()).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(bytes).unwrap())
}

#[test]
fn the_variables_are_the_fields_of_the_json_report() {
    let source = "{{ subject.kind }} {{ summary.packages }} {{ packages[findings[0].package].name|escape_terminal }}\n";
    assert_eq!(rendered("a.txt", source).unwrap(), "image 13 ::error file=a::pwned\n");
}

#[test]
fn the_ending_says_what_is_escaped() {
    let source = "{{ packages[9].name }}";
    let raw = "<!-- --><script>alert(1)</script>";
    assert_eq!(rendered("a.txt", source).unwrap(), raw);
    for name in ["a.html", "dir/a.html.j2", "a.xml.tpl"] {
        assert!(rendered(name, source).unwrap().starts_with("&lt;!--"), "{name}");
    }
}

#[test]
fn filters_escape_for_each_form() {
    for (filter, expected) in [
        ("escape_html", "&lt;!-- --&gt;"),
        ("escape_xml", "&lt;!-- --&gt;"),
        ("escape_markdown", "\\<\\!-- --\\>"),
        ("markdown_code", "`<!-- --><script>"),
        ("escape_uri", "%3C%21--%20--%3E"),
        ("cut(5)|escape_csv", "<!--…"),
        ("tojson", "\"\\u003c!-- --\\u003e"),
    ] {
        let text = rendered("a.html", &format!("{{{{ packages[9].name|{filter} }}}}")).unwrap();
        assert!(text.starts_with(expected), "{filter}: {text}");
    }
    assert_eq!(rendered("a.csv", "{{ packages[1].name|escape_csv }}").unwrap(), "'=cmd|' /C calc'!A0");
}

#[test]
fn faults_are_told_with_their_line() {
    for (source, expected) in [
        ("\n{% for x in %}", "a.txt, line 2: syntax error"),
        ("a\nb\n{{ sumary.packages }}", "a.txt, line 3: undefined value"),
        ("{{ summary.nothing }}", "a.txt, line 1: undefined value"),
        ("{% include 'other' %}", "a.txt, line 1: syntax error"),
        ("{{ 1|no_filter }}", "a.txt, line 1: unknown filter"),
    ] {
        let error = rendered("a.txt", source).unwrap_err();
        assert!(error.contains(expected), "{source:?}: {error}");
    }
}

#[test]
fn work_and_output_are_bounded() {
    let nested = "{% for a in range(10000) %}{% for b in range(10000) %}{% for c in range(10000) %}{% endfor %}{% endfor %}{% endfor %}";
    let error = rendered("a.txt", nested).unwrap_err();
    assert!(error.contains("more steps than a report may"), "{error}");
    let long = "{% set x %}{% for a in range(10000) %}0123456789{% endfor %}{% endset %}{% for a in range(10000) %}{{ x }}{% endfor %}";
    let error = rendered("a.txt", long).unwrap_err();
    assert!(error.contains("64 MiB"), "{error}");
    assert!(rendered("a.txt", &" ".repeat(2 << 20)).unwrap_err().contains("1 MiB"));
}

macro_rules! examples {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../examples/templates/", $name)))),+]
    };
}

const EXAMPLES: &[(&str, &str)] =
    examples!["asff.json.j2", "gitlab-codequality.json.j2", "list.txt.j2", "slack.json.j2", "table.html.j2",];

#[test]
fn every_example_on_every_report() {
    for (report_name, report) in reports::all() {
        for (name, source) in EXAMPLES {
            let template = Template::new(name, (*source).to_owned()).unwrap();
            let text = String::from_utf8(template.render(&report).unwrap()).unwrap();
            if name.ends_with(".json.j2") {
                let parsed = serde_json::from_str::<serde_json::Value>(&text);
                assert!(parsed.is_ok(), "{name} on {report_name}: {parsed:?}\n{text}");
            }
            let file = format!("{report_name}-{}", name.trim_end_matches(".j2"));
            insta::assert_binary_snapshot!(&file, text.into_bytes());
        }
    }
}
