//! A steady load of dry-run creates, each of which must be edited and judged. The API server counts what became of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use hyper::Request;
use kube::Client;
use libtest_mimic::Failed;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::webhook::calls::Calls;
use crate::webhook::{PATIENCE, PAUSE, Scene, objects};

const AT_ONCE: usize = 8;

/// What all callers count together.
#[derive(Default)]
struct Counts {
    calls: AtomicUsize,
    stopped: AtomicBool,
    failures: Mutex<Vec<String>>,
}

/// Callers that go on until they are stopped.
pub struct Load<'s> {
    scene: &'s Scene,
    runtime: Runtime,
    callers: Vec<JoinHandle<()>>,
    counts: Arc<Counts>,
    before: Calls,
    start: Instant,
}

impl Load<'_> {
    /// Creates Pods in `namespace`; in each answer the grace must be one of these.
    pub fn start<'s>(scene: &'s Scene, namespace: &str, graces: &[u64]) -> Result<Load<'s>, Failed> {
        let runtime = Runtime::new()?;
        let client = runtime.block_on(scene.cluster.client())?;
        let before = Calls::counted(&scene.cluster)?;
        let counts = Arc::new(Counts::default());
        let body = objects::pod("load", objects::one("nginx:1.27")).to_string();
        let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All&fieldManager=kubectl-client-side-apply");
        let edited: Arc<[String]> =
            graces.iter().map(|grace| format!("\"terminationGracePeriodSeconds\":{grace},")).collect();
        let call = || call(client.clone(), path.clone(), body.clone(), Arc::clone(&edited), Arc::clone(&counts));
        let callers = (0..AT_ONCE).map(|_| runtime.spawn(call())).collect();
        Ok(Load { scene, runtime, callers, counts, before, start: Instant::now() })
    }

    /// Waits for so many more calls that are answered as they should.
    pub fn go_on(&self, calls: usize) -> Result<(), Failed> {
        let (mut seen, mut seen_at) = (self.calls(), Instant::now());
        let end = seen + calls;
        while self.calls() < end {
            thread::sleep(PAUSE);
            if self.calls() > seen {
                (seen, seen_at) = (self.calls(), Instant::now());
            } else if seen_at.elapsed() > PATIENCE {
                return Err(format!("no call is answered any more\n{}", self.scene.log()).into());
            }
        }
        Ok(())
    }

    /// Ends it, after at least so many calls. None may have failed, neither here nor by the count of the API server.
    pub fn stop(self, least: usize) -> Result<(), Failed> {
        self.counts.stopped.store(true, Ordering::Relaxed);
        let calls = self.calls();
        let seconds = self.start.elapsed().as_secs_f64();
        for caller in self.callers {
            self.runtime.block_on(caller)?;
        }
        let failures = self.counts.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = failures.first() {
            return Err(format!("{} of {} calls failed: {first}", failures.len(), calls + failures.len()).into());
        }
        let Calls { mutated, validated, failed } = Calls::counted(&self.scene.cluster)?.since(&self.before);
        eprintln!("{calls} calls in {seconds:.1} s, and by the API server {mutated} + {validated}, {failed} failed");
        if failed > 0 || mutated.min(validated) < least {
            return Err(format!("the API server counts {mutated} + {validated} calls, of which {failed} failed").into());
        }
        Ok(())
    }

    fn calls(&self) -> usize {
        self.counts.calls.load(Ordering::Relaxed)
    }
}

/// What comes back is searched, not parsed: the callers must not take the processor from those that they call.
async fn call(client: Client, path: String, body: String, edited: Arc<[String]>, counts: Arc<Counts>) {
    while !counts.stopped.load(Ordering::Relaxed) {
        let request = Request::post(&path).header("content-type", "application/json").body(body.clone().into_bytes());
        let answer = match request {
            Ok(request) => client.request_text(request).await.map_err(|error| format!("{error:?}")),
            Err(error) => Err(error.to_string()),
        };
        let failure = match answer {
            Ok(pod) if edited.iter().any(|grace| pod.contains(grace)) => None,
            Ok(pod) => Some(format!("not edited: {pod}")),
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
