//! Versions of Kubernetes whose defaulting is known.
//!
//! What lies outside them is taken for the nearest: the rules hardly change from one version to the next, and a newer
//! cluster must be served too.

use std::fmt;
use std::str::FromStr;

/// The version of Kubernetes whose defaulting applies. Its text is `1.37`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The `N` of `1.N`.
    pub minor: u32,
}

/// A text that names no version whose defaulting is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the versions v{} to v{} are known", Version::OLDEST, Version::NEWEST)]
pub struct NotKnown;

impl Version {
    /// The oldest that is known.
    pub const OLDEST: Version = Version { minor: 33 };

    /// The newest that is known.
    pub const NEWEST: Version = Version { minor: 37 };

    /// The known version that is nearest.
    pub fn nearest(self) -> Version {
        self.clamp(Version::OLDEST, Version::NEWEST)
    }
}

impl Default for Version {
    fn default() -> Self {
        Version::NEWEST
    }
}

/// Reads `v1.N` or `1.N`.
impl FromStr for Version {
    type Err = NotKnown;

    fn from_str(text: &str) -> Result<Self, NotKnown> {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let minor = bare.strip_prefix("1.").filter(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()));
        let version = minor.and_then(|minor| minor.parse().ok()).map(|minor| Version { minor });
        version.filter(|version| version.nearest() == *version).ok_or(NotKnown)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_one_and_a_known_minor() {
        for (text, expected) in [
            ("v1.37", Some(37)),
            ("1.33", Some(33)),
            ("1.32", None),
            ("v1.38", None),
            ("2.35", None),
            ("1.x", None),
            ("1.+35", None),
            ("1.35.1", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Version>().ok().map(|version| version.minor), expected, "{text}");
        }
        assert_eq!(NotKnown.to_string(), "the versions v1.33 to v1.37 are known");
    }

    #[test]
    fn what_is_not_known_is_taken_for_the_nearest() {
        for (minor, nearest) in [(0, 33), (32, 33), (33, 33), (35, 35), (37, 37), (38, 37), (u32::MAX, 37)] {
            assert_eq!(Version { minor }.nearest().minor, nearest, "{minor}");
        }
    }
}
