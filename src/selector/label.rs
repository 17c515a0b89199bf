//! What Kubernetes lets labels and DNS names be made of.

/// Characters that a label may have: its name, its value, or one part of a DNS name.
pub const LONGEST_LABEL: usize = 63;
/// Characters that a DNS name may have.
const LONGEST_DNS_NAME: usize = 253;

/// Whether a label or an annotation can have this key: a name, perhaps behind a DNS name and `/`.
pub fn valid_label_key(key: &str) -> bool {
    let name = match key.split_once('/') {
        Some((prefix, _)) if !valid_dns_subdomain(prefix) => return false,
        Some((_, name)) => name,
        None => key,
    };
    !name.is_empty() && valid_label_value(name)
}

/// Whether a label can have this value. An empty one is valid.
pub fn valid_label_value(value: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    value.len() <= LONGEST_LABEL
        && value.bytes().all(inner)
        && [value.bytes().next(), value.bytes().next_back()]
            .into_iter()
            .flatten()
            .all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether this is an RFC 1123 label, which is what namespaces and containers are named by.
pub fn valid_dns_label(name: &str) -> bool {
    name.len() <= LONGEST_LABEL && is_dns_part(name)
}

/// Whether this is an RFC 1123 subdomain, which is what most objects are named by.
pub fn valid_dns_subdomain(name: &str) -> bool {
    // As upstream has it, the parts of a name may be longer than a label.
    name.len() <= LONGEST_DNS_NAME && name.split('.').all(is_dns_part)
}

fn is_dns_part(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('-')
        && !part.ends_with('-')
        && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_keys() {
        let long = |length: usize| "a".repeat(length);
        for key in [
            "a",
            "A9",
            "app.kubernetes.io",
            "a-b_c.d",
            "app.kubernetes.io/name",
            "a/B_c",
            "1/2",
            &*long(63),
            &*format!("{}/{}", long(253), long(63)),
        ] {
            assert!(valid_label_key(key), "{key}");
        }
        for key in [
            "",
            "/",
            "/a",
            "a/",
            "a/b/c",
            "-a",
            "a-",
            "_a",
            "a.",
            "a b",
            "é",
            "a\n",
            "A/b",
            "a_b/c",
            "a..b/c",
            "-a/b",
            &*long(64),
            &*format!("{}/a", long(254)),
        ] {
            assert!(!valid_label_key(key), "{key}");
        }
    }

    #[test]
    fn label_values() {
        for value in ["", "a", "A.b_c-9", "1", &*"a".repeat(63)] {
            assert!(valid_label_value(value), "{value}");
        }
        for value in ["-", "-a", "a-", ".a", "a_", "a b", "a/b", "é", "a\n", " ", &*"a".repeat(64)] {
            assert!(!valid_label_value(value), "{value}");
        }
    }

    #[test]
    fn dns_names() {
        for name in ["a", "a-b", "1", "a--b", &*"a".repeat(63)] {
            assert!(valid_dns_label(name), "{name}");
            assert!(valid_dns_subdomain(name), "{name}");
        }
        for name in ["", "-a", "a-", "A", "a_b", "é", "a\n", "a b"] {
            assert!(!valid_dns_label(name), "{name}");
            assert!(!valid_dns_subdomain(name), "{name}");
        }
        for name in ["a.b", "a.b-c.d", &*"a".repeat(64), &*"a".repeat(253)] {
            assert!(!valid_dns_label(name), "{name}");
            assert!(valid_dns_subdomain(name), "{name}");
        }
        for name in [".", "a.", ".a", "a..b", "a.-b", &*"a".repeat(254)] {
            assert!(!valid_dns_subdomain(name), "{name}");
        }
    }
}
