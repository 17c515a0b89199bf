//! What a Namespace asks of the API server's own PodSecurity plug-in, by its labels.
//!
//! Source: `PolicyToEvaluate` in `k8s.io/pod-security-admission/api`. A level that cannot be read is the strictest where it
//! denies, and none where it only warns.

use crate::document::Value;
use crate::policy::pod_security::{Level, Standard, Version};

const PREFIX: &str = "pod-security.kubernetes.io/";

/// The standards that a Namespace asks for. Without a label nothing is asked for.
#[derive(Clone, Debug)]
pub struct Labels {
    /// Pods that violate it are denied.
    pub enforce: Standard,
    /// Of Pods and templates that violate it is warned.
    pub warn: Standard,
}

impl Labels {
    /// Reads the labels of a Namespace; [`None`] if none of them is about the plug-in.
    pub fn of(labels: Value<'_>) -> Option<Self> {
        if !labels.members().iter().any(|label| label.key.starts_with(PREFIX)) {
            return None;
        }
        let text = |key: &str| {
            let label = labels.members().iter().find(|label| label.key.strip_prefix(PREFIX) == Some(key))?;
            // A label that is `null` is an empty one.
            Some(label.value.as_str().unwrap_or_default())
        };
        let version = |key: &str| text(key).map(|text| Version::parse(text).unwrap_or(Version::Latest));
        let read = text("enforce").map(Level::parse);
        let level = read.map_or(Level::Privileged, |level| level.unwrap_or(Level::Restricted));
        let enforce = Standard::new(level, version("enforce-version").unwrap_or(Version::Latest));
        let newest = || version("warn-version").unwrap_or(Version::Latest);
        let warn = match text("warn") {
            Some(level) => Standard::new(Level::parse(level).unwrap_or(Level::Privileged), newest()),
            // Where Pods are denied, their owners are warned of it, unless the level is none.
            None if read.flatten().is_some_and(|level| level > Level::Privileged) => {
                Standard::new(level, version("warn-version").unwrap_or(enforce.version))
            }
            None => Standard::new(Level::Privileged, newest()),
        };
        Some(Labels { enforce, warn })
    }
}

/// The labels of a Namespace for which the plug-in would not let it be created: the key, and what it says of the value.
pub fn refused<'a>(labels: Value<'a>) -> impl Iterator<Item = (&'a str, &'static str)> {
    labels.members().iter().filter_map(|label| {
        let text = label.value.as_str().unwrap_or_default();
        let message = match label.key.strip_prefix(PREFIX)? {
            "enforce" | "audit" | "warn" => {
                Level::parse(text).is_none().then_some("must be one of privileged, baseline, restricted")
            }
            "enforce-version" | "audit-version" | "warn-version" => {
                Version::parse(text).is_none().then_some("must be \"latest\" or \"v1.x\"")
            }
            _ => None,
        };
        message.map(|message| (label.key, message))
    })
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, json};

    #[test]
    fn labels_are_read_as_the_plug_in_reads_them() {
        for (labels, expected) in [
            (r#""a": "b""#, None),
            (r#""enforce": "baseline""#, Some("baseline:latest baseline:latest")),
            (r#""enforce": "restricted", "enforce-version": "v1.30""#, Some("restricted:v1.30 restricted:v1.30")),
            (r#""enforce": "baseline", "warn": "restricted""#, Some("baseline:latest restricted:latest")),
            (
                r#""enforce": "baseline", "enforce-version": "v1.30", "warn-version": "v1.31""#,
                Some("baseline:v1.30 baseline:v1.31"),
            ),
            (r#""warn": "restricted", "warn-version": "v1.25""#, Some("privileged:latest restricted:v1.25")),
            (r#""enforce": null"#, Some("restricted:latest privileged:latest")),
            (r#""enforce": "strict""#, Some("restricted:latest privileged:latest")),
            (r#""enforce": "baseline", "enforce-version": "1.30""#, Some("baseline:latest baseline:latest")),
            (r#""warn": "strict""#, Some("privileged:latest privileged:latest")),
            (r#""enforce": "privileged""#, Some("privileged:latest privileged:latest")),
        ] {
            let arena = Bump::new();
            let text = format!(
                "{{{}}}",
                labels
                    .replace("\"enforce", &format!("\"{PREFIX}enforce"))
                    .replace("\"warn", &format!("\"{PREFIX}warn"))
            );
            let read = Labels::of(json::parse(&arena, text.as_bytes(), &Limits::default()).unwrap());
            let shown = read.map(|read| format!("{} {}", read.enforce, read.warn));
            assert_eq!(shown.as_deref(), expected, "{labels}");
        }
    }
}
