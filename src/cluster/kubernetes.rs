//! The version of Kubernetes whose defaulting applies.
//!
//! A cluster is upgraded under its webhooks, so it is asked again from time to time. One that does not answer holds
//! nothing up: what it said last applies, and before that the newest version that is known.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use k8s_openapi::apimachinery::pkg::version::Info;
use kube::Client;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::api_defaults::Version;
use crate::metrics::Metrics;

/// Between two questions to a cluster that answers.
pub const AGAIN: Duration = Duration::from_secs(300);

/// After a question without an answer, the next one comes no later than this.
const SOON: Duration = Duration::from_secs(10);

/// The longest wait for an answer: the first one keeps podgate from listening.
const PATIENCE: Duration = Duration::from_secs(1);

/// The version whose defaulting applies, at any moment.
#[derive(Debug)]
pub struct Kubernetes {
    basis: ArcSwap<Basis>,
    /// Whether the last question had no answer.
    is_silent: AtomicBool,
    metrics: Arc<Metrics>,
}

/// Where a version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The operator has chosen it.
    Chosen(Version),
    /// There is no cluster to ask.
    NoCluster,
    /// The cluster has not answered yet.
    NotTold,
    /// The cluster is of this version, which may not be a known one.
    Told(Version),
}

impl Basis {
    /// The version whose defaulting applies.
    pub fn applied(self) -> Version {
        match self {
            Basis::Chosen(version) => version,
            Basis::NoCluster | Basis::NotTold => Version::NEWEST,
            Basis::Told(version) => version.nearest(),
        }
    }

    /// The version that the cluster told.
    fn told(self) -> Option<Version> {
        match self {
            Basis::Told(version) => Some(version),
            Basis::Chosen(_) | Basis::NoCluster | Basis::NotTold => None,
        }
    }
}

/// `1.37, as the cluster says`.
impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", self.applied())?;
        match self {
            Basis::Chosen(_) => f.write_str("as `--kubernetes` says"),
            Basis::NoCluster => f.write_str("the newest that is known, without a cluster to ask"),
            Basis::NotTold => f.write_str("the newest that is known, until the cluster says what it is"),
            Basis::Told(version) if *version == version.nearest() => f.write_str("as the cluster says"),
            Basis::Told(version) => write!(f, "the nearest that is known to the {version} of the cluster"),
        }
    }
}

impl Kubernetes {
    /// The version that `basis` says.
    pub fn new(basis: Basis, metrics: Arc<Metrics>) -> Arc<Self> {
        metrics.kubernetes(basis.applied(), basis.told());
        Arc::new(Kubernetes { basis: ArcSwap::from_pointee(basis), is_silent: AtomicBool::new(false), metrics })
    }

    /// The version whose defaulting applies now.
    pub fn applied(&self) -> Version {
        self.basis.load().applied()
    }

    /// Where it comes from.
    pub fn basis(&self) -> Basis {
        **self.basis.load()
    }

    /// Asks the cluster, and waits a moment for its answer. Says whether there was one.
    pub async fn ask(&self, client: &Client) -> bool {
        let trouble = match timeout(PATIENCE, client.apiserver_version()).await {
            Ok(Ok(info)) => match version(&info) {
                Some(version) => {
                    self.set(Basis::Told(version));
                    self.is_silent.store(false, Ordering::Relaxed);
                    return true;
                }
                None => format!("it calls itself `{}.{}`", info.major, info.minor),
            },
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {PATIENCE:?}"),
        };
        // One line for a silence, however long it is.
        if !self.is_silent.swap(true, Ordering::Relaxed) {
            warn!(%trouble, "the cluster does not say its version; the defaulting of {} applies", self.applied());
        }
        false
    }

    /// Asks again and again, about so often while there are answers. To be spawned once.
    pub async fn follow(self: Arc<Self>, client: Client, again: Duration) {
        let mut is_told = self.basis().told().is_some();
        loop {
            sleep(if is_told { again } else { again.min(SOON) }).await;
            is_told = self.ask(&client).await;
        }
    }

    fn set(&self, basis: Basis) {
        let before = self.basis.swap(Arc::new(basis));
        let (Some(version), true) = (basis.told(), *before != basis) else { return };
        let applied = basis.applied();
        self.metrics.kubernetes(applied, Some(version));
        if version < applied {
            warn!("the cluster is {version}, older than what podgate knows: the defaulting of {applied} applies");
        } else if version > applied {
            info!("the cluster is {version}, newer than what podgate knows: the defaulting of {applied} applies");
        } else {
            info!("the cluster is {version}, and its defaulting applies");
        }
    }
}

/// The version in an answer. A provider may mark a minor that it has changed, as in `37+`.
fn version(info: &Info) -> Option<Version> {
    let digits = info.minor.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let minor = digits.parse().ok().filter(|_| info.major == "1")?;
    Some(Version { minor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minor_may_be_marked() {
        for (major, minor, expected) in [
            ("1", "37", Some(37)),
            ("1", "36+", Some(36)),
            ("1", "38-alpha", Some(38)),
            ("1", "", None),
            ("1", "+", None),
            ("2", "1", None),
            ("1", "99999999999", None),
        ] {
            let info = Info { major: major.to_owned(), minor: minor.to_owned(), ..Info::default() };
            assert_eq!(version(&info).map(|version| version.minor), expected, "{major}.{minor}");
        }
    }

    #[test]
    fn what_applies_is_said_with_its_reason() {
        let told = |minor| Basis::Told(Version { minor }).to_string();
        assert_eq!(told(36), "1.36, as the cluster says");
        assert_eq!(told(38), "1.37, the nearest that is known to the 1.38 of the cluster");
        assert_eq!(told(29), "1.33, the nearest that is known to the 1.29 of the cluster");
        assert_eq!(Basis::Chosen(Version { minor: 34 }).to_string(), "1.34, as `--kubernetes` says");
        assert_eq!(Basis::NotTold.applied(), Version::NEWEST);
    }
}
