//! Groups of artifacts that are published without Maven's own description in the jar.
//!
//! Gradle, Ant and Bazel leave it out, and without a group nothing can be matched. An entry counts only where
//! the jar also holds classes of the package that it names, so that another jar of the same name is not taken
//! for it.

use std::ops::RangeInclusive;

struct Known {
    /// The artifact; a star at its end stands for anything.
    artifact: &'static str,
    /// The beginning of the folder of its classes.
    classes: &'static str,
    /// First parts of the versions for which it holds.
    majors: RangeInclusive<u32>,
    group: &'static str,
    /// The name under which it is published, where the file has another one.
    published_as: Option<&'static str>,
}

const fn known(artifact: &'static str, classes: &'static str, group: &'static str) -> Known {
    Known { artifact, classes, majors: 0..=u32::MAX, group, published_as: None }
}

const fn versions(majors: RangeInclusive<u32>, known: Known) -> Known {
    Known { majors, ..known }
}

const fn published_as(artifact: &'static str, known: Known) -> Known {
    Known { published_as: Some(artifact), ..known }
}

/// The first that fits counts.
const KNOWN: &[Known] = &[
    known("spring-ai-*", "org/springframework", "org.springframework.ai"),
    known("spring-amqp", "org/springframework", "org.springframework.amqp"),
    known("spring-batch-*", "org/springframework", "org.springframework.batch"),
    known("spring-boot*", "org/springframework", "org.springframework.boot"),
    known("spring-cloud-*", "org/springframework", "org.springframework.cloud"),
    known("spring-data-*", "org/springframework", "org.springframework.data"),
    known("spring-graphql*", "org/springframework", "org.springframework.graphql"),
    known("spring-hateoas", "org/springframework", "org.springframework.hateoas"),
    known("spring-integration-*", "org/springframework", "org.springframework.integration"),
    known("spring-kafka*", "org/springframework", "org.springframework.kafka"),
    known("spring-ldap-*", "org/springframework", "org.springframework.ldap"),
    known("spring-plugin-*", "org/springframework", "org.springframework.plugin"),
    known("spring-rabbit*", "org/springframework", "org.springframework.amqp"),
    known("spring-retry", "org/springframework", "org.springframework.retry"),
    known("spring-security-*", "org/springframework", "org.springframework.security"),
    known("spring-session-*", "org/springframework", "org.springframework.session"),
    known("spring-shell-*", "org/springframework", "org.springframework.shell"),
    known("spring-social-*", "org/springframework", "org.springframework.social"),
    known("spring-vault-*", "org/springframework", "org.springframework.vault"),
    known("spring-webflow", "org/springframework", "org.springframework.webflow"),
    known("spring-ws-*", "org/springframework", "org.springframework.ws"),
    known("spring-xml", "org/springframework", "org.springframework.ws"),
    known("spring-aop", "org/springframework", SPRING),
    known("spring-aspects", "org/springframework", SPRING),
    known("spring-beans", "org/springframework", SPRING),
    known("spring-context*", "org/springframework", SPRING),
    known("spring-core*", "org/springframework", SPRING),
    known("spring-expression", "org/springframework", SPRING),
    known("spring-instrument*", "org/springframework", SPRING),
    known("spring-jcl", "org/apache/commons", SPRING),
    known("spring-jdbc", "org/springframework", SPRING),
    known("spring-jms", "org/springframework", SPRING),
    known("spring-messaging", "org/springframework", SPRING),
    known("spring-orm", "org/springframework", SPRING),
    known("spring-oxm", "org/springframework", SPRING),
    known("spring-r2dbc", "org/springframework", SPRING),
    known("spring-test", "org/springframework", SPRING),
    known("spring-tx", "org/springframework", SPRING),
    known("spring-web", "org/springframework", SPRING),
    known("spring-webflux", "org/springframework", SPRING),
    known("spring-webmvc*", "org/springframework", SPRING),
    known("spring-websocket", "org/springframework", SPRING),
    known("tomcat-embed-*", "org/apache", "org.apache.tomcat.embed"),
    known("tomcat-*", "org/apache", TOMCAT),
    published_as("tomcat-catalina", known("catalina", "org/apache/catalina", TOMCAT)),
    published_as("tomcat-catalina-ant", known("catalina-ant", "org/apache/catalina", TOMCAT)),
    published_as("tomcat-catalina-ha", known("catalina-ha", "org/apache/catalina", TOMCAT)),
    published_as("tomcat-ssi", known("catalina-ssi", "org/apache/catalina", TOMCAT)),
    published_as("tomcat-storeconfig", known("catalina-storeconfig", "org/apache/catalina", TOMCAT)),
    published_as("tomcat-tribes", known("catalina-tribes", "org/apache/catalina", TOMCAT)),
    published_as("tomcat-jasper", known("jasper", "org/apache/jasper", TOMCAT)),
    published_as("tomcat-jasper-el", known("jasper-el", "org/apache/el", TOMCAT)),
    known("ant", "org/apache/tools", "org.apache.ant"),
    known("ant-*", "org/apache/tools", "org.apache.ant"),
    known("annotations", "org/jetbrains", "org.jetbrains"),
    known("antlr", "antlr", "antlr"),
    known("antlr4*", "org/antlr", "org.antlr"),
    known("aopalliance", "org/aopalliance", "aopalliance"),
    known("arrow-*", "arrow", "io.arrow-kt"),
    versions(0..=3, known("asm*", "org/objectweb/asm", "asm")),
    versions(4..=u32::MAX, known("asm*", "org/objectweb/asm", "org.ow2.asm")),
    known("aspectj*", "org/aspectj", "org.aspectj"),
    known("bc*-jdk*", "org/bouncycastle", "org.bouncycastle"),
    known("bc-fips", "org/bouncycastle", "org.bouncycastle"),
    known("bc*-fips", "org/bouncycastle", "org.bouncycastle"),
    known("caffeine", "com/github/benmanes", "com.github.ben-manes.caffeine"),
    known("cassandra-*", "org/apache/cassandra", "org.apache.cassandra"),
    known("checker-*", "org/checkerframework", "org.checkerframework"),
    known("commons-httpclient", "org/apache/commons", "commons-httpclient"),
    known("conscrypt-*", "org/conscrypt", "org.conscrypt"),
    known("derby*", "org/apache/derby", "org.apache.derby"),
    versions(0..=1, known("dom4j", "org/dom4j", "dom4j")),
    versions(2..=u32::MAX, known("dom4j", "org/dom4j", "org.dom4j")),
    known("elasticsearch-rest-*", "org/elasticsearch", "org.elasticsearch.client"),
    known("elasticsearch*", "org/elasticsearch", "org.elasticsearch"),
    known("flink-*", "org/apache/flink", "org.apache.flink"),
    known("graphql-java", "graphql", "com.graphql-java"),
    versions(0..=3, known("groovy*", "groovy", "org.codehaus.groovy")),
    versions(4..=u32::MAX, known("groovy*", "groovy", "org.apache.groovy")),
    versions(0..=3, known("groovy*", "org/codehaus/groovy", "org.codehaus.groovy")),
    versions(4..=u32::MAX, known("groovy*", "org/apache/groovy", "org.apache.groovy")),
    known("grpc-*", "io/grpc", "io.grpc"),
    known("h2", "org/h2", "com.h2database"),
    versions(0..=5, known("hibernate-core", "org/hibernate", "org.hibernate")),
    versions(6..=u32::MAX, known("hibernate-core", "org/hibernate", "org.hibernate.orm")),
    known("hadoop-*", "org/apache/hadoop", "org.apache.hadoop"),
    known("hamcrest-*", "org/hamcrest", "org.hamcrest"),
    known("hibernate-commons-annotations", "org/hibernate", "org.hibernate.common"),
    known("hsqldb", "org/hsqldb", "org.hsqldb"),
    versions(0..=2, known("htmlunit*", "com/gargoylesoftware", "net.sourceforge.htmlunit")),
    known("ivy", "org/apache/ivy", "org.apache.ivy"),
    known("javax.inject", "javax/inject", "javax.inject"),
    known("jdom", "org/jdom", "org.jdom"),
    known("jdom2", "org/jdom2", "org.jdom"),
    known("jna*", "com/sun/jna", "net.java.dev.jna"),
    known("json-path", "com/jayway/jsonpath", "com.jayway.jsonpath"),
    known("jsr305", "javax/annotation", "com.google.code.findbugs"),
    known("junit", "junit", "junit"),
    known("junit-jupiter*", "org/junit", "org.junit.jupiter"),
    known("junit-platform-*", "org/junit", "org.junit.platform"),
    known("jython*", "org/python", "org.python"),
    known("kafka*", "org/apache/kafka", "org.apache.kafka"),
    known("kafka*", "kafka", "org.apache.kafka"),
    known("kotlinx-*", "kotlinx", "org.jetbrains.kotlinx"),
    known("kotlin-*", "kotlin", "org.jetbrains.kotlin"),
    known("ktor-*", "io/ktor", "io.ktor"),
    known("log4j", "org/apache/log4j", "log4j"),
    known("lucene-*", "org/apache/lucene", "org.apache.lucene"),
    known("lz4-java", "net/jpountz", "org.lz4"),
    known("micrometer-*", "io/micrometer", "io.micrometer"),
    known("micronaut-*", "io/micronaut", "io.micronaut"),
    known("minio", "io/minio", "io.minio"),
    known("mockito-*", "org/mockito", "org.mockito"),
    known("mysql-connector-j", "com/mysql", "com.mysql"),
    known("mysql-connector-java", "com/mysql", "mysql"),
    known("ojdbc*", "oracle/jdbc", "com.oracle.database.jdbc"),
    known("okhttp*", "okhttp3", "com.squareup.okhttp3"),
    known("okio*", "okio", "com.squareup.okio"),
    known("opensearch*", "org/opensearch", "org.opensearch"),
    known("opentelemetry-*", "io/opentelemetry", "io.opentelemetry"),
    known("perfmark-*", "io/perfmark", "io.perfmark"),
    known("postgresql", "org/postgresql", "org.postgresql"),
    known("reactor-core", "reactor", "io.projectreactor"),
    known("reactor-netty*", "reactor/netty", "io.projectreactor.netty"),
    known("retrofit*", "retrofit2", "com.squareup.retrofit2"),
    known("rhino*", "org/mozilla", "org.mozilla"),
    known("selenium-*", "org/openqa", "org.seleniumhq.selenium"),
    known("solr-*", "org/apache/solr", "org.apache.solr"),
    known("testng", "org/testng", "org.testng"),
    known("tomlj", "org/tomlj", "org.tomlj"),
    known("xalan", "org/apache/xalan", "xalan"),
    known("xercesImpl", "org/apache/xerces", "xerces"),
    known("xml-apis", "org/w3c", "xml-apis"),
];

