//! A pair in files, which someone else renews.
//!
//! A mounted Secret is a folder whose `..data` link is moved to a new folder at once, so the link is followed once and
//! both files are read behind it. Two single files are never changed at once: then a pair that does not belong together
//! is left alone until the next look.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::metrics::Metrics;
use crate::server::tls::pair::Pair;
use crate::server::tls::{Certificates, Error};

/// After a change, for others that come with it.
const SETTLE: Duration = Duration::from_millis(100);

/// The files are looked at so often without a word of a change, which some file systems never send.
const POLL: Duration = Duration::from_secs(60);

/// The link of a mounted Secret.
const DATA: &str = "..data";

/// Where a pair is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// A folder with `tls.crt` and `tls.key`.
    Folder(PathBuf),
    /// Two files.
    Pair {
        /// The certificate and what leads to its authority.
        chain: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

impl Files {
    /// Reads and checks the pair.
    ///
    /// # Errors
    /// If it cannot be read or is not sound.
    pub fn read(&self, names: &[String], now: Timestamp) -> Result<Pair, Error> {
        let (chain_path, key_path) = self.paths();
        let [chain, key] = [&chain_path, &key_path].map(|path| {
            std::fs::read(path).map_err(|error| Error::Unreadable { path: path.display().to_string(), error })
        });
        Pair::from_pem(&chain?, &key?, names, now)
            .map_err(|problem| Error::Unusable { path: chain_path.display().to_string(), what: problem.to_string() })
    }

    fn paths(&self) -> (PathBuf, PathBuf) {
        match self {
            Files::Folder(folder) => {
                let target = std::fs::read_link(folder.join(DATA));
                let folder = target.map_or_else(|_| folder.clone(), |target| folder.join(target));
                (folder.join("tls.crt"), folder.join("tls.key"))
            }
            Files::Pair { chain, key } => (chain.clone(), key.clone()),
        }
    }

    /// The folders in which a change can be seen.
    fn folders(&self) -> Vec<PathBuf> {
        match self {
            Files::Folder(folder) => vec![folder.clone()],
            Files::Pair { chain, key } => {
                let parent = |path: &Path| match path.parent() {
                    Some(parent) if parent != Path::new("") => parent.to_owned(),
                    _ => PathBuf::from("."),
                };
                let mut folders = vec![parent(chain), parent(key)];
                folders.dedup();
                folders
            }
        }
    }
}

/// Keeps `certificates` at what `files` hold, for ever.
pub async fn watch(files: Files, names: Vec<String>, certificates: Arc<Certificates>, metrics: Arc<Metrics>) {
    let (changed, mut changes) = mpsc::channel(1);
    // The watcher must live as long as this does.
    let watcher = watcher(&files, changed);
    if let Err(error) = &watcher {
        warn!(%error, "the certificate files cannot be watched; they are read every {} seconds", POLL.as_secs());
    }
    let mut complaint = None;
    loop {
        let is_told = matches!(timeout(POLL, changes.recv()).await, Ok(Some(())));
        if is_told {
            sleep(SETTLE).await;
            while changes.try_recv().is_ok() {}
        } else if watcher.is_err() {
            sleep(POLL).await;
        }
        let (files, names) = (files.clone(), names.clone());
        let read = tokio::task::spawn_blocking(move || files.read(&names, Timestamp::now())).await;
        match read {
            Ok(Ok(pair)) if pair.is_same_as(&certificates.current()) => complaint = None,
            Ok(Ok(pair)) => {
                complaint = None;
                info!(serial = pair.serial, expires = %pair.not_after, "a new certificate is served");
                metrics.certificate(pair.not_after.into());
                metrics.certificate_reloaded(true);
                certificates.replace(pair);
            }
            Ok(Err(error)) => {
                let text = error.to_string();
                if complaint.as_ref() != Some(&text) {
                    let expires = certificates.current().not_after;
                    warn!(%error, %expires, "the certificate files are not usable; the last good pair is served on");
                    metrics.certificate_reloaded(false);
                    complaint = Some(text);
                }
            }
            // The runtime ends.
            Err(_) => return,
        }
    }
}

fn watcher(files: &Files, changed: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the files is an event too.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // When one is already waiting, it is enough.
            let _ = changed.try_send(());
        }
    })?;
    for folder in files.folders() {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}
