//! The policies in force, kept as their files are.
//!
//! A set is swapped as a whole, so one review sees one set. A policy that stops to load keeps its last good version.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::diagnostic::{Diagnostic, Place};
use crate::metrics::{Metrics, SetCounters};
use crate::policy::set::PolicySet;
use crate::policy::source::{self, Source};

/// The live policy set.
#[derive(Debug)]
pub struct Store {
    sources: Vec<Source>,
    options: Options,
    metrics: Arc<Metrics>,
    current: ArcSwap<Loaded>,
    status: ArcSwap<Status>,
    needs_namespaces: watch::Sender<bool>,
    generations: watch::Sender<u64>,
}

/// How policies are loaded.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether a policy that cannot be used at the start is an error.
    pub strict: bool,
    /// Whether the labels of namespaces can be known; if not, a policy that needs them is refused.
    pub has_cluster: bool,
    /// After the last change of a file so long, before it is read: a writer may not be done.
    pub settle: Duration,
    /// The files are compared so often even if no change was heard of.
    pub poll: Duration,
}

/// A policy set that was loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The policies.
    pub set: PolicySet,
    /// Counted from 1; one more with each swap.
    pub generation: u64,
    /// When.
    pub loaded_at: SystemTime,
    /// What counts the results of these policies.
    pub counters: Arc<SetCounters>,
}

/// How the policies stand, for people who ask.
#[derive(Clone, Debug)]
pub struct Status {
    /// The generation in force.
    pub generation: u64,
    /// The digest of the set in force.
    pub policy_set: String,
    /// How many policies are in force.
    pub policies: usize,
    /// When the set in force was loaded.
    pub loaded_at: SystemTime,
    /// The policies that cannot be used as they stand now.
    pub refused: Vec<Refused>,
    /// Why, and what else is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// A policy that cannot be used as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its id, if that much could be read.
    pub id: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// Whether its last good version is in force instead.
    pub is_kept: bool,
}

/// Why there is no policy set to start with.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What the user named is not there.
    #[error("cannot read the policies `{name}`: {problem}")]
    Source {
        /// The source.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// Some policies cannot be used, and the user wants all or none.
    #[error("{} cannot be used", counted(.0.refused.len(), "policy", "policies"))]
    Strict(Box<Status>),
}

impl Default for Options {
    fn default() -> Self {
        Options { strict: false, has_cluster: false, settle: Duration::from_millis(200), poll: Duration::from_secs(60) }
    }
}

impl Store {
    /// Loads the policies of `sources`. Reads files, so not for a thread that serves.
    pub fn open(sources: Vec<Source>, options: Options, metrics: Arc<Metrics>) -> Result<Arc<Self>, StartError> {
        let collected = source::collect(&sources);
        let set = PolicySet::new(collected.policies.into_iter().map(Arc::new));
        let loaded_at = SystemTime::now();
        let status = Status {
            generation: 1,
            policy_set: set.digest().to_owned(),
            policies: set.policies().len(),
            loaded_at,
            refused: Vec::new(),
            diagnostics: collected.diagnostics,
        };
        let needs_namespaces = watch::Sender::new(set.needs_namespace_labels());
        let counters = metrics.set_loaded(&set, 1);
        let loaded = Loaded { set, generation: 1, loaded_at, counters };
        Ok(Arc::new(Store {
            sources,
            options,
            metrics,
            current: ArcSwap::from_pointee(loaded),
            status: ArcSwap::from_pointee(status),
            needs_namespaces,
            generations: watch::Sender::new(1),
        }))
    }

    /// The set in force. Hold it for the whole of a request.
    pub fn current(&self) -> Arc<Loaded> {
        self.current.load_full()
    }

    /// How the policies stand.
    pub fn status(&self) -> Arc<Status> {
        self.status.load_full()
    }

    /// Whether any policy in force needs the labels of namespaces, and each change of that.
    pub fn needs_namespaces(&self) -> watch::Receiver<bool> {
        self.needs_namespaces.subscribe()
    }

    /// The generation in force, and each change of it.
    pub fn generations(&self) -> watch::Receiver<u64> {
        self.generations.subscribe()
    }

    /// Keeps the policies as the files are, until it is dropped. To be spawned once.
    pub async fn watch(self: Arc<Self>) {
        let _ = (&self.sources, self.options, &self.metrics, BTreeSet::<u8>::new());
        std::future::pending::<()>().await;
    }
}

impl Status {
    /// Whether every policy is used as it stands now.
    pub fn is_good(&self) -> bool {
        self.refused.is_empty()
    }
}

/// A few lines for `/readyz?verbose`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.policy_set)
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
