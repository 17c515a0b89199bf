//! The policies in force, kept as their files are.
//!
//! A set is swapped as a whole, so one review sees one set. A policy that stops to load keeps its last good version, and
//! touches no other policy. Good versions are kept in memory only: after a restart what cannot be used is not in force.

pub mod folders;
mod merge;
mod status;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio::sync::{Notify, watch};
use tokio::task;

pub use status::{Refused, Status};

use crate::builtin;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::print::visible;
use crate::metrics::{Metrics, SetCounters};
use crate::policy::collision::collisions;
use crate::policy::exception::renamed;
use crate::policy::exclusion::Exclusion;
use crate::policy::set::PolicySet;
use crate::policy::source::{self, Collected, Source};
use folders::Folders;
use merge::Merged;

/// The live policy set.
#[derive(Debug)]
pub struct Store {
    sources: Vec<Source>,
    options: Options,
    metrics: Arc<Metrics>,
    current: ArcSwap<Loaded>,
    needs_namespaces: watch::Sender<bool>,
    generations: watch::Sender<u64>,
    files: Mutex<FilesRead>,
}

/// How policies are loaded.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether a policy that cannot be used at the start is an error.
    pub strict: bool,
    /// Whether the labels of namespaces can be known; if not, a policy that needs them is refused.
    pub has_cluster: bool,
    /// The namespaces whose exceptions may hold in others.
    pub exception_namespaces: Vec<String>,
    /// The namespaces that are left alone.
    pub excluded: Exclusion,
    /// Files are read when nothing has changed for so long: a writer may not be done.
    pub settle: Duration,
    /// The files are read so often even if no change was heard of.
    pub poll: Duration,
}

/// A policy set that was loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The policies.
    pub set: PolicySet,
    /// How they stand: one swap brings both, so that nobody sees one without the other.
    pub status: Arc<Status>,
    /// Whether any of them needs the labels of namespaces.
    pub needs_namespaces: bool,
    /// What counts the results of these policies.
    pub counters: Arc<SetCounters>,
}

/// Why there is no policy set to start with.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What the user named is not there.
    #[error("{0}")]
    Source(Diagnostic),
    /// Some policies cannot be used, and the user wants all or none.
    #[error("not every policy can be used:\n{0}")]
    Strict(Box<Status>),
}

/// What was read last.
#[derive(Debug)]
struct FilesRead {
    fingerprint: [u8; 32],
    folders: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            strict: false,
            has_cluster: false,
            exception_namespaces: Vec::new(),
            excluded: Exclusion::default(),
            settle: Duration::from_millis(200),
            poll: Duration::from_secs(60),
        }
    }
}

impl Store {
    /// Loads the policies of `sources`. A source that is not there at all is an error. Reads files, so not for a thread
    /// that serves.
    pub fn open(sources: Vec<Source>, options: Options, metrics: Arc<Metrics>) -> Result<Arc<Self>, StartError> {
        let files = source::read(&sources);
        if let Some(missing) = missing(&sources, &files.diagnostics) {
            return Err(StartError::Source(missing));
        }
        let read = FilesRead { fingerprint: files.fingerprint(), folders: files.folders.clone() };
        let (set, status) = judged(files.load(), &PolicySet::default(), &options, 1);
        if options.strict && !status.is_good() {
            return Err(StartError::Strict(Box::new(status)));
        }
        report(&status);
        metrics.policies_read(status.refused.len(), status.is_good());
        let loaded = Loaded::new(set, status, &metrics);
        Ok(Arc::new(Store {
            sources,
            options,
            metrics,
            needs_namespaces: watch::Sender::new(loaded.needs_namespaces),
            current: ArcSwap::from_pointee(loaded),
            generations: watch::Sender::new(1),
            files: Mutex::new(read),
        }))
    }

    /// The set in force. Hold it for the whole of a request.
    pub fn current(&self) -> Arc<Loaded> {
        self.current.load_full()
    }

