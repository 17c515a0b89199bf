//! Namespaces that podgate leaves alone.

use crate::program::Check;

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: proxy, namespace: kube-system}
spec:
  hostNetwork: true
  containers: [{name: proxy, image: registry.example.com/proxy:1}]
";

#[test]
fn an_object_of_an_excluded_namespace_is_allowed_and_it_is_said_why() {
    Check::new()
        .file("pod.yaml", POD)
        .args(["-p", "builtin:baseline", "pod.yaml"])
        .stdout(
            "\
Pod kube-system/proxy: allowed, no policy applies

assumed: nobody asks podgate about the excluded namespace `kube-system`

1 object: 1 allowed, 0 denied, 0 changed, 0 warnings    (builtin:baseline, Kubernetes 1.37)
",
        )
        .code(0);
}

#[test]
fn the_list_can_be_another_one_or_none() {
    let check = |list: &str| Check::new().file("pod.yaml", POD).args(["-p", "builtin:baseline", "pod.yaml", list]);
    check("--exclude-namespaces=").stdout_has("Pod kube-system/proxy: denied").code(1);
    check("--exclude-namespaces=shop,lab-*").stdout_has("Pod kube-system/proxy: denied").code(1);
    check("--exclude-namespaces=shop,kube-*").stdout_has("Pod kube-system/proxy: allowed").code(0);
}
