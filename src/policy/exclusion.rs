//! Namespaces that podgate leaves alone, whatever its policies say.
//!
//! A cluster that cannot start its network, its certificates or podgate itself because podgate said no is one that nobody
//! can mend. The same list stands in the webhook configurations, so that the API server does not even ask; a test
//! compares the two.

use std::fmt;
use std::sync::Arc;

use crate::glob::{self, Glob};

/// The namespaces of podgate itself, of the cluster, of certificates, and of what brings networks.
pub const DEFAULT: [&str; 7] =
    ["podgate", "kube-system", "kube-node-lease", "cert-manager", "calico-system", "tigera-operator", "kube-flannel"];

/// Namespaces that are left alone. The default excludes none.
#[derive(Clone, Debug, Default)]
pub struct Exclusion(Vec<Arc<Glob>>);

/// A glob over names of namespaces, or none.
#[derive(Clone, Debug)]
pub struct Excluded(Option<Arc<Glob>>);

impl Excluded {
    /// Reads a glob; an empty text stands for no namespace.
    ///
    /// # Errors
    /// A text that is not a glob.
    pub fn parse(text: &str) -> Result<Self, glob::Error> {
        match text {
            "" => Ok(Excluded(None)),
            text => Glob::parse(text).map(|glob| Excluded(Some(Arc::new(glob)))),
        }
    }
}

impl FromIterator<Excluded> for Exclusion {
    fn from_iter<T: IntoIterator<Item = Excluded>>(excluded: T) -> Self {
        Exclusion(excluded.into_iter().filter_map(|Excluded(glob)| glob).collect())
    }
}

impl Exclusion {
    /// These namespaces, and one more.
    #[must_use]
    pub fn and(mut self, one: Excluded) -> Self {
        self.0.extend(one.0);
        self
    }

    /// Whether no namespace is left alone.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a namespace is left alone.
    pub fn covers(&self, namespace: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(namespace))
    }
}

/// `podgate, kube-*`.
impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut globs = self.0.iter().enumerate();
        globs.try_for_each(|(place, glob)| write!(f, "{}{glob}", if place > 0 { ", " } else { "" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_webhook_configurations_leave_the_same_namespaces_out() {
        let text = include_str!("../../deploy/webhooks.yaml");
        let list = text.split("values:\n").nth(1).unwrap_or_default();
        let names: Vec<_> = list.lines().map_while(|line| line.trim().strip_prefix("- ")).collect();
        assert_eq!(names, DEFAULT);
        assert_eq!(text.matches("namespaceSelector: &namespaces").count(), 1);
        assert_eq!(text.matches("namespaceSelector: *namespaces").count(), 1, "the other webhook has the same list");
    }

    #[test]
    fn an_empty_text_excludes_nothing() {
        let excluded = |globs: &[&str]| globs.iter().map(|glob| Excluded::parse(glob).unwrap()).collect::<Exclusion>();
        assert!(!excluded(&[""]).covers(""));
        assert!(excluded(&["", "kube-*"]).covers("kube-system"));
        assert!(!excluded(&["kube-*"]).covers("my-kube-system"));
        assert!(excluded(&[""]).is_empty() && !excluded(&["", "a"]).is_empty());
        assert_eq!(excluded(&["", "kube-*", "a"]).to_string(), "kube-*, a");
        assert!(excluded(&[""]).and(Excluded::parse("policy").unwrap()).covers("policy"));
    }
}