    /// How the policies stand.
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.current.load().status)
    }

    /// Whether any policy in force needs the labels of namespaces, and each change of that.
    pub fn needs_namespaces(&self) -> watch::Receiver<bool> {
        self.needs_namespaces.subscribe()
    }

    /// The generation in force, and each change of it.
    pub fn generations(&self) -> watch::Receiver<u64> {
        self.generations.subscribe()
    }

    /// Reads the files, and swaps the set if any of them changed; says whether that is so. Not for a thread that serves.
    pub fn reload(&self) -> bool {
        // Two at once would each build on the same set, and one of them would be lost.
        let mut last = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let files = source::read(&self.sources);
        let fingerprint = files.fingerprint();
        last.folders.clone_from(&files.folders);
        if fingerprint == last.fingerprint {
            self.metrics.policies_unchanged(self.status().is_good());
            return false;
        }
        let before = self.current();
        let generation = before.status.generation.saturating_add(1);
        let (set, status) = judged(files.load(), &before.set, &self.options, generation);
        report(&status);
        self.metrics.policies_read(status.refused.len(), status.is_good());
        let loaded = Loaded::new(set, status, &self.metrics);
        self.needs_namespaces.send_replace(loaded.needs_namespaces);
        self.current.store(Arc::new(loaded));
        last.fingerprint = fingerprint;
        self.generations.send_replace(generation);
        true
    }

    /// Keeps the policies as the files are, until it is dropped. To be spawned once.
    pub async fn watch(self: Arc<Self>) {
        let changed = Arc::new(Notify::new());
        let mut watched: Option<Folders> = None;
        loop {
            let (store, heard, before) = (Arc::clone(&self), Arc::clone(&changed), watched.take());
            // The new watch stands before the old one goes and before files are read, so no change falls between.
            let round = task::spawn_blocking(move || {
                let folders = Folders::watch(store.folders(), &heard);
                drop(before);
                (store.reload(), folders)
            });
            let is_swapped = match round.await {
                Ok((is_swapped, folders)) => {
                    watched = Some(folders);
                    is_swapped
                }
                Err(error) => {
                    self.metrics.policies_failed();
                    tracing::error!(%error, "the policies could not be loaded; those in force stay");
                    false
                }
            };
            // What was read may have brought folders that are not watched yet.
            if !is_swapped {
                folders::settled(&changed, self.options.settle, self.options.poll).await;
            }
        }
    }

    /// The folders in which a change may be one of policies.
    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = self.files.lock().unwrap_or_else(PoisonError::into_inner).folders.clone();
        let paths = self.sources.iter().filter_map(|source| match source {
            Source::Path(path) => Some(path),
            Source::Builtin(_) => None,
        });
        // A folder itself may be a link that changes, or be taken away and come back.
        folders.extend(paths.map(|path| folders::parent(path)));
        folders.retain(|folder| folder.is_dir());
        folders
    }
}

impl Loaded {
    fn new(set: PolicySet, status: Status, metrics: &Metrics) -> Self {
        let counters = metrics.set_loaded(&set, status.generation);
        let needs_namespaces = set.needs_namespace_labels();
        Loaded { set, status: Arc::new(status), needs_namespaces, counters }
    }
}

/// What is in force after `collected` was read, and how it stands.
fn judged(collected: Collected, before: &PolicySet, options: &Options, generation: u64) -> (PolicySet, Status) {
    let Merged { policies, exceptions, refused, mut diagnostics } = merge::merge(collected, before, options);
    let set = PolicySet::with_exceptions(policies, exceptions).excluding(options.excluded.clone());
    diagnostics.extend(collisions(set.policies()));
    diagnostics.extend(renamed(set.policies(), set.exceptions()));
    let status = Status {
        generation,
        policy_set: set.digest().to_owned(),
        policies: set.policies().len(),
        exceptions: set.exceptions().len(),
        excluded: options.excluded.clone(),
        loaded_at: SystemTime::now(),
        refused,
        diagnostics,
    };
    (set, status)
}

/// Why one of `sources` is not there at all.
fn missing(sources: &[Source], diagnostics: &[Diagnostic]) -> Option<Diagnostic> {
    let is_missing = |source: &Source| match source {
        Source::Path(path) => !path.exists(),
        Source::Builtin(name) => builtin::pack(name).is_none(),
    };
    let missing = sources.iter().find(|source| is_missing(source))?;
    let name = missing.to_string();
    let said = diagnostics.iter().find(|diagnostic| diagnostic.message.contains(&name)).cloned();
    Some(said.unwrap_or_else(|| Diagnostic::error(None, format!("cannot read `{name}`"))))
}

fn report(status: &Status) {
    let Status { generation, policy_set, policies, exceptions, refused, diagnostics, .. } = status;
    for diagnostic in diagnostics {
        let help = diagnostic.help.as_deref().unwrap_or_default();
        let words = diagnostic.to_string();
        let words = visible(&words);
        match diagnostic.severity {
            Severity::Error => tracing::error!(help, "{words}"),
            Severity::Warning => tracing::warn!(help, "{words}"),
        }
    }
    for refused in refused {
        tracing::error!("policy refused: {refused}");
    }
    tracing::info!(generation, policies, exceptions, policy_set, "policies loaded");
}
