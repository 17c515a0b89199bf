//! Every error is an answer, never a skip.

use podgate::admit::Endpoint;
use serde_json::json;

use crate::objects::*;
use crate::reviews::{Review, Verdict, cluster, rule};

fn verdict(text: &str) -> Verdict {
    Review::create(text, decoded(&pod(json!({})))).verdict()
}

/// An expression that takes more steps than one may, and some elements to take them on.
const ENDLESS: &str = "params.l.all(a, params.l.all(b, params.l.all(c, a + b + c >= 0)))";

fn params() -> String {
    format!("params: {{l: [{}]}}", (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(", "))
}

#[test]
fn an_error_is_a_violation_by_the_mode_of_its_rule() {
    for (mode, allowed) in [("Enforce", false), ("Warn", true), ("Audit", true)] {
        for part in [
            "require: {pod: '1 / 0 == 1', message: wrong}",
            "when: '1 / 0 == 1', require: {pod: 'true', message: wrong}",
            "require: {container: \"container.resources.limits.cpu == '1'\", message: wrong}",
        ] {
            let text = cluster("p", &format!("mode: {mode}, rules: [{{name: r, {part}}}]"));
            let verdict = verdict(&text);
            assert_eq!(verdict.allowed, allowed, "{mode} {part}");
            assert!(verdict.violations.len() == 1 && verdict.violations[0].ends_with(mode), "{verdict:?}");
        }
    }
}

#[test]
fn on_error_allow_passes_over_it_in_the_open() {
    for part in
        ["require: {pod: '1 / 0 == 1', message: wrong}", "when: '1 / 0 == 1', require: {pod: 'true', message: wrong}"]
    {
        let review = Review::create(&rule(&format!("onError: Allow, {part}")), decoded(&pod(json!({}))));
        assert_eq!(review.verdict(), Verdict { allowed: true, violations: vec!["p/r=:Audit".to_owned()] });
        assert_eq!(review.warnings(Endpoint::Validate), [""; 0]);
    }
    // A violation is none of its business.
    assert!(!verdict(&rule("onError: Allow, require: {pod: 'false', message: wrong}")).allowed);
}

#[test]
fn a_condition_that_fails_counts_for_each_rule_unless_another_one_is_false() {
    for (conditions, allowed, count) in [
        ("[{name: a, expression: '1 / 0 == 1'}]", false, 2),
        ("[{name: a, expression: '1 / 0 == 1'}, {name: b, expression: 'true'}]", false, 2),
        ("[{name: a, expression: '1 / 0 == 1'}, {name: b, expression: 'false'}]", true, 0),
        ("[{name: a, expression: \"object.metadata.labels.x == 'y'\"}]", false, 2),
    ] {
        let text = cluster(
            "p",
            &format!(
                "mode: Enforce, match: {{conditions: {conditions}}}, rules: [\
            {{name: r, require: {{pod: 'true', message: wrong}}}}, \
            {{name: s, onError: Allow, require: {{container: 'true', message: wrong}}}}, \
            {{name: d, default: {{pod: {{metadata: {{labels: {{a: b}}}}}}}}}}]"
            ),
        );
        let review = Review::create(&text, decoded(&pod(json!({}))));
        let verdict = review.verdict();
        assert_eq!((verdict.allowed, verdict.violations.len()), (allowed, count), "{conditions}");
        // The mutating side edits nothing, and says so.
        assert_eq!(review.edits(), [""; 0]);
        let expected = if count == 0 { vec![] } else { vec!["p/d:error".to_owned()] };
        assert_eq!(review.withheld(), expected, "{conditions}");
        assert_eq!(review.warnings(Endpoint::Mutate).len(), expected.len(), "{conditions}");
    }
}

#[test]
fn an_error_in_an_edit_withholds_it_warns_once_and_leaves_the_others() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [\
        {name: bad, when: '1 / 0 == 1', default: {container: {imagePullPolicy: Never}}, onUnknown: Replace}, \
        {name: good, default: {pod: {metadata: {labels: {a: b}}}}}]",
    );
    let object = pod(json!({"containers": [container(json!({})), {"name": "b", "image": "x"}]}));
    let review = Review::create(&text, applied(&object));
    assert_eq!(review.edits(), [r#"/metadata/labels={"a":"b"}"#]);
    let warnings = review.warnings(Endpoint::Mutate);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].matches("made no edit by `bad`").count(), 1, "{warnings:?}");
}

