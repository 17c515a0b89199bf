//! The labels of namespaces, from a watch.
//!
//! Nothing is asked of the API server while a request is evaluated. A request for a namespace that the watch has not
//! brought yet waits for it: `kubectl apply` of a Namespace and its Pods in one file is faster than a watch.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use bumpalo::Bump;
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client, ResourceExt as _};
use tokio::sync::{Notify, watch};
use tokio::time::{self, Instant};

use crate::document::{Member, Value};
use crate::metrics::Metrics;

/// The longest wait for a namespace.
pub const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// So many namespaces are kept, twice what Kubernetes is made for; of more nothing is known.
pub const MOST: usize = 20_000;

/// Seconds of one call of the watch. A connection that died in silence is noticed at its end.
const WATCH_SECONDS: u32 = 60;

/// Between two tries to reach the API server.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// An API server that does not answer for so long after the start keeps nobody from being ready any more: who is asked
/// about a Pod is worth more than the labels of its namespace.
const LONGEST_SYNC: Duration = Duration::from_secs(30);

/// What is known of all namespaces.
#[derive(Debug)]
pub struct Namespaces {
    sync: RwLock<Sync>,
    known: RwLock<HashMap<String, Arc<Namespace>>>,
    changed: Notify,
    metrics: Arc<Metrics>,
}

/// How far the watch has come.
#[derive(Clone, Copy, Debug)]
enum Sync {
    /// Nobody needs it.
    Idle,
    /// It has not brought all namespaces yet, since this moment.
    Since(Instant),
    /// It has brought all namespaces once.
    Done,
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
#[error("the labels of the namespace `{name}` are not known: the API server has not told them in time")]
pub struct Unknown {
    /// The namespace.
    pub name: String,
}

type Metadata = PartialObjectMeta<v1::Namespace>;

impl Namespaces {
    /// Nothing is known until [`Namespaces::run`] runs.
    pub fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        let sync = RwLock::new(Sync::Idle);
        Arc::new(Namespaces { sync, known: RwLock::default(), changed: Notify::new(), metrics })
    }

    /// Keeps the namespaces as the API server has them while `needed` says so, until it is dropped or there is nobody
    /// left to need them. To be spawned once.
    pub async fn run(self: Arc<Self>, client: Client, mut needed: watch::Receiver<bool>) {
        while needed.wait_for(|is_needed| *is_needed).await.is_ok() {
            self.set(Sync::Since(Instant::now()));
            tokio::select! {
                () = self.follow(&client) => {}
                is_over = needed.wait_for(|is_needed| !is_needed) => {
                    if is_over.is_err() {
                        return;
                    }
                }
            }
            self.write().clear();
            self.set(Sync::Idle);
            self.metrics.namespaces(true, 0);
        }
    }

    /// Whether all namespaces have been told once, or have been waited for long enough.
    pub fn is_ready(&self) -> bool {
        match *self.sync.read().unwrap_or_else(PoisonError::into_inner) {
            Sync::Idle => false,
            Sync::Since(start) => start.elapsed() >= LONGEST_SYNC,
            Sync::Done => true,
        }
    }

    fn set(&self, sync: Sync) {
        *self.sync.write().unwrap_or_else(PoisonError::into_inner) = sync;
    }

    /// What is known of a namespace at this moment.
    pub fn known(&self, name: &str) -> Option<Arc<Namespace>> {
        self.read().get(name).cloned()
    }

    /// What is known of a namespace; if it is nothing, the watch has until `deadline` to bring it, at most
    /// [`LONGEST_WAIT`].
    pub async fn labels(&self, name: &str, deadline: Instant) -> Result<Arc<Namespace>, Unknown> {
        if let Some(known) = self.known(name) {
            return Ok(known);
        }
        let end = deadline.min(Instant::now() + LONGEST_WAIT);
        loop {
            let mut changed = pin!(self.changed.notified());
            // Listens before it looks, so that nothing that comes in between is missed.
            changed.as_mut().enable();
            if let Some(known) = self.known(name) {
                self.metrics.namespace_waited(true);
                return Ok(known);
            }
            if time::timeout_at(end, changed).await.is_err() {
                self.metrics.namespace_waited(false);
                return Err(Unknown { name: name.to_owned() });
            }
        }
    }

