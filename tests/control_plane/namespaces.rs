//! The labels of namespaces, as the watch brings them from the API server.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Failed;
use podgate::cluster::{Namespace, Namespaces};
use podgate::metrics::Metrics;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use crate::cluster::Cluster;

const LONG: Duration = Duration::from_secs(30);

pub fn watched(cluster: &Cluster) -> Result<(), Failed> {
    create(cluster, "watched-before", "web")?;
    Runtime::new()?.block_on(async {
        let namespaces = Namespaces::new(Metrics::new()?);
        let needed = watch::Sender::new(true);
        tokio::spawn(Arc::clone(&namespaces).run(cluster.client().await?, needed.subscribe()));

        wait(&namespaces, "watched-before", |found| tier(found) == Some("web")).await?;
        // The API server puts it on every namespace, and selectors by name rest on it.
        let name = |found: &Namespace| found.labels.get("kubernetes.io/metadata.name").cloned();
        wait(&namespaces, "watched-before", |found| name(found).as_deref() == Some("watched-before")).await?;

        // The first Pods of a namespace that is as new as they are.
        let asked = tokio::spawn({
            let namespaces = Arc::clone(&namespaces);
            async move { until_known(&namespaces, "watched-new").await }
        });
        create(cluster, "watched-new", "data")?;
        let found = timeout(LONG, asked).await???;
        if tier(&found) != Some("data") {
            return Err(format!("`watched-new` has the labels {:?}", found.labels).into());
        }
        cluster.must(&["label", "namespace", "watched-new", "tier=gold", "--overwrite"], "")?;
        wait(&namespaces, "watched-new", |found| tier(found) == Some("gold")).await
    })
}

fn create(cluster: &Cluster, name: &str, tier: &str) -> Result<(), Failed> {
    let namespace = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"tier": tier}},
    });
    cluster.must(&["create", "-f", "-"], &namespace.to_string())?;
    Ok(())
}

fn tier(namespace: &Namespace) -> Option<&str> {
    namespace.labels.get("tier").map(String::as_str)
}

/// As a request that comes again and again: kubectl alone may take longer than one wait.
async fn until_known(namespaces: &Namespaces, name: &str) -> io::Result<Arc<Namespace>> {
    let end = Instant::now() + LONG;
    loop {
        match namespaces.labels(name, end).await {
            Ok(found) => return Ok(found),
            Err(unknown) if Instant::now() >= end => return Err(io::Error::other(unknown)),
            Err(_) => {}
        }
    }
}

async fn wait(namespaces: &Namespaces, name: &str, is_so: impl Fn(&Namespace) -> bool) -> Result<(), Failed> {
    until_known(namespaces, name).await?;
    let looking = async {
        while !namespaces.known(name).is_some_and(|found| is_so(&found)) {
            yield_now().await;
        }
    };
    let seen = timeout(LONG, looking).await;
    seen.map_err(|_| format!("`{name}` stays {:?}", namespaces.known(name)).into())
}
