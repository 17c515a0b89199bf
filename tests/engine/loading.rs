//! What it costs to load thousands of policies and exceptions: each is looked at once, and not once for each other.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use podgate::policy::collision::collisions;
use podgate::policy::file::{self, Loaded};
use podgate::policy::set::PolicySet;

use crate::reviews::{cluster, exception, namespaced, rule};

/// Slow machines and debug builds included.
const SOON: Duration = Duration::from_secs(20);

fn load(text: &str) -> Loaded {
    file::load(&Arc::from("policies.yaml"), text)
}

#[test]
fn a_file_of_nothing_but_mistakes_is_read_soon() {
    let text = "---\n{kind: X}\n".repeat(100_000);
    let start = Instant::now();
    assert_eq!(load(&text).refused.len(), 100_000);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

#[test]
fn thousands_of_limits_beside_their_requests_are_read_soon() {
    let mut amounts = String::new();
    for n in 0..12_000 {
        let _ = write!(amounts, "a.io/r{n}: 1, ");
    }
    let resources = format!("{{limits: {{{amounts}}}, requests: {{{amounts}}}}}");
    let text = rule(&format!("override: {{container: {{resources: {resources}}}}}"));
    let start = Instant::now();
    assert_eq!(load(&text).policies.len(), 1);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

#[test]
fn policies_of_thousands_of_namespaces_are_compared_soon() {
    let pull = |name: &str, value: &str| {
        format!(
            "{{name: {name}, containers: {{names: [{name}]}}, default: {{container: {{imagePullPolicy: {value}}}}}}}"
        )
    };
    let rules: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| pull(name, "Always")).collect();
    let spec = format!("mode: Enforce, rules: [{}]", rules.join(", "));
    let mut text: String = (0..8_000).map(|n| namespaced("p", &format!("n{n}"), &spec)).collect();
    // One that does collide, in the last of the namespaces.
    text += &namespaced("q", "n7999", &format!("mode: Enforce, rules: [{}]", pull("a", "Never")));
    let policies: Vec<_> = load(&text).policies.into_iter().map(Arc::new).collect();
    let start = Instant::now();
    let found = collisions(&policies);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.starts_with("`PodPolicy/n7999/p/a` sets"), "{}", found[0]);
}

#[test]
fn thousands_of_exceptions_from_thousands_of_rules_are_indexed_soon() {
    let rules: String = (0..100).map(|n| format!("{{name: r{n}, require: {{pod: 'true', message: m}}}}, ")).collect();
    let mut text: String =
        (0..400).map(|n| cluster(&format!("p{n}"), &format!("mode: Audit, rules: [{rules}]"))).collect();
    for n in 0..2_000 {
        let from: String = (0..64).map(|m| format!("{{policy: p{}, rules: [r1]}}, ", (n + m) % 400)).collect();
        text += &exception(&format!("e{n}"), "shop", &format!("expires: never, policies: [{from}]"));
    }
    let Loaded { policies, exceptions, .. } = load(&text);
    let (policies, exceptions) = (policies.into_iter().map(Arc::new), exceptions.into_iter().map(Arc::new));
    let start = Instant::now();
    let set = PolicySet::with_exceptions(policies, exceptions);
    assert!(start.elapsed() < SOON / 8, "{:?}", start.elapsed());
    let of = |rule: usize| set.exceptions_from(&set.policies()[0].rules[rule]).len();
    assert_eq!((of(0), of(1)), (0, 320));
}