const SPRING: &str = "org.springframework";
const TOMCAT: &str = "org.apache.tomcat";

/// Group and published name of an artifact of this file name.
///
/// `holds` tells whether the jar has classes in a folder that begins so.
pub(super) fn find(
    artifact: &str,
    version: &str,
    holds: impl Fn(&str) -> bool,
) -> Option<(&'static str, Option<&'static str>)> {
    let major = version.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
    let major = major.parse().unwrap_or(u32::MAX);
    KNOWN
        .iter()
        .find(|known| fits(known.artifact, artifact) && known.majors.contains(&major) && holds(known.classes))
        .map(|known| (known.group, known.published_as))
}

/// Whether the name is the pattern, in which each star stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, "")) => name.starts_with(head),
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| match tail.strip_suffix('*') {
            Some(middle) => rest.contains(middle),
            None => rest.ends_with(tail),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(artifact: &str, version: &str, classes: &str) -> Option<&'static str> {
        find(artifact, version, |folder| classes.starts_with(folder)).map(|(group, _)| group)
    }

    #[test]
    fn name_classes_and_version_must_all_fit() {
        for (artifact, version, classes, expected) in [
            ("spring-core", "5.3.9", "org/springframework/core", Some("org.springframework")),
            ("spring-boot-starter", "2.7.0", "org/springframework/boot", Some("org.springframework.boot")),
            ("spring-core", "5.3.9", "com/example", None),
            ("dom4j", "1.6.1", "org/dom4j", Some("dom4j")),
            ("dom4j", "2.1.3", "org/dom4j", Some("org.dom4j")),
            ("bcprov-jdk15on", "1.70", "org/bouncycastle", Some("org.bouncycastle")),
            ("bcprov-ext", "1.70", "org/bouncycastle", None),
        ] {
            assert_eq!(group(artifact, version, classes), expected, "{artifact} {version}");
        }
    }
}
