//! Who supplies a package: `Name <address>`, as package databases write it.

use crate::safe_text::line;

/// A name, and the address where it is a plain one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Supplier {
    pub(crate) name: String,
    pub(crate) email: Option<String>,
}

impl Supplier {
    /// `None` where nothing is said.
    pub(crate) fn read(vendor: &str) -> Option<Self> {
        let vendor = vendor.trim();
        let parts = vendor.strip_suffix('>').and_then(|rest| rest.split_once('<'));
        if let Some((name, email)) = parts
            && is_plain_address(email)
        {
            let name = if name.trim().is_empty() { email } else { name.trim() };
            return Some(Self { name: line(name), email: Some(email.to_owned()) });
        }
        (!vendor.is_empty()).then(|| Self { name: line(vendor), email: None })
    }
}

/// An address that every validator takes; others stay a part of the name.
fn is_plain_address(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_plain = |part: &str| {
        part.bytes().all(allowed)
            && part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.ends_with(|last: char| last.is_ascii_alphanumeric())
            && !part.contains("..")
    };
    is_plain(local) && is_plain(domain) && domain.contains('.') && text.len() <= 254
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_out_only_where_it_is_plain() {
        let read = |vendor: &str| Supplier::read(vendor).map(|supplier| (supplier.name, supplier.email));
        let named = |name: &str, email: Option<&str>| Some((name.to_owned(), email.map(str::to_owned)));
        assert_eq!(read("A Team <a@example.org>"), named("A Team", Some("a@example.org")));
        assert_eq!(read("<a@example.org>"), named("a@example.org", Some("a@example.org")));
        assert_eq!(read("Red Hat, Inc."), named("Red Hat, Inc.", None));
        assert_eq!(read("A <a@b> <c d@example.org>"), named("A <a@b> <c d@example.org>", None));
        assert_eq!(read(" "), None);
    }
}
