//! `hostProbesAndHostLifecycle`: probes and lifecycle hooks ask the Pod itself. With a `host` they would send the
//! kubelet, which may reach more than the Pod, to any address.

use crate::document::{Path, Value};
use crate::policy::pod_security::pod::Container;
use crate::policy::pod_security::words::{containers, counted, plural_of, quoted, values};
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for container in pod.containers {
        for (key, probe) in container.probes {
            find_host(container, &[key], probe, offences);
        }
        for key in ["postStart", "preStop"] {
            let hook = container.lifecycle.field(key).unwrap_or_default();
            find_host(container, &["lifecycle", key], hook, offences);
        }
    }
}

fn find_host<'a>(container: &Container<'a>, keys: &[&'a str], handler: Value<'a>, offences: &mut Vec<Offence<'a>>) {
    for action in ["httpGet", "tcpSocket"] {
        let host = handler.field(action).and_then(|action| action.text(&["host"])).unwrap_or_default();
        if !host.is_empty() {
            offences.push(Offence::of_container(container, Path::of(keys).key(action).key("host"), host));
        }
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let mut names = containers(offences);
    names.sort_unstable();
    let hosts = values(offences);
    let by = counted("container", "containers", &names);
    let uses = plural_of("uses", "use", names.len());
    let what = plural_of("probe or lifecycle host", "probe or lifecycle hosts", hosts.len());
    ("probe or lifecycle host", format!("{by} {uses} {what} {}", quoted(hosts)))
}
