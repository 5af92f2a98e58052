//! What a bill describes, as both standards name it.

use seawall_model::Purl;

use crate::Bill;
use crate::safe_text::line;

/// The name: of an image its repository, else what the user wrote.
pub(crate) fn name(bill: &Bill) -> String {
    let name = repository(bill).unwrap_or(&bill.name);
    let name = if name.trim().is_empty() { bill.kind.as_str() } else { name };
    line(name)
}

/// The version: the digest of an image's manifest, else that of its configuration.
pub(crate) fn version(bill: &Bill) -> Option<String> {
    let image = bill.image.as_ref()?;
    Some(image.manifest_digest.unwrap_or(image.id).to_string())
}

/// The package URL of an image whose manifest is known.
/// <https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md>
pub(crate) fn purl(bill: &Bill) -> Option<String> {
    let image = bill.image.as_ref()?;
    let digest = image.manifest_digest?;
    let repository = repository(bill);
    let path = repository.unwrap_or(&bill.name);
    // The repository's last component; of a file its name without the ending.
    let last = path.rsplit(['/', ':']).find(|part| !part.is_empty())?;
    let last = if repository.is_some() { last } else { last.split('.').next().unwrap_or(last) };
    let mut qualifiers = Vec::new();
    if let Some(architecture) = image.platform.split('/').nth(1) {
        qualifiers.push(("arch".to_owned(), architecture.to_owned()));
    }
    if let Some(repository) = repository {
        qualifiers.push(("repository_url".to_owned(), with_host(repository)));
        qualifiers.extend(tag(bill).map(|tag| ("tag".to_owned(), tag.to_owned())));
    }
    let purl = Purl {
        purl_type: "oci".to_owned(),
        namespace: None,
        name: last.to_lowercase(),
        version: Some(digest.to_string()),
        qualifiers,
        subpath: None,
    };
    (!purl.name.is_empty()).then(|| purl.to_string())
}

/// The name of an image without tag and digest; `None` for files and folders.
fn repository(bill: &Bill) -> Option<&str> {
    bill.image.as_ref()?;
    let is_path =
        ["docker-archive:", "oci-archive:", "oci-layout:"].iter().any(|kind| bill.name.starts_with(kind));
    if is_path || bill.name.starts_with(['/', '.']) {
        return None;
    }
    let name = bill.name.split('@').next()?;
    let after_slash = name.rfind('/').map_or(0, |slash| slash + 1);
    let end = name[after_slash..].find(':').map_or(name.len(), |colon| after_slash + colon);
    Some(&name[..end]).filter(|name| !name.is_empty())
}

fn tag(bill: &Bill) -> Option<&str> {
    let rest = bill.name.split('@').next()?.get(repository(bill)?.len()..)?;
    rest.strip_prefix(':').filter(|tag| !tag.is_empty())
}

/// A short name is one of Docker Hub.
fn with_host(repository: &str) -> String {
    match repository.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => repository.to_owned(),
        Some(_) => format!("docker.io/{repository}"),
        None => format!("docker.io/library/{repository}"),
    }
}
