//! Hears of changes in folders.
//!
//! It is folders that are watched, never files: a mounted ConfigMap or Secret changes by one symbolic link, `..data`,
//! which takes another folder's place, and whoever watches a file there hears of the first change only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time;

/// Whoever writes without a pause is not waited for longer than so many times the pause.
const PATIENCE: u32 = 10;

/// Folders that are watched until this is dropped.
#[derive(Debug)]
pub struct Folders {
    _watcher: Option<RecommendedWatcher>,
}

impl Folders {
    /// Watches `folders`, not what is in their own folders, and wakes `changed`. Watches follow a folder when it moves:
    /// after a change they are to be set up anew, before whatever changed is read. A folder that cannot be watched is
    /// logged, so that all changes in it are left to whoever polls.
    pub fn watch(folders: impl IntoIterator<Item = PathBuf>, changed: &Arc<Notify>) -> Self {
        let changed = Arc::clone(changed);
        let heard = move |event: notify::Result<Event>| {
            // Reading is no change. An error, a queue that overflowed for example, may hide one.
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            changed.notify_one();
        };
        let mut watcher = match notify::recommended_watcher(heard) {
            Ok(watcher) => watcher,
            Err(error) => {
                tracing::warn!(%error, "changes of files are not heard of, only polled for");
                return Folders { _watcher: None };
            }
        };
        for folder in folders.into_iter().collect::<BTreeSet<_>>() {
            if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
                tracing::warn!(folder = %folder.display(), %error, "changes in a folder are not heard of, only polled for");
            }
        }
        Folders { _watcher: Some(watcher) }
    }
}

/// The folder in which `path` stands.
pub fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) => PathBuf::from("."),
        None => path.to_owned(),
    }
}

/// Waits for a change, at most for `longest`, and then until nothing has changed for `pause`.
pub async fn settled(changed: &Notify, pause: Duration, longest: Duration) {
    if time::timeout(longest, changed.notified()).await.is_err() {
        return;
    }
    let end = time::Instant::now() + pause.saturating_mul(PATIENCE);
    while time::Instant::now() < end && time::timeout(pause, changed.notified()).await.is_ok() {}
}
