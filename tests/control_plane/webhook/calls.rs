//! How many calls of podgate the API server counts, and how many of them failed. A call that failed open failed.

use libtest_mimic::Failed;

use crate::cluster::Cluster;

/// Calls since the API server started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    pub mutated: usize,
    pub validated: usize,
    pub failed: usize,
}

impl Calls {
    /// What the metrics of the API server say now.
    pub fn counted(cluster: &Cluster) -> Result<Calls, Failed> {
        let metrics = cluster.must(&["get", "--raw", "/metrics"], "")?;
        let answered = "apiserver_admission_webhook_request_total{";
        Ok(Calls {
            mutated: sum(&metrics, |line| line.starts_with(answered) && line.contains("\"mutate.podgate.dev\"")),
            validated: sum(&metrics, |line| line.starts_with(answered) && line.contains("\"validate.podgate.dev\"")),
            failed: sum(&metrics, is_failure),
        })
    }

    /// What came after `before`.
    pub fn since(self, before: &Calls) -> Calls {
        Calls {
            mutated: self.mutated - before.mutated,
            validated: self.validated - before.validated,
            failed: self.failed - before.failed,
        }
    }
}

/// Whether a line of the metrics counts calls that failed.
pub fn is_failure(line: &str) -> bool {
    line.starts_with("apiserver_admission_webhook_fail_open_count{")
        || line.starts_with("apiserver_admission_webhook_rejection_count{") && !line.contains("error_type=\"no_error\"")
}

fn sum(metrics: &str, counts: impl Fn(&str) -> bool) -> usize {
    let values =
        metrics.lines().filter(|line| counts(line)).filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok());
    values.sum()
}