#[test]
fn a_spent_budget_is_an_error_for_this_rule_and_for_those_after_it() {
    let one = cluster(
        "p",
        &format!(
            "mode: Enforce, {}, rules: [\
        {{name: r, require: {{pod: \"{ENDLESS}\", message: wrong}}}}, \
        {{name: s, require: {{pod: 'true', message: wrong}}}}]",
            params()
        ),
    );
    // What one expression may take is a tenth of what all may take together.
    assert_eq!(verdict(&one).violations, ["p/r=:Enforce"]);
    let rules: Vec<_> =
        (0..10).map(|n| format!("{{name: r{n}, require: {{pod: \"{ENDLESS}\", message: wrong}}}}")).collect();
    let all = cluster(
        "p",
        &format!(
            "mode: Enforce, {}, rules: [{}, {{name: s, require: {{pod: 'true', message: wrong}}}}]",
            params(),
            rules.join(", ")
        ),
    );
    let verdict = verdict(&all);
    assert_eq!(verdict.violations.len(), 11, "{verdict:?}");
    assert!(!verdict.allowed);
    // It does not become an old violation by being there in the old object, too.
    let (old, new) = (decoded(&pod(json!({}))), decoded(&with(pod(json!({})), "/metadata/labels", json!({"a": "b"}))));
    assert!(!Review::update(&one, old, new).is_allowed());
}

#[test]
fn a_rule_that_may_fail_is_passed_over_when_its_budget_is_spent_and_takes_no_other_with_it() {
    let endless = |n| format!("{{name: r{n}, onError: Allow, require: {{pod: \"{ENDLESS}\", message: wrong}}}}");
    let of = |count: usize, last: &str| {
        let rules: Vec<_> = (0..count).map(endless).chain([format!("{{name: s, require: {{{last}}}}}")]).collect();
        verdict(&cluster("p", &format!("mode: Enforce, {}, rules: [{}]", params(), rules.join(", "))))
    };
    // The budget of one expression is spent, and what all have together is not.
    let one = of(1, "pod: 'true', message: wrong");
    assert!(one.allowed, "{one:?}");
    assert_eq!(one.violations, ["p/r0=:Audit"]);
    let judged = of(1, "pod: 'false', message: wrong");
    assert_eq!((judged.allowed, judged.violations.len()), (false, 2), "{judged:?}");
    // Where all is spent, a rule that may not fail denies, whatever it would have said.
    let spent = of(10, "pod: 'true', message: wrong");
    assert!(!spent.allowed, "{spent:?}");
    assert_eq!(spent.violations.last().map(String::as_str), Some("p/s=:Enforce"));
}

#[test]
fn a_namespace_that_is_not_known_is_an_error_where_its_labels_are_asked_for() {
    let require = "rules: [{name: r, require: {pod: 'true', message: wrong}}, {name: d, default: {pod: {metadata: {labels: {a: b}}}}}]";
    for (spec, allowed, mode) in [
        (format!("mode: Enforce, {require}"), true, None),
        (
            format!("mode: Enforce, match: {{namespaceSelector: {{matchLabels: {{a: b}}}}}}, {require}"),
            false,
            Some("Enforce"),
        ),
        (
            format!(
                "mode: Enforce, match: {{namespaceSelector: {{matchExpressions: [{{key: a, operator: NotIn, values: [b]}}]}}}}, {require}"
            ),
            false,
            Some("Enforce"),
        ),
        (format!("mode: Warn, match: {{namespaceSelector: {{matchLabels: {{a: b}}}}}}, {require}"), true, Some("Warn")),
        // Which of its modes is the right one nobody knows.
        (
            format!("mode: Warn, modes: [{{namespaceSelector: {{matchLabels: {{a: b}}}}, mode: Enforce}}], {require}"),
            false,
            Some("Enforce"),
        ),
        (
            format!(
                "mode: Enforce, match: {{namespaces: [other], namespaceSelector: {{matchLabels: {{a: b}}}}}}, {require}"
            ),
            true,
            None,
        ),
    ] {
        let review = Review::create(&cluster("p", &spec), applied(&pod(json!({})))).in_unknown_namespace();
        let expected: Vec<_> = mode.map(|mode| format!("p/r=:{mode}")).into_iter().collect();
        assert_eq!(review.verdict(), Verdict { allowed, violations: expected }, "{spec}");
    }
    let text = rule("require: {pod: \"namespaceObject.metadata.labels.team == 'a'\", message: wrong}");
    assert!(!Review::create(&text, decoded(&pod(json!({})))).in_unknown_namespace().is_allowed());
}

