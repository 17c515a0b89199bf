//! What happens to podgate in its life, under load: no call fails by it, a crash aside.

use std::net::SocketAddr;

use libtest_mimic::Failed;
use serde_json::json;

use crate::webhook::balancer::get;
use crate::webhook::load::Load;
use crate::webhook::{Scene, equal, holds, installation, objects, policies};

/// Calls around each of the faults, by the count of the API server.
const CALLS: usize = 10_000;
/// Certificates and policies come and go so often.
const TIMES: usize = 4;

pub fn a_new_certificate_fails_no_call(scene: &Scene) -> Result<(), Failed> {
    let admin = scene.admin()?;
    let load = Load::start(scene, "load", &[45])?;
    for _ in 0..TIMES {
        let before = certificate(admin)?;
        scene.mounts.renew()?;
        scene.eventually("another certificate", || Ok((certificate(admin)? != before).then_some(())))?;
        load.go_on(CALLS / (TIMES + 1))?;
    }
    // A key that does not fit leaves the last pair in place.
    let before = certificate(admin)?;
    let ((chain, _), (_, key)) = (scene.mounts.authority.issue()?, scene.mounts.authority.issue()?);
    scene.mounts.certificate.swap(&[("tls.crt".to_owned(), chain), ("tls.key".to_owned(), key)])?;
    scene.eventually("a refused certificate", || {
        Ok(get(admin, "/metrics")?.contains("podgate_certificate_reloads_total{result=\"refused\"} 1").then_some(()))
    })?;
    load.go_on(CALLS / (TIMES + 1))?;
    equal("the certificate", certificate(admin)?, before)?;
    scene.mounts.renew()?;
    load.stop(CALLS)
}

pub fn new_policies_fail_no_call(scene: &Scene) -> Result<(), Failed> {
    scene.namespace("swapped")?;
    let admin = scene.admin()?;
    let load = Load::start(scene, "swapped", &[45, 50])?;
    let usual = policies::all()?;
    let pod = objects::pod("x", objects::one("nginx:1.27")).to_string();
    let grace = || {
        let args = [
            "apply",
            "--dry-run=server",
            "-n",
            "swapped",
            "-f",
            "-",
            "-o",
            "jsonpath={.spec.terminationGracePeriodSeconds}",
        ];
        Ok::<_, Failed>(scene.cluster.must(&args, &pod)?)
    };
    for _ in 0..TIMES {
        scene.mounts.policies.swap(&[&usual[..], &[("longer.yaml".to_owned(), LONGER.to_owned())]].concat())?;
        scene.eventually("the longer grace", || Ok((grace()? == "50").then_some(())))?;
        load.go_on(CALLS / (2 * TIMES))?;
        scene.mounts.policies.swap(&usual)?;
        scene.eventually("the usual grace", || Ok((grace()? == "45").then_some(())))?;
        load.go_on(CALLS / (2 * TIMES))?;
    }
    // A policy that does not load keeps its last good version, and says so.
    scene.mounts.policies.swap(&[&usual[..], &[("longer.yaml".to_owned(), LONGER.to_owned())]].concat())?;
    scene.eventually("the longer grace", || Ok((grace()? == "50").then_some(())))?;
    let broken = LONGER.replace("terminationGracePeriodSeconds: 50", "terminationGracePeriodSecond: 55");
    scene.mounts.policies.swap(&[&usual[..], &[("longer.yaml".to_owned(), broken)]].concat())?;
    let status = scene.eventually("a policy that is not in force", || {
        Ok(Some(get(admin, "/readyz?verbose")?).filter(|status| status.contains("terminationGracePeriodSecond`")))
    })?;
    holds("the status", &status, "longer")?;
    equal("the grace under a broken policy", grace()?.as_str(), "50")?;
    scene.mounts.policies.swap(&usual)?;
    load.stop(CALLS)
}

const LONGER: &str = "apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: longer}
spec:
  mode: Enforce
  priority: 5
  match: {namespaces: [swapped]}
  rules:
    - name: longer
      onUnknown: Replace
      default: {pod: {spec: {terminationGracePeriodSeconds: 50}}}
";

/// Two replicas, one after the other taken away as a Deployment does it: the new one serves before the old one goes, and
/// for a while new connections go to one that was told to end.
pub fn a_rolling_restart_fails_no_call(scene: &Scene) -> Result<(), Failed> {
    const REPLICAS: usize = 2;
    scene.add()?;
    let load = Load::start(scene, "load", &[45])?;
    for _ in 0..REPLICAS {
        load.go_on(CALLS / REPLICAS / 2)?;
        scene.add()?;
        end_one(scene)?;
        load.go_on(CALLS / REPLICAS / 2)?;
    }
    load.stop(CALLS)?;
    equal("connections that were refused", scene.balancer.refused(), 0)?;
    // One is left for the other tests.
    end_one(scene)
}

/// Asks the oldest replica to go, and waits until it has.
fn end_one(scene: &Scene) -> Result<(), Failed> {
    let mut old = scene.take()?;
    old.terminate()?;
    let clean = scene.eventually("the end of a replica", || Ok(old.ended()?))?;
    scene.balancer.remove(old.address);
    equal(&format!("whether it ended well\n{}", old.log()), clean, true)
}

/// A crash: what cannot be judged is refused, and breaking the glass lets it pass.
pub fn without_podgate_objects_are_refused_until_the_glass_is_broken(scene: &Scene) -> Result<(), Failed> {
    let pod = objects::pod("x", objects::one("nginx:1.27")).to_string();
    let create = || scene.kubectl(&["create", "--dry-run=server", "-f", "-", "-o", "json"], &pod);
    equal("a create before", create()?.success, true)?;
    let mut podgate = scene.take()?;
    podgate.kill()?;
    let said = create()?;
    equal("a create without podgate", said.success, false)?;
    // The mutating webhook failed open, or it would be named here.
    holds("what it says", &said.stderr, "failed calling webhook \"validate.podgate.dev\"")?;
    let metrics = scene.cluster.must(&["get", "--raw", "/metrics"], "")?;
    holds(
        "the metrics",
        &metrics,
        "apiserver_admission_webhook_fail_open_count{name=\"mutate.podgate.dev\",type=\"admit\"} ",
    )?;

    // podgate comes back by itself.
    scene.balancer.remove(podgate.address);
    scene.add()?;
    scene.eventually("a create with podgate back", || Ok(create()?.success.then_some(())))?;
    let podgate = scene.take()?;
    scene.balancer.remove(podgate.address);
    drop(podgate);
    equal("a create without podgate", create()?.success, false)?;
    let command = installation::break_glass()?;
    scene.cluster.must(&command.iter().map(String::as_str).collect::<Vec<_>>(), "")?;
    let said = scene.eventually("a create with broken glass", || Ok(Some(create()?).filter(|said| said.success)))?;
    let object: serde_json::Value = serde_json::from_str(&said.stdout)?;
    equal("the grace", &object["spec"]["terminationGracePeriodSeconds"], &json!(30))
}

/// The line about the certificate, which holds its serial number.
fn certificate(admin: SocketAddr) -> Result<String, Failed> {
    let status = get(admin, "/readyz?verbose")?;
    Ok(status
        .lines()
        .find(|line| line.starts_with("certificate "))
        .ok_or("no certificate in /readyz?verbose")?
        .to_owned())
}
