//! The pack for registries: an allow-list, a mirror, and digests.

use serde_json::Value;

use crate::program::Check;

const DIGEST: &str = "sha256:9c4bbf8a1fb0f4bba6e9e3e9f5b8d8d7b7e0f9d0c5f3b7a6e5d4c3b2a1f0e9d8";

fn answer(images: &[&str], code: i32) -> Value {
    let containers: Vec<_> =
        images.iter().enumerate().map(|(n, image)| format!("{{name: c{n}, image: \"{image}\"}}")).collect();
    let pod = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{containers: [{}]}}}}",
        containers.join(", ")
    );
    let answer = Check::new().file("a.yaml", &pod).args(["-p", "builtin:images", "-o", "json", "a.yaml"]).json(code);
    answer["objects"][0].clone()
}

fn violated(object: &Value) -> Vec<String> {
    let violations = object["violations"].as_array().unwrap().iter();
    let shown = |violation: &Value| {
        let container = violation["container"].as_str().unwrap();
        format!("{container} {}", violation["rule"].as_str().unwrap())
    };
    violations.map(shown).collect()
}

#[test]
fn images_from_allowed_registries_pass_and_others_are_denied() {
    let pinned = |name: &str| format!("{name}@{DIGEST}");
    for (image, is_allowed) in [
        ("redis", true),
        ("library/redis", true),
        ("index.docker.io/library/redis", true),
        ("registry.example.com/team/app", true),
        ("registry.k8s.io/pause", true),
        ("bitnami/redis", false),
        ("quay.io/a/b", false),
        ("registry.example.com.evil.com/app", false),
        ("docker.io/libraryx/redis", false),
        ("registry.k8s.io:5000/pause", false),
    ] {
        let object = answer(&[&pinned(image)], i32::from(!is_allowed));
        let expected: &[&str] = if is_allowed { &[] } else { &["c0 allowed-registries"] };
        assert_eq!(violated(&object), expected, "{image}");
    }
    let object = answer(&["Not An Image"], 1);
    assert!(violated(&object).contains(&"c0 allowed-registries".to_owned()), "{object}");
}

#[test]
fn official_images_come_from_the_mirror_with_tag_and_digest() {
    let written = format!("redis:7@{DIGEST}");
    let object = answer(&[&written, "registry.example.com/app:1"], 0);
    assert_eq!(object["patch"].as_array().unwrap().len(), 1);
    let expected = format!("registry.example.com/mirror/library/redis:7@{DIGEST}");
    assert_eq!(object["patch"][0]["value"], expected);
    assert_eq!(violated(&object), ["c1 digests"]);
}