#[test]
fn an_error_in_one_value_or_for_one_container_withholds_all_edits_of_its_rule() {
    let one_value = "default: {pod: {metadata: {labels: {a: b}, annotations: {c: {$expression: \"string(1 / 0)\"}}}}}";
    let one_container =
        "when: \"container.workingDir == '/'\", default: {container: {imagePullPolicy: Never}}, onUnknown: Replace";
    let object = pod(json!({"containers": [container(json!({"workingDir": "/"})), {"name": "b", "image": "x"}]}));
    for text in [one_value, one_container] {
        let review = Review::create(&rule(text), applied(&object));
        assert_eq!(review.edits(), [""; 0], "{text}");
        let withheld = review.withheld();
        assert_eq!(withheld.len(), 2, "{withheld:?}");
        assert!(withheld.iter().all(|entry| entry.ends_with(":error")), "{withheld:?}");
        let warnings = review.warnings(Endpoint::Mutate);
        assert!(warnings.len() == 1 && warnings[0].matches("made no edit").count() == 1, "{warnings:?}");
    }
    // What it did not set, the next rule may.
    let next = cluster(
        "p",
        &format!(
            "mode: Enforce, rules: [{{name: r, {one_value}}}, {{name: s, default: {{pod: {{metadata: {{labels: {{a: c}}}}}}}}}}]"
        ),
    );
    assert_eq!(Review::create(&next, applied(&object)).edits(), [r#"/metadata/labels={"a":"c"}"#]);
}

#[test]
fn a_failure_is_told_in_one_line_of_reasonable_length() {
    for (require, prefix) in [
        ("require: {container: \"image(container.image).registry() == 'a'\", message: wrong}", "the rule cannot be"),
        ("require: {container: 'false', messageExpression: 'image(container.image).tag()'}", "violated (its message"),
        (
            "when: \"image(container.image).tag() == 'a'\", require: {container: 'true', message: wrong}",
            "`when` cannot",
        ),
    ] {
        let image = format!("\u{1b}[2J\u{9b}{}", "q".repeat(300_000));
        let object = decoded(&pod(json!({"containers": [container(json!({"image": image}))]})));
        let response = Review::create(&rule(require), object).response(Endpoint::Validate);
        let message = response["status"]["message"].as_str().unwrap();
        assert!(message.contains(prefix) && message.len() < 2000, "{} {message:.200}", message.len());
        assert!(!message.contains(char::is_control), "{message}");
    }
}

#[test]
fn where_the_budget_is_spent_one_error_stands_for_all_containers_that_follow() {
    let containers: Vec<_> = (0..5000).map(|n| json!({"name": format!("c{n}"), "image": "x"})).collect();
    let object = || decoded(&pod(json!({"containers": containers})));
    let costly = rule("require: {container: 'containers.all(c, c.name != container.image)', message: wrong}");
    let review = Review::create(&costly, object());
    let is_error = review.dry_run(None, |run| run.violations.iter().map(|v| v.is_error).collect::<Vec<_>>());
    assert_eq!(is_error, [true]);
    assert!(!review.is_allowed());
    // Violations cost, too, so that many rules over many containers cannot fill the memory.
    let rules = (0..100).map(|n| format!("{{name: r{n}, require: {{container: 'false', message: wrong}}}}"));
    let text = cluster("p", &format!("mode: Enforce, rules: [{}]", rules.collect::<Vec<_>>().join(", ")));
    let review = Review::create(&text, object());
    let (all, errors) = review.dry_run(None, |run| {
        (run.violations.len(), run.violations.iter().filter(|violation| violation.is_error).count())
    });
    assert!(all < 50_000, "{all}");
    // Each rule still has its say.
    assert!((90..100).contains(&errors), "{errors}");
    assert!(!review.is_allowed());
}
