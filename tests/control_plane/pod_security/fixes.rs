//! Files that `check --fix` wrote: what it says of them after that is what a namespace does that enforces `restricted`.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use podgate::policy::pod_security::registry::REGISTRY;
use podgate::policy::pod_security::{Check, Level, Standard, Version};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::cluster::Cluster;
use crate::corpus::fixed;
use crate::defaults::{report, version};
use crate::generate::Chance;
use crate::pod_security::{SEED, call, chance, owners, pods, with_findings};

const NAMESPACE: &str = "fixed";
const BY_CHANCE: u64 = 1000;

/// Everything that the checks look at, in Pods and owners: fixed files are accepted without a warning, and those in which
/// something was left are denied or warned of as before.
pub fn accepted(cluster: &Cluster) -> Result<(), Failed> {
    let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}});
    cluster.must(&["create", "-f", "-"], &namespace.to_string())?;
    let pods = pods::all();
    let mut objects = pods.clone();
    objects.extend(pods.iter().step_by(5).flat_map(owners));
    objects.extend((0..BY_CHANCE).map(|index| chance::pod(&Chance::new(SEED * 2_000_000 + index), index)));
    let args = ["--as", "create", "-p", "builtin:restricted", "-n", NAMESPACE];
    let told = fixed(&cluster.folder().join("fixed"), &args, &objects)?;
    let (kubernetes, standard) = (version(cluster)?, Standard::new(Level::Restricted, Version::Latest));
    let runtime = Runtime::new()?;
    let client = runtime.block_on(cluster.client())?;
    let (mut compared, mut mended, mut left) = (Vec::new(), BTreeSet::new(), 0);
    for (object, (told, file)) in objects.iter().zip(&told) {
        let Some(before) = runtime.block_on(call(&client, NAMESPACE, object))? else { continue };
        let mut lines = Vec::new();
        let Some(after) = runtime.block_on(call(&client, NAMESPACE, file))? else {
            let said =
                cluster.kubectl(&["create", "--dry-run=server", "-n", NAMESPACE, "-f", "-"], &file.to_string())?;
            lines.push(format!("is not taken any more: {}", String::from_utf8_lossy(&said.stderr)));
            compared.push((format!("{} {}", object["kind"], object["metadata"]["name"]), lines));
            continue;
        };
        if before.is_empty() && file != object {
            lines.push("passed before, and was changed".to_owned());
        }
        if after.is_empty() != (told["decision"] == "allow") {
            lines.push(format!("{} by ours, theirs: {after}", told["decision"]));
        }
        if after.is_empty() && !before.is_empty() {
            let checks = with_findings(object, &standard, kubernetes, |findings| {
                findings.iter().map(|finding| finding.check).collect::<Vec<_>>()
            });
            mended.extend(checks.ok_or("no workload")?);
        } else if !after.is_empty() {
            left += 1;
        }
        compared.push((format!("{} {}", object["kind"], object["metadata"]["name"]), lines));
    }
    let answered: BTreeSet<Check> =
        REGISTRY.iter().filter(|entry| entry.is_answered()).map(|entry| entry.check).collect();
    if mended != answered || left == 0 {
        return Err(format!("{mended:?} mended instead of {answered:?}, and {left} left").into());
    }
    report(compared.len(), compared)
}
