//! Updates, each with whether it rolls and why.

use super::*;
use crate::document::{Limits, json};

const TEMPLATE: &str = r#"{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"a","image":"x:1"}]}}"#;

fn ask(kind: Kind, around: &str, received: &str, new: &str) -> Option<String> {
    let arena = Bump::new();
    let object = |template: &str| {
        let (api_version, name) = (kind.api_version(), kind.name());
        let template = match kind {
            Kind::CronJob => format!(r#""jobTemplate":{{"spec":{{"template":{template}}}}}"#),
            _ => format!(r#""template":{template}"#),
        };
        let text = format!(r#"{{"apiVersion":"{api_version}","kind":"{name}","spec":{{{around}{template}}}}}"#);
        let object = json::parse(&arena, arena.alloc_str(&text).as_bytes(), &Limits::default()).unwrap();
        Workload::of(kind, object).unwrap()
    };
    let rollout = of(&arena, object(TEMPLATE), object(received), object(new))?;
    Some(format!("{}: {rollout}", if rollout.rolls { "yes" } else { "no" }))
}

#[test]
fn a_template_that_changes_rolls_unless_something_holds_it_back() {
    let changed = TEMPLATE.replace("x:1", "x:2");
    let image = "in `spec.template.spec.containers[0].image`";
    for (kind, around, expected) in [
        (Kind::Deployment, "", format!("yes: the template changes {image}")),
        (
            Kind::Deployment,
            r#""paused":true,"#,
            format!("no: the Deployment is paused, although the template changes {image}"),
        ),
        (Kind::StatefulSet, "", format!("yes: the template changes {image}")),
        (
            Kind::StatefulSet,
            r#""updateStrategy":{"type":"OnDelete"},"#,
            format!("no: `OnDelete` replaces a Pod only when it is deleted, although the template changes {image}"),
        ),
        (
            Kind::StatefulSet,
            r#""replicas":2,"updateStrategy":{"rollingUpdate":{"partition":2}},"#,
            format!("no: the partition of 2 keeps every Pod as it is, although the template changes {image}"),
        ),
        (
            Kind::StatefulSet,
            r#""replicas":2,"ordinals":{"start":1},"updateStrategy":{"rollingUpdate":{"partition":2}},"#,
            format!("yes: the template changes {image}"),
        ),
        (Kind::DaemonSet, "", format!("yes: the template changes {image}")),
        (
            Kind::DaemonSet,
            r#""updateStrategy":{"type":"OnDelete"},"#,
            format!("no: `OnDelete` replaces a Pod only when it is deleted, although the template changes {image}"),
        ),
        (
            Kind::ReplicaSet,
            "",
            format!("no: a ReplicaSet replaces no Pods of its own accord, although the template changes {image}"),
        ),
        (
            Kind::CronJob,
            "",
            "no: only Jobs that are made from now on follow the template, which changes in \
             `spec.jobTemplate.spec.template.spec.containers[0].image`"
                .to_owned(),
        ),
    ] {
        assert_eq!(ask(kind, around, &changed, &changed), Some(expected), "{kind} {around}");
    }
    assert_eq!(ask(Kind::Job, "", &changed, &changed), None);
}

#[test]
fn whoever_changes_the_template_is_named() {
    let graced = TEMPLATE.replace(r#""spec":{"#, r#""spec":{"terminationGracePeriodSeconds":45,"#);
    for (received, new, expected) in [
        (TEMPLATE, TEMPLATE, "no: the template stays as it is"),
        (&graced, TEMPLATE, "no: podgate puts back what the request leaves out, and the template stays as it is"),
        (
            TEMPLATE,
            &graced,
            "yes: podgate changes the template, which the request leaves alone in \
             `spec.template.spec.terminationGracePeriodSeconds`",
        ),
    ] {
        assert_eq!(ask(Kind::Deployment, "", received, new).as_deref(), Some(expected));
    }
}

#[test]
fn what_a_controller_does_not_see_is_no_change() {
    for same in [
        TEMPLATE.replace(r#""image""#, r#""env":[],"command":null,"image""#),
        TEMPLATE.replace(r#""spec":{"#, r#""spec":{"nodeSelector":{},"affinity":null,"#),
        TEMPLATE.replace(r#"{"name":"a","image":"x:1"}"#, r#"{"image":"x:1","name":"a"}"#),
    ] {
        assert_eq!(
            ask(Kind::Deployment, "", &same, &same).as_deref(),
            Some("no: the template stays as it is"),
            "{same}"
        );
    }
    let many = TEMPLATE.replace(
        r#""spec":{"#,
        r#""spec":{"hostPID":true,"hostIPC":true,"nodeName":"n","tolerations":[{}],"dnsPolicy":"Default","#,
    );
    let fields = "`spec.template.spec.hostPID`, `spec.template.spec.hostIPC`, `spec.template.spec.nodeName`";
    let expected = format!("yes: the template changes in {fields} and 2 more");
    assert_eq!(ask(Kind::Deployment, "", &many, &many), Some(expected));
    let gone = r#"{"spec":{"containers":[{"name":"a","image":"x:1"},{"name":"b"}]}}"#;
    let expected = "yes: the template changes in `spec.template.spec.containers`, `spec.template.metadata`";
    assert_eq!(ask(Kind::Deployment, "", gone, gone).as_deref(), Some(expected));
}
