//! Files, by the way in which they will be sent.

use super::*;

#[test]
fn a_file_is_exact_or_stands_for_a_manager_that_lists_everything() {
    let arena = Bump::new();
    let parse = |text: &str| json::parse(&arena, arena.alloc_str(text).as_bytes(), &Limits::FILE).unwrap();
    let file = parse(
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"terminationGracePeriodSeconds":30,
        "containers":[{"name":"web","image":"nginx","resources":{"limits":{"cpu":1}}},
        {"name":"side","image":"side:1","imagePullPolicy":"Always","resources":{"requests":{"cpu":"2"}}}]}}"#,
    );
    let object = parse(
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"terminationGracePeriodSeconds":30,
        "priority":0,"containers":[{"name":"web","image":"nginx","imagePullPolicy":"Always",
        "resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1","memory":"1Gi"}}},
        {"name":"side","image":"side:1","imagePullPolicy":"Always",
        "resources":{"limits":{"cpu":"2"},"requests":{"cpu":"2"}}}]}}"#,
    );
    let workload = Workload::of(Kind::Pod, object).unwrap();
    let side = Base::Container(List::Main, 1);
    let written = "authored, chosen";
    for (base, path, exact, listed) in [
        (Base::Pod, "spec.terminationGracePeriodSeconds", written, "unknown"),
        (Base::Pod, "spec.priority", "admission", "admission"),
        (WEB, "imagePullPolicy", "api-default", "unknown"),
        (side, "imagePullPolicy", written, written),
        (WEB, "resources.limits.cpu", written, written),
        (WEB, "resources.requests.cpu", "api-default", "unknown"),
        (WEB, "resources.limits.memory", "admission", "admission"),
        (WEB, "resources.requests.memory", "admission", "admission"),
        (side, "resources.limits.cpu", "admission", "admission"),
        (side, "resources.requests.cpu", written, written),
        (side, "resources.requests.memory", "nothing", "nothing"),
    ] {
        for way in Way::ALL {
            let intent = Intent::of_file(&arena, Authored { object: file, way }, workload, None, None);
            let expected = if matches!(way, Way::Apply | Way::ServerSide) { exact } else { listed };
            assert_eq!(answer(&intent, base, path), expected, "{} {path}", way.name());
        }
    }
    // Applied on the server's side, a `null` is owned by whoever wrote it.
    let null = parse(r#"{"spec":{"terminationGracePeriodSeconds":null,"containers":[{"name":"web"}]}}"#);
    for (way, expected) in [(Way::Apply, "api-default"), (Way::ServerSide, written), (Way::Create, "unknown")] {
        let intent = Intent::of_file(&arena, Authored { object: null, way }, workload, None, None);
        assert_eq!(answer(&intent, Base::Pod, "spec.terminationGracePeriodSeconds"), expected, "{}", way.name());
    }
    let authored = Authored { object: file, way: Way::Apply };
    let intent = Intent::of_file(&arena, authored, workload, None, Some(Kind::ReplicaSet));
    assert_eq!(answer(&intent, WEB, "imagePullPolicy"), "template");
}

#[test]
fn ways_have_the_words_of_the_command_line() {
    let words = ["apply", "server-side", "create", "replace", "helm3"];
    for (way, word) in Way::ALL.into_iter().zip(words) {
        assert_eq!(way.name(), word);
        assert_eq!(Way::parse(word), Some(way));
    }
    assert_eq!(Way::parse("Apply"), None);
    assert_eq!(Way::default(), Way::Apply);
}
