//! `rewriteImages`: another registry and repository, the same tag and digest, and nothing twice.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, exception, rule};

const MIRROR: &str =
    "rewriteImages: [{from: docker.io, to: mirror.io/hub}, {from: docker.io/library, to: mirror.io/official}]";

fn image(image: &str) -> Value {
    pod(json!({"containers": [{"name": "a", "image": image}]}))
}

#[test]
fn the_longest_beginning_wins_and_tag_digest_and_pull_policy_stay() {
    let digest = format!("sha256:{}", "a0".repeat(32));
    for (written, expected) in [
        ("redis", Some("mirror.io/official/redis")),
        ("redis:7", Some("mirror.io/official/redis:7")),
        (&*format!("bitnami/redis:7@{digest}"), Some(&*format!("mirror.io/hub/bitnami/redis:7@{digest}"))),
        ("index.docker.io/library/redis", Some("mirror.io/official/redis")),
        ("quay.io/a/b", None),
        ("docker.io.evil.com/x", None),
        ("{{ .image }}", None),
    ] {
        let review = Review::create(&rule(MIRROR), applied(&image(written)));
        let edits: Vec<_> = expected.iter().map(|image| format!("/spec/containers/0/image={}", json!(image))).collect();
        assert_eq!(review.edits(), edits, "{written}");
        let edited = review.edited();
        // What the API server filled in for the original image stays.
        assert_eq!(
            edited["spec"]["containers"][0]["imagePullPolicy"],
            decoded(&image(written))["spec"]["containers"][0]["imagePullPolicy"]
        );
        assert_eq!(Review::create(&rule(MIRROR), edited).edits(), [""; 0], "{written}");
    }
}