    async fn follow(&self, client: &Client) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            self.metrics.namespaces(false, self.read().len());
            if self.follow_until_it_fails(client).await {
                pause = SHORTEST_PAUSE;
            }
            time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Follows one watch to its first error; says whether it came as far as to know all namespaces. What was known stays
    /// known: the watch that comes next begins with a new list.
    async fn follow_until_it_fails(&self, client: &Client) -> bool {
        let api: Api<Metadata> = Api::all(client.clone());
        let config = watcher::Config::default().timeout(WATCH_SECONDS);
        let mut events = pin!(watcher::watcher(api, config));
        let mut listed = HashMap::new();
        let mut is_complete = false;
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => listed.clear(),
                Ok(Event::InitApply(namespace)) => keep(&mut listed, namespace),
                Ok(Event::InitDone) => {
                    *self.write() = std::mem::take(&mut listed);
                    self.set(Sync::Done);
                    is_complete = true;
                }
                Ok(Event::Apply(namespace)) => keep(&mut self.write(), namespace),
                Ok(Event::Delete(namespace)) => {
                    self.write().remove(&namespace.name_any());
                }
                Err(error) => {
                    tracing::warn!(%error, "the watch of namespaces failed; their last known labels are used");
                    break;
                }
            }
            if is_complete {
                self.metrics.namespaces(true, self.read().len());
                self.changed.notify_waiters();
            }
        }
        is_complete
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Arc<Namespace>>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Arc<Namespace>>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Namespace {
    /// As a request's facts hold it: an object with its name and its labels.
    pub fn value<'a>(&'a self, arena: &'a Bump) -> Value<'a> {
        let labels = self.labels.iter().map(|(key, value)| Member { key, value: Value::String(value) });
        let labels = Value::Object(arena.alloc_slice_fill_iter(labels));
        let name = Member { key: "name", value: Value::String(&self.name) };
        let metadata = arena.alloc([name, Member { key: "labels", value: labels }]);
        Value::Object(arena.alloc([
            Member { key: "apiVersion", value: Value::String("v1") },
            Member { key: "kind", value: Value::String("Namespace") },
            Member { key: "metadata", value: Value::Object(metadata) },
        ]))
    }
}

fn keep(known: &mut HashMap<String, Arc<Namespace>>, namespace: Metadata) {
    let name = namespace.name_any();
    if known.len() >= MOST && !known.contains_key(&name) {
        tracing::error!(most = MOST, "there are more namespaces than podgate keeps the labels of");
        return;
    }
    let labels = namespace.metadata.labels.unwrap_or_default();
    known.insert(name.clone(), Arc::new(Namespace { name, labels }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(name: &str) -> Metadata {
        let mut metadata = Metadata::default();
        metadata.metadata.name = Some(name.to_owned());
        metadata
    }

    #[test]
    fn a_namespace_is_an_object_with_its_labels() {
        let arena = Bump::new();
        let labels = BTreeMap::from([("tier".to_owned(), "web".to_owned())]);
        let namespace = Namespace { name: "shop".to_owned(), labels };
        assert_eq!(
            namespace.value(&arena).to_string(),
            r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{"tier":"web"}}}"#
        );
    }

    #[test]
    fn the_first_list_is_not_waited_for_without_end() {
        let namespaces = Namespaces::new(Metrics::new().unwrap());
        assert!(!namespaces.is_ready());
        let start = Instant::now();
        namespaces.set(Sync::Since(start));
        assert!(!namespaces.is_ready());
        namespaces.set(Sync::Since(start.checked_sub(LONGEST_SYNC).unwrap()));
        assert!(namespaces.is_ready());
    }

    #[test]
    fn what_is_kept_is_bounded_and_can_still_change() {
        let mut known = HashMap::new();
        for number in 0..=MOST {
            keep(&mut known, metadata(&format!("n{number}")));
        }
        assert_eq!(known.len(), MOST);
        let mut changed = metadata("n0");
        changed.metadata.labels = Some(BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        keep(&mut known, changed);
        assert_eq!(known.get("n0").unwrap().labels.len(), 1);
    }
}
