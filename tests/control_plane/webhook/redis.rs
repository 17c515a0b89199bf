//! The StatefulSet of the README: its author left nothing out.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::webhook::{Scene, audit, equal, holds, objects, policies};

const MISTAKES: [&str; 4] =
    ["names no version", "without `/opt/redis.conf`", "no update ever rolls out", "one volume for all replicas"];

pub fn test_redis_goes_through_untouched_with_its_four_warnings(scene: &Scene) -> Result<(), Failed> {
    scene.namespace("test")?;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/test-redis.yaml");
    let authored = policies::read(&path)?.remove(0);
    let said = scene.send(&["apply"], std::slice::from_ref(&authored))?;
    equal("the warnings", said.warnings().len(), 4).map_err(|_| Failed::from(said.stderr.clone()))?;
    for mistake in MISTAKES {
        equal(
            &format!("warnings of `{mistake}`"),
            said.warnings().iter().filter(|line| line.contains(mistake)).count(),
            1,
        )?;
    }
    let event = audit::creation(scene, "test", "statefulsets", "test-redis")?;
    equal("the patch", event.patch()?, json!([]))?;
    holds(
        "the audit annotation",
        event.annotation("validate.podgate.dev/violations").unwrap_or_default(),
        "updates-roll-out",
    )?;

    let stored = scene.stored("test", "statefulset/test-redis")?;
    let spec = objects::spec(&stored);
    equal("the grace", &spec["terminationGracePeriodSeconds"], &json!(10))?;
    let wanted = &objects::spec(&authored)["containers"][0];
    let container = &spec["containers"][0];
    for field in ["image", "imagePullPolicy", "command", "args", "ports", "volumeMounts"] {
        equal(field, &container[field], &wanted[field])?;
    }
    let resources: Value =
        json!({"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "2Gi"}});
    equal("the resources", &container["resources"], &resources)?;

    scene.pods("test", "test-redis", 1)?;
    equal("the patch of its Pod", audit::creation(scene, "test", "pods", "test-redis-0")?.patch()?, json!([]))
}
