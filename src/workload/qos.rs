//! The class that the kubelet gives a Pod by its requests and limits.
//!
//! Source: `pkg/apis/core/v1/helper/qos` of Kubernetes. Only cpu and memory count, and a limit without a request is its
//! request, as the API server will write it.

use std::collections::BTreeMap;
use std::fmt;

use crate::document::Value;
use crate::quantity::Quantity;
use crate::workload::{List, Workload};

/// Who has to go first when a node runs out of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QosClass {
    /// Every container has limits, and its requests equal them.
    Guaranteed,
    /// Something is requested or limited.
    Burstable,
    /// Nothing is.
    BestEffort,
}

/// What is added up over the containers.
#[derive(Default)]
struct Sum<'a> {
    requests: BTreeMap<&'a str, Quantity>,
    limits: BTreeMap<&'a str, Quantity>,
    /// Whether a container lacks the limit of cpu or of memory.
    is_open: bool,
}

impl QosClass {
    /// The word for it in the status of a Pod.
    pub const fn name(self) -> &'static str {
        match self {
            QosClass::Guaranteed => "Guaranteed",
            QosClass::Burstable => "Burstable",
            QosClass::BestEffort => "BestEffort",
        }
    }
}

impl fmt::Display for QosClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Workload<'_> {
    /// The class of the Pod, or of the Pods that a template becomes.
    pub fn qos_class(&self) -> QosClass {
        let mut sum = Sum::default();
        let of_pod = self.spec.field("resources").unwrap_or_default();
        if amounts(of_pod, "limits").chain(amounts(of_pod, "requests")).next().is_some() {
            sum.add(of_pod);
        } else {
            for container in self.containers().filter(|container| container.list != List::Ephemeral) {
                sum.add(container.value.field("resources").unwrap_or_default());
            }
        }
        let Sum { requests, limits, is_open } = sum;
        if requests.is_empty() && limits.is_empty() {
            return QosClass::BestEffort;
        }
        if !is_open && requests == limits { QosClass::Guaranteed } else { QosClass::Burstable }
    }
}

impl<'a> Sum<'a> {
    fn add(&mut self, resources: Value<'a>) {
        let mut found = 0;
        for (name, limit) in amounts(resources, "limits") {
            found += 1;
            plus(&mut self.limits, name, limit);
            let is_asked = |request: &Value<'a>| request.field(name).is_some();
            if !resources.field("requests").as_ref().is_some_and(is_asked) {
                plus(&mut self.requests, name, limit);
            }
        }
        self.is_open |= found < 2;
        for (name, request) in amounts(resources, "requests") {
            plus(&mut self.requests, name, request);
        }
    }
}

fn plus<'a>(sum: &mut BTreeMap<&'a str, Quantity>, name: &'a str, more: Quantity) {
    let so_far = sum.entry(name).or_insert(Quantity::ZERO);
    // An amount that does not fit is one that no node has.
    *so_far = so_far.checked_add(more).unwrap_or(*so_far);
}

/// What counts of a list of amounts.
fn amounts<'a>(resources: Value<'a>, list: &str) -> impl Iterator<Item = (&'a str, Quantity)> {
    let members = resources.field(list).unwrap_or_default().members().iter();
    members
        .filter(|member| matches!(member.key, "cpu" | "memory"))
        .filter_map(|member| Some((member.key, Quantity::of(member.value).ok()?)))
        .filter(|(_, amount)| amount.sign() > 0)
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use serde_json::json;

    use super::*;
    use crate::workload::Kind;

    #[test]
    fn the_class_follows_from_cpu_and_memory_of_all_containers() {
        let both = json!({"cpu": "1", "memory": "1Gi"});
        let table = [
            (json!([{}]), "BestEffort"),
            (json!([{"resources": {"limits": {"nvidia.com/gpu": 1}}}]), "BestEffort"),
            (json!([{"resources": {"requests": {"cpu": "0"}}}]), "BestEffort"),
            (json!([{"resources": {"requests": {"cpu": "1m"}}}]), "Burstable"),
            (json!([{"resources": {"limits": {"cpu": "1"}}}]), "Burstable"),
            (json!([{"resources": {"limits": both}}]), "Guaranteed"),
            (json!([{"resources": {"limits": both, "requests": {"cpu": 1.0, "memory": "1024Mi"}}}]), "Guaranteed"),
            (json!([{"resources": {"limits": both, "requests": {"cpu": "500m"}}}]), "Burstable"),
            (json!([{"resources": {"limits": both}}, {}]), "Burstable"),
            (json!([{"resources": {"limits": both}}, {"resources": {"limits": both}}]), "Guaranteed"),
        ];
        for (containers, expected) in table {
            let object = json!({"spec": {"containers": containers}});
            let arena = Bump::new();
            let pod = Workload::of(Kind::Pod, Value::from_json(&arena, &object)).unwrap();
            assert_eq!(pod.qos_class().name(), expected, "{object}");
        }
        let object = json!({"spec": {"containers": [{}], "resources": {"limits": both}}});
        let arena = Bump::new();
        assert_eq!(
            Workload::of(Kind::Pod, Value::from_json(&arena, &object)).unwrap().qos_class(),
            QosClass::Guaranteed
        );
    }
}
