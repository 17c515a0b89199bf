//! A steady load of dry-run creates, each of which must be edited and judged.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::Request;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::webhook::{Scene, objects};

const AT_ONCE: usize = 8;

/// What all callers count together.
#[derive(Default)]
struct Counts {
    calls: AtomicUsize,
    stopped: AtomicBool,
    failures: Mutex<Vec<String>>,
}

/// Callers that go on until they are stopped.
pub struct Load {
    runtime: Runtime,
    callers: Vec<JoinHandle<()>>,
    counts: Arc<Counts>,
}

impl Load {
    /// Creates Pods in `namespace`; in each answer the grace must be one of these.
    pub fn start(scene: &Scene, namespace: &str, graces: &'static [u64]) -> Result<Load, Failed> {
        let runtime = Runtime::new()?;
        let kubeconfig = Kubeconfig::read_from(scene.cluster.kubeconfig())?;
        let client = runtime.block_on(async {
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
            Ok::<_, Failed>(Client::try_from(config)?)
        })?;
        let counts = Arc::new(Counts::default());
        let body = objects::pod("load", objects::one("nginx:1.27")).to_string();
        let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All&fieldManager=kubectl-client-side-apply");
        let callers = (0..AT_ONCE)
            .map(|_| runtime.spawn(call(client.clone(), path.clone(), body.clone(), graces, Arc::clone(&counts))))
            .collect();
        Ok(Load { runtime, callers, counts })
    }

    /// The calls so far that were answered as they should.
    pub fn calls(&self) -> usize {
        self.counts.calls.load(Ordering::Relaxed)
    }

    /// Ends it. No call may have failed.
    pub fn stop(self) -> Result<(), Failed> {
        self.counts.stopped.store(true, Ordering::Relaxed);
        for caller in self.callers {
            self.runtime.block_on(caller)?;
        }
        let failures = self.counts.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = self.counts.calls.load(Ordering::Relaxed);
        match failures.first() {
            None => {
                eprintln!("{calls} calls under load, none failed");
                Ok(())
            }
            Some(first) => {
                Err(format!("{} of {} calls failed: {first}", failures.len(), calls + failures.len()).into())
            }
        }
    }
}

async fn call(client: Client, path: String, body: String, graces: &'static [u64], counts: Arc<Counts>) {
    while !counts.stopped.load(Ordering::Relaxed) {
        let request = Request::post(&path).header("content-type", "application/json").body(body.clone().into_bytes());
        let answer = match request {
            Ok(request) => client.request::<Value>(request).await.map_err(|error| format!("{error:?}")),
            Err(error) => Err(error.to_string()),
        };
        let is_edited = |pod: &Value| {
            pod["spec"]["terminationGracePeriodSeconds"].as_u64().is_some_and(|grace| graces.contains(&grace))
        };
        let failure = match answer {
            Ok(pod) if is_edited(&pod) => None,
            Ok(pod) => Some(format!("not edited: {}", json!({"spec": pod["spec"]}))),
            Err(error) => Some(error),
        };
        match failure {
            None => {
                counts.calls.fetch_add(1, Ordering::Relaxed);
            }
            Some(failure) => counts.failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure),
        }
    }
}