#[test]
fn containers_of_every_role_and_volumes_get_it_unless_the_rule_selects() {
    let spec = json!({
        "initContainers": [{"name": "i", "image": "a:1"}, {"name": "s", "image": "b:1", "restartPolicy": "Always"}],
        "volumes": [{"name": "e", "emptyDir": {}}, {"name": "v", "image": {"reference": "c:1"}}],
    });
    let review = Review::create(&rule(MIRROR), applied(&pod(spec.clone())));
    assert_eq!(
        review.edits(),
        [
            r#"/spec/volumes/1/image/reference="mirror.io/official/c:1""#,
            r#"/spec/initContainers/0/image="mirror.io/official/a:1""#,
            r#"/spec/initContainers/1/image="mirror.io/official/b:1""#,
            r#"/spec/containers/0/image="mirror.io/official/nginx:1""#,
        ]
    );
    let some = rule(&format!("{MIRROR}, containers: {{roles: [sidecar]}}"));
    let review = Review::create(&some, applied(&pod(spec)));
    assert_eq!(review.edits(), [r#"/spec/initContainers/1/image="mirror.io/official/b:1""#]);
    let when = rule(&format!("{MIRROR}, when: \"container.name != 'a'\""));
    assert_eq!(Review::create(&when, applied(&pod(json!({})))).edits(), [""; 0]);
}

#[test]
fn images_go_into_pods_unless_the_rule_says_templates() {
    let object = || applied(&deployment(json!({})));
    assert_eq!(Review::create(&rule(MIRROR), object()).edits(), [""; 0]);
    let both = rule(&format!("{MIRROR}, injectInto: [Templates]"));
    let expected = [r#"/spec/template/spec/containers/0/image="mirror.io/official/nginx:1""#];
    assert_eq!(Review::create(&both, object()).edits(), expected);
}

#[test]
fn of_a_pod_that_exists_only_images_that_change_are_rewritten() {
    let stored = applied(&image("mirror.io/official/redis:7"));
    let text = rule(MIRROR)
        + &cluster("q", "mode: Enforce, rules: [{name: l, override: {pod: {metadata: {labels: {a: b}}}}}]");
    for (new, expected) in [
        ("redis:8", vec![r#"/spec/containers/0/image="mirror.io/official/redis:8""#]),
        ("redis:7", vec![r#"/spec/containers/0/image="mirror.io/official/redis:7""#]),
        ("mirror.io/official/redis:7", vec![]),
    ] {
        assert_eq!(Review::update(&text, stored.clone(), applied(&image(new))).edits(), expected, "{new}");
    }
    // One that was there before the policy is left alone: changing it would restart the container.
    let before = applied(&image("redis:7"));
    let labelled = with(before.clone(), "/metadata/labels", json!({"x": "z"}));
    assert_eq!(Review::update(&text, before, labelled).edits(), [""; 0]);
}

#[test]
fn new_ephemeral_containers_are_rewritten() {
    let old = applied(&image("redis:7"));
    let debug = json!([{"name": "d", "image": "busybox"}]);
    let new = with(old.clone(), "/spec/ephemeralContainers", debug);
    let review = Review::update(&rule(MIRROR), old, new.clone()).through("ephemeralcontainers");
    assert_eq!(review.edits(), [r#"/spec/ephemeralContainers/0/image="mirror.io/official/busybox""#]);
    let again = Review::update(&rule(MIRROR), new.clone(), new).through("ephemeralcontainers");
    assert_eq!(again.edits(), [""; 0]);
}

#[test]
fn a_result_that_another_policy_would_rewrite_again_is_not_made() {
    let policies = cluster("a", "mode: Enforce, rules: [{name: m, rewriteImages: [{from: docker.io, to: one.io}]}]")
        + &cluster("b", "mode: Enforce, rules: [{name: m, rewriteImages: [{from: one.io, to: two.io}]}]");
    let review = Review::create(&policies, applied(&image("redis:7")));
    assert_eq!(review.edits(), [""; 0]);
    assert_eq!(review.withheld(), ["a/m=spec.containers[0].image:invalid"]);
    let review = Review::create(&policies, applied(&image("one.io/redis:7")));
    assert_eq!(review.edits(), [r#"/spec/containers/0/image="two.io/redis:7""#]);
}

#[test]
fn what_a_rule_says_of_an_image_holds_for_the_one_that_it_becomes() {
    let of_mirror = "{name: own, containers: {images: ['mirror.io/*']}, override: {container: {securityContext: {privileged: false}}}}";
    let text = cluster("p", &format!("mode: Enforce, rules: [{of_mirror}, {{name: mirror, {MIRROR}}}]"));
    let object = pod_with(json!({"image": "redis:7", "securityContext": {"privileged": true}}));
    let review = Review::create(&text, applied(&object));
    let expected = [
        "/spec/containers/0/image=\"mirror.io/official/redis:7\"",
        "/spec/containers/0/securityContext/privileged=false",
    ];
    let mut edits = review.edits();
    edits.sort();
    assert_eq!(edits, expected);
    let again = Review::create(&text, review.edited());
    assert_eq!((again.edits(), again.is_allowed()), (vec![], true));
}

#[test]
fn an_exception_for_an_image_ends_where_the_image_becomes_another_one() {
    let own = "{name: own, override: {container: {workingDir: /w}}}";
    let exception = exception(
        "e",
        "shop",
        "expires: never, policies: [{policy: p, rules: [own]}], containers: [{name: a, image: 'docker.io/library/redis:*'}]",
    );
    let rules = |more: &str| cluster("p", &format!("mode: Enforce, rules: [{own}{more}]")) + &exception;
    let object = || applied(&image("redis:7"));
    assert_eq!(Review::create(&rules(""), object()).edits(), [""; 0]);
    // Both webhooks judge the image that will run: else the second one would ask for what the first one left out.
    let text = rules(&format!(", {{name: mirror, {MIRROR}}}"));
    let review = Review::create(&text, object());
    assert_eq!(review.edits().len(), 2);
    assert!(Review::create(&text, review.edited()).is_allowed());
}

#[test]
fn every_spelling_of_a_registry_is_rewritten_selected_and_excepted_alike() {
    let mirror = rule("rewriteImages: [{from: quay.io, to: mirror.io/quay}]");
    let denied = rule("containers: {images: ['quay.io/*']}, require: {container: 'false', message: m}");
    let by_expression = rule("require: {container: \"image(container.image).registry() != 'quay.io'\", message: m}");
    let named = "expires: never, policies: [{policy: p}], containers: [{name: a, image: 'quay.io/*'}]";
    let excepted = denied.clone() + &exception("e", "shop", named);
    for (written, is_quay) in [
        ("quay.io/x/y:1", true),
        ("QUAY.io/x/y:1", true),
        ("quay.io:443/x/y:1", true),
        ("Quay.IO:0443/x/y:1", true),
        ("quay.io:8443/x/y:1", false),
        ("quay.io.evil.com/x/y:1", false),
    ] {
        let object = || applied(&image(written));
        let edits = if is_quay { vec![r#"/spec/containers/0/image="mirror.io/quay/x/y:1""#] } else { vec![] };
        assert_eq!(Review::create(&mirror, object()).edits(), edits, "{written}");
        // An edit that did not happen is due, however the image is spelled.
        assert_eq!(Review::create(&mirror, object()).is_allowed(), !is_quay, "{written}");
        assert_eq!(Review::create(&denied, object()).is_allowed(), !is_quay, "{written}");
        assert_eq!(Review::create(&by_expression, object()).is_allowed(), !is_quay, "{written}");
        assert!(Review::create(&excepted, object()).is_allowed(), "{written}");
    }
    // What is sent on says what its author and that of the policy wrote.
    let to = rule("rewriteImages: [{from: 'QUAY.io:443', to: 'Mirror.io:443/quay'}]");
    let review = Review::create(&to, applied(&image("quay.io/x/y:1")));
    assert_eq!(review.edits(), [r#"/spec/containers/0/image="Mirror.io:443/quay/x/y:1""#]);
    assert_eq!(Review::create(&to, review.edited()).edits(), [""; 0]);
}
