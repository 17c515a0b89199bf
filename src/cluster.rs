//! Everything that is asked of the API server.

mod kubernetes;
mod namespaces;

use std::borrow::Cow;
use std::path::Path;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde::Deserialize;

pub use kubernetes::{AGAIN, Basis, Kubernetes};
pub use namespaces::{LONGEST_WAIT, MOST, Namespace, Namespaces, Unknown};

/// Why there is no way to the API server.
#[derive(Debug, thiserror::Error)]
#[error("no way to the API server: {0}")]
pub struct Unreachable(Box<dyn std::error::Error + Send + Sync>);

#[derive(Deserialize)]
struct Review<'a> {
    #[serde(borrow)]
    request: Asked<'a>,
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow, default)]
    namespace: Option<Cow<'a, str>>,
}

/// Whether this process runs in a Pod that may speak to its API server.
pub fn is_inside() -> bool {
    Config::incluster().is_ok()
}

/// A client for the API server: the one of the cluster that podgate runs in, else the one that `KUBECONFIG` or
/// `~/.kube/config` names. Nothing is asked yet.
pub async fn client() -> Result<Client, Unreachable> {
    let config = match Config::incluster() {
        Ok(config) => config,
        Err(_) => Config::infer().await.map_err(|error| Unreachable(Box::new(error)))?,
    };
    Client::try_from(config).map_err(|error| Unreachable(Box::new(error)))
}

/// A client for the API server that a file in the form of a kubeconfig names. Nothing is asked yet.
pub async fn client_of(kubeconfig: &Path) -> Result<Client, Unreachable> {
    let unreachable = |error: kube::config::KubeconfigError| Unreachable(Box::new(error));
    let read = Kubeconfig::read_from(kubeconfig).map_err(unreachable)?;
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.map_err(unreachable)?;
    Client::try_from(config).map_err(|error| Unreachable(Box::new(error)))
}

/// The namespace that a review is about, read ahead of the rest: its labels may have to be waited for. [`None`] for what
/// is no review, and for an object without a namespace.
pub fn namespace_of(body: &[u8]) -> Option<Cow<'_, str>> {
    let review: Review<'_> = serde_json::from_slice(body).ok()?;
    review.request.namespace.filter(|namespace| !namespace.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_found_wherever_it_stands_and_nothing_else_is_taken_for_it() {
        for (body, expected) in [
            (
                r#"{"kind":"AdmissionReview","request":{"object":{"namespace":"x"},"namespace":"shop","uid":"1"}}"#,
                Some("shop"),
            ),
            (r#"{"request":{"namespace":"sh\u006fp"}}"#, Some("shop")),
            (r#"{"namespace":"x","request":{"object":{"metadata":{"namespace":"x"}}}}"#, None),
            (r#"{"request":{"namespace":""}}"#, None),
            (r#"{"request":{"namespace":null}}"#, None),
            (r#"{"request":null}"#, None),
            (r#"{"request":{"namespace":"shop""#, None),
            ("", None),
        ] {
            assert_eq!(namespace_of(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }
}
