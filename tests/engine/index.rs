//! The index over a policy set finds every policy that applies: compared with asking each policy by itself.

use serde_json::{Map, Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster};

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn some<T: Clone>(&mut self, of: &[T], most: usize) -> Vec<T> {
        let count = 1 + self.below(most);
        let mut some = Vec::new();
        while some.len() < count {
            some.push(self.one(of));
        }
        some
    }

    fn labels(&mut self) -> Value {
        let mut labels = Map::new();
        for _ in 0..self.below(3) {
            let value = self.one(&[json!("x"), json!("y"), json!("")]);
            labels.insert(self.one(&["a", "b"]).to_owned(), value);
        }
        Value::Object(labels)
    }
}

/// What a policy asks for, in a form of its own to compare with.
#[derive(Clone, Debug, Default)]
struct Asks {
    namespaces: Vec<&'static str>,
    excluded: Vec<&'static str>,
    of_namespace: Vec<(&'static str, &'static str, &'static str)>,
    of_pod: Vec<(&'static str, &'static str, &'static str)>,
    kinds: Vec<&'static str>,
}

const GLOBS: [&str; 9] = ["shop", "s*", "sh?p", "*op", "other", "*", "shop-*", "?*", "sho?*"];

impl Asks {
    fn random(numbers: &mut Numbers) -> Self {
        let mut asks = Asks::default();
        let requirement = |numbers: &mut Numbers| {
            let operator = numbers.one(&["In", "In", "NotIn", "Exists", "DoesNotExist"]);
            (numbers.one(&["a", "b"]), operator, numbers.one(&["x", "y", ""]))
        };
        if numbers.below(2) == 0 {
            asks.namespaces = numbers.some(&GLOBS, 3);
        }
        if numbers.below(4) == 0 {
            asks.excluded = numbers.some(&["other", "sho", "shop?", "shop"], 2);
        }
        if numbers.below(3) == 0 {
            asks.of_namespace = (0..=numbers.below(2)).map(|_| requirement(numbers)).collect();
        }
        if numbers.below(3) == 0 {
            asks.of_pod = (0..=numbers.below(2)).map(|_| requirement(numbers)).collect();
        }
        if numbers.below(3) == 0 {
            asks.kinds = vec![numbers.one(&["Pod", "Deployment.apps"])];
        }
        asks
    }

    fn written(&self, name: &str) -> String {
        let mut matching = Map::new();
        let selector = |all: &[(&str, &str, &str)]| {
            let all = all.iter().map(|(key, operator, value)| match *operator {
                "In" | "NotIn" => json!({"key": key, "operator": operator, "values": [value]}),
                _ => json!({"key": key, "operator": operator}),
            });
            json!({"matchExpressions": all.collect::<Vec<_>>()})
        };
        for (key, list) in
            [("namespaces", &self.namespaces), ("excludeNamespaces", &self.excluded), ("kinds", &self.kinds)]
        {
            if !list.is_empty() {
                matching.insert(key.to_owned(), json!(list));
            }
        }
        for (key, list) in [("namespaceSelector", &self.of_namespace), ("podSelector", &self.of_pod)] {
            if !list.is_empty() {
                matching.insert(key.to_owned(), selector(list));
            }
        }
        let matching = Value::Object(matching);
        cluster(
            name,
            &format!(
                "mode: Enforce, match: {matching}, rules: [{{name: r, require: {{object: 'false', message: wrong}}}}]"
            ),
        )
    }

    fn covers(&self, kind: &str, namespace_labels: &Value, pod_labels: &[&Value]) -> bool {
        let glob =
            |list: &[&str]| list.iter().any(|glob| ["shop", "s*", "sh?p", "*op", "*", "?*", "sho?*"].contains(glob));
        let holds = |labels: &Value, (key, operator, value): &(&str, &str, &str)| match *operator {
            "In" => labels.get(key) == Some(&json!(value)),
            "NotIn" => labels.get(key) != Some(&json!(value)),
            "Exists" => labels.get(key).is_some(),
            _ => labels.get(key).is_none(),
        };
        (self.namespaces.is_empty() || glob(&self.namespaces))
            && !glob(&self.excluded)
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
            && self.of_namespace.iter().all(|asked| holds(namespace_labels, asked))
            && pod_labels.iter().any(|labels| self.of_pod.iter().all(|asked| holds(labels, asked)))
    }
}

#[test]
fn every_policy_that_applies_is_found() {
    let mut numbers = Numbers(7);
    for _ in 0..40 {
        let all: Vec<_> = (0..60).map(|_| Asks::random(&mut numbers)).collect();
        let text: String = all.iter().enumerate().map(|(n, asks)| asks.written(&format!("p{n:02}"))).collect();
        for _ in 0..4 {
            let [namespace, new, old] = [(); 3].map(|()| numbers.labels());
            let is_pod = numbers.below(2) == 0;
            let make = |labels: &Value, image: &str| {
                let pod = json!({"containers": [{"name": "a", "image": image}]});
                if is_pod {
                    decoded(&with(crate::objects::pod(pod), "/metadata/labels", labels.clone()))
                } else {
                    decoded(&with(deployment(pod), "/spec/template/metadata/labels", labels.clone()))
                }
            };
            let (review, labels) = if numbers.below(2) == 0 {
                (Review::create(&text, make(&new, "x")), vec![&new])
            } else {
                (Review::update(&text, make(&old, "x"), make(&new, "y")), vec![&new, &old])
            };
            let kind = if is_pod { "Pod" } else { "Deployment.apps" };
            let found = review.in_namespace(namespace.clone()).violations();
            let expected: Vec<_> = all
                .iter()
                .enumerate()
                .filter(|(_, asks)| asks.covers(kind, &namespace, &labels))
                .map(|(n, _)| format!("p{n:02}/r"))
                .collect();
            let found: Vec<_> = found.iter().map(|line| line.split('=').next().unwrap().to_owned()).collect();
            assert_eq!(found, expected, "{kind} {namespace} {labels:?}");
        }
    }
}
